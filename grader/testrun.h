/*
 * testrun.h: run a Criterion program of the assignment against one submission.
 *
 *     test program (trusted)         grader             sandbox (untrusted)
 *     runner                         broker thread      nursery: loads the object, runs none of it
 *      +- test: proxy -- connect --> passes the         +- worker: one for each test, forked for it
 *                  \________ socket ____________________/
 *
 * The test program was built once, for all submissions, and is linked to a proxy of attention.h
 * (tests/support/proxy.h). Each test connects to the grader's socket; the grader hands the
 * connection to the nursery, which forks a worker for it; from then on the two talk directly
 * (worker/wire.h). The proxy records the calls, for the replay under Valgrind (memory.h).
 */
#pragma once

#include "result.h"
#include "rubric.h"
#include "sandbox.h"

typedef struct {
    const char *program;  /* the Criterion program: build/tests/hidden */
    const char *filter;   /* "suite/test" pattern of what to run, or NULL for all */
    const char *box;      /* folder with the worker and attention.so */
    const char *scratch;  /* folder of ours for the socket, the report and the records */
    guint32 seed;
    guint jobs;           /* tests at once */
} TestRun;

/*
 * Fill the tests of result->items (score_add_items() has made them). Each test that the program
 * has is in the result exactly once; one whose report is missing is TEST_BROKEN.
 */
gboolean testrun_execute(const TestRun *run, const Rubric *rubric, const Sandbox *sandbox,
                         Result *result, GError **error);

/* The names of the suites of a program, NULL-terminated. */
char **testrun_suites(const char *program, GError **error);
