/*
 * memory.h: the memory verdict. The calls that the tests made are replayed, test by test, in one
 * worker under Valgrind; each error and leak is attributed to the test, and so to the item, in
 * which it happened, and to the innermost frame in the student's file.
 *
 * The verdict "clean" is only given if nothing could have talked it away: one closed XML document
 * of the expected process, an empty log, the positive controls present, the same results as in the
 * native run.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

/* One test's recorded calls. */
typedef struct {
    const char *item, *test; /* "masking", "causal_mask" */
    char *record;            /* file of requests and native replies, see grader/proxy/proxy.h */
    gint64 cpu_usec;         /* of its worker in the native run */
    gboolean died;           /* its worker died in the native run: replay it in a fork of its own */
} MemoryTest;

/*
 * Replay and fill item->memory for each item; set result->memory_state. `box` holds the worker,
 * attention.so and attention.c, whose lines are quoted; each run of Valgrind gets a folder in it.
 * `libexec` has the kit's own worker, and what a control run needs. `tests` are MemoryTest. An item whose memory could not be judged gets a finding that says so.
 */
gboolean memory_check(const Rubric *rubric, const Sandbox *sandbox, const char *libexec,
                      const char *box, GPtrArray *tests, Result *result, GError **error);
