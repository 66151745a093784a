/*
 * memory.h: the memory verdict. The calls that the tests made are replayed, test by test, in one
 * worker under Valgrind; each error and leak is attributed to the test, and so to the item, in
 * which it happened, and to the innermost frame in the student's file.
 *
 * Valgrind's silence counts only if nothing could have brought it about (valgrind/trust.h).
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

/*
 * Replay the call logs of `result` in `scratch` (run/run.h), fill item->memory for each
 * item, and set result->memory_state. An item whose memory could not be judged gets a finding that
 * says so. scratch/box has the worker, attention.so and attention.c, whose lines are quoted; each
 * run of Valgrind makes a folder there. `libexec` has the kit's own worker, and harmless code for a
 * control. An error is the grader's own fault, or that of the machine.
 */
gboolean memory_check(const Rubric *rubric, const Sandbox *sandbox, const char *libexec,
                      const char *scratch, Result *result, GError **error);
