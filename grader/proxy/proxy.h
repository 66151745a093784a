/*
 * proxy.h: the functions of attention.h as the tests of the assignment see them.
 *
 * The test programs are linked to functions.c, which defines every function of attention.h by asking a
 * worker outside of this process (grader/wire/wire.h). Tests call attention.h as if the student's
 * code were linked. What comes back is new and the test's own, checked to be well formed; when it
 * is not, or the worker dies or is late, the proxy fails the running test with the reason.
 *
 * Also without a test's asking the proxy fails it when an input was changed, when a result is an
 * input or shares its memory or was not allocated by the call, and when a function is not defined.
 *
 * Environment, set by the grader: ATTENTION_SOCKET (where to connect), ATTENTION_CALL_LOGS (folder
 * in which each test has its call log, a file SUITE.TEST: each request, followed by its reply if
 * one came), ATTENTION_SEED, ATTENTION_WALL_SECONDS (for one test), and for messages
 * ATTENTION_TEST_SECONDS and ATTENTION_OUTPUT_KIB.
 */
#pragma once

#include <stdbool.h>

#include "attention.h"

/*
 * Let the n-th allocation (malloc, calloc, realloc, tensor_create and its kin) of the next call
 * fail, and with `rest` all that follow, so that to ask again is of no use. proxy_allocated() is
 * how many the last call asked for: when it is below n, nothing failed.
 */
void proxy_fail_allocation(unsigned n, bool rest);
unsigned proxy_allocated(void);

/*
 * Log no further call of this test: for the last ones, whose input is so large that their replay
 * under Valgrind would take long.
 */
void proxy_stop_logging(void);
