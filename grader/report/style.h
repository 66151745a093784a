/*
 * style.h: how a report for people at a terminal looks, and what of the tests it may say.
 */
#pragma once

#include "rubric/rubric.h"

typedef struct {
    gboolean colour;       /* ANSI colours; the words are the same without */
    RubricDisclosure show; /* what of the tests may be seen; DISCLOSE_ALL for public tests */
    const char *repeat;    /* how to repeat a test alone: "make %s TEST=%s", with two %s for "debug"
                              or "memcheck" and for "suite/test"; NULL for no such line */
} ReportStyle;
