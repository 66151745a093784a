/*
 * judge.h: from what a run saw in its tests to findings in their items.
 */
#pragma once

#include "memory/finding.h"
#include "valgrind/observed.h"

/*
 * Judge the tests (ObservedTest) of a run that came to its end and is believed.
 *
 * Besides errors and leaks, which Valgrind reports, there are findings about
 * - results that differ from the native ones, or have undefined elements;
 * - memory that the student's code retains: a variable still points to it. That is no leak to
 *   Valgrind, and may be a buffer for the next call. But a function that retains more blocks, or
 *   larger ones, after each call of a series (call_log_series()), or after some of them, needs
 *   more and more memory, as if it had lost them. Each test that calls it gets a finding "kept",
 *   unless Valgrind has seen a leak there. How much is retained is what Valgrind counts, since
 *   student code can write into what the worker counts.
 */
void memory_judge(const GPtrArray *tests, const StudentFile *file, Result *result);
