/*
 * fail.h: how a test of the assignment fails, so that every report can say what is wrong, where,
 * and what to try.
 *
 * The message of the failing Criterion assertion has a line for each part; only the first is
 * required:
 *
 *     weights[1][2] is 0.3318, expected 0 (7 of 16 differ, worst 3.3e-01)
 *     hint: mask the scores before the softmax, not the weights after it
 *     failure: value
 *     cause: the mask is applied after the softmax
 *
 * Words for `failure`: "not_implemented" (NULL for good input), "value", "shape", "row_sum",
 * "masked" (weight where the mask forbids it), "input_changed", "not_refused" (bad input was
 * accepted), "result" (a result that cannot be a tensor), "not_defined"; the proxy adds "crash",
 * "exit", "timeout", "output" (printed too much), "forbidden" (a system call), "protocol" and
 * "broken" (our own fault).
 */
#pragma once

/* Fail the running test, and end it. `hint` may be NULL. */
void fail_test(const char *failure, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

/* Count an assertion that held: Criterion's report then shows that the test did check something. */
void passed_check(void);

/* The likely cause of whatever fails from here on; NULL when there is none (any more). */
void fail_cause(const char *cause);
