/*
 * memory_kept.h: memory that student code keeps for ever, where a variable still points to it. That
 * is no leak to Valgrind, and may be a buffer for the next call; but a function of which each of many
 * calls alike (memory_record_alike()) keeps another block, or makes one larger, needs more and more
 * memory, as if it had lost them.
 *
 * How much it keeps is what Valgrind counts, since student code can write into what the worker counts.
 */
#pragma once

#include "memory_finding.h"
#include "memory_replay.h"

/*
 * Add a finding "kept" to the item of each test (ReplayedTest) with a call of such a function, unless
 * Valgrind has seen a leak there.
 */
void memory_kept_judge(const GPtrArray *tests, const StudentFile *file, Result *result);
