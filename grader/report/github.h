/*
 * github.h: one Result for GitHub Actions. The summary of a job is report_markdown().
 */
#pragma once

#include "base/source.h"
#include "result/result.h"

/*
 * Workflow commands, one a line, that mark what is wrong in the files of a pull request: compiler
 * and gate first, then memory, then tests; at most ten errors and ten warnings, as GitHub shows no
 * more. `folder` is where the submission lies in the repository, NULL for its top. With the `source`
 * of attention.c, a failing test marks the function that it is about; NULL: it marks nothing.
 */
char *report_github_annotations(const Result *result, const char *folder, const Source *source);

/*
 * A text for the log, between commands that stop the runner from obeying what it contains. Which
 * commands those are depends on all of the text, so that nothing in it can name them.
 */
char *report_github_log(const char *text);

/* The `result` that the reporter of GitHub Classroom reads: one test for each item, in base64. */
char *report_github_classroom(const Result *result);
