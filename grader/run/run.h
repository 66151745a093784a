/*
 * run.h: run a Criterion program of the assignment against one submission.
 *
 *     test program (trusted)         grader             sandbox (untrusted)
 *     runner                         broker thread      fork server: loads the object
 *      +- test: proxy -- connect --> passes the         +- worker: one for each test, forked for it
 *                  \________ socket ____________________/
 *
 * The test program was built once, for all submissions, and is linked to a proxy of attention.h
 * (grader/proxy/proxy.h). Each test connects to the grader's socket; the grader hands the
 * connection to the fork server, which forks a worker for it; from then on the two talk directly
 * (wire/wire.h). The proxy logs the calls, for their replay under Valgrind (memory/memory.h).
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

/* A test that a program has. */
typedef struct {
    char *suite, *name, *title;
} ListedTest;

/* The tests of a program, as ListedTest *, without running any. */
GPtrArray *run_list_tests(const char *program, GError **error);

/* Is there the test "suite/name"? The error says which there are; also for NULL. */
gboolean run_has_test(const GPtrArray *tests, const char *test, GError **error);

typedef struct {
    const char *program;    /* the Criterion program: build/tests/hidden */
    const GPtrArray *tests; /* what it has: run_list_tests() */
    const char *filter;     /* "suite/test", a glob, of what to run, or NULL for all */
    const char *box;        /* folder with the worker and attention.so */
    const char *scratch;    /* folder of ours for the socket, the report and the call logs */
    guint32 seed;
    guint jobs;          /* tests at once */
    const char *margins; /* file for tests/support/compare.h, or NULL */
} TestRun;

/*
 * Fill the tests of result->items (score_add_items() has made them). Each test that the program
 * has, and that the filter wants, is in the result exactly once; one whose report is missing is
 * TEST_BROKEN. An object that cannot be loaded makes the result REFUSED.
 */
gboolean run_test_program(const TestRun *spec, const Rubric *rubric, const Sandbox *sandbox,
                          Result *result, GError **error);

/* The call log of a test: scratch/calls/SUITE.TEST, to be freed. */
char *run_call_log_path(const char *scratch, const char *suite, const char *test);
