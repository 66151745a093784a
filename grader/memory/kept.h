/*
 * kept.h: memory that student code keeps for ever, where a variable still points to it. That
 * is no leak to Valgrind, and may be a buffer for the next call; but a function that keeps more
 * blocks, or larger ones, after each of some calls alike (call_log_series()) needs more and more
 * memory, as if it had lost them. It need not be so after every call.
 *
 * How much it keeps is what Valgrind counts, since student code can write into what the worker counts.
 */
#pragma once

#include "memory/finding.h"
#include "memory/replay.h"

/*
 * Add a finding "kept" to the item of each test (ReplayedTest) with a call of such a function, unless
 * Valgrind has seen a leak there.
 */
void memory_kept_judge(const GPtrArray *tests, const StudentFile *file, Result *result);
