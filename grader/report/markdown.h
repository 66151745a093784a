/*
 * markdown.h: one Result as Markdown: feedback for one student, and the summary of a CI job.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"

/* What GitHub takes of a job's summary, and enough for anybody. */
#define REPORT_MARKDOWN_LIMIT (1 << 20)

/*
 * A heading, a table of the points, then what is wrong, item by item, and what to do next. `show` is
 * what of the tests may be seen, DISCLOSE_ALL for public ones. Never longer than the limit.
 */
char *report_markdown(const Result *result, RubricDisclosure show);
