/*
 * report.h: read what a test program of the assignment wrote about its tests
 * (tests/support/report.c): which it has, and how each ended.
 */
#pragma once

#include "result/result.h"

/* One entry of the report. `messages` are those of its failed assertions, the first one first. */
typedef struct {
    char *suite, *name, *title;
    char *status; /* "listed", "passed", "failed", "crashed", "timeout", "skipped" */
    guint assertions;
    char **messages;
} ReportedTest;

void reported_test_free(ReportedTest *test);

/* ReportedTest *, in the order of the file. */
GPtrArray *run_report_load(const char *path, GError **error);

/* The entry of a test, or NULL. */
const ReportedTest *run_report_find(const GPtrArray *reported, const char *suite, const char *name);

/*
 * Fill status, message, hint, failure, cause and assertions of a test from its report; NULL for
 * one that was to run and is not in the report, which is our own fault.
 */
void run_report_apply(const ReportedTest *reported, TestResult *test);
