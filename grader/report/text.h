/*
 * text.h: one Result for people at a terminal, in 80 columns.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"

typedef struct {
    gboolean colour;       /* ANSI colours; the words are the same without */
    RubricDisclosure show; /* what of the tests may be seen; DISCLOSE_ALL for public tests */
    const char *repeat;    /* how to repeat a test alone: "make %s TEST=%s", with two %s for "debug"
                               or "memcheck" and for "suite/test"; NULL for no such line */
} ReportStyle;

/* The report, ending with a newline. Untrusted text in it is escaped. */
char *report_text(const Result *result, const ReportStyle *style);
