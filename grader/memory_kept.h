/*
 * memory_kept.h: memory that student code keeps for ever, where a variable still points to it. That
 * is no leak to Valgrind, and may be a buffer for the next call; but a function of which each of many
 * equal calls keeps another block needs more and more memory, as if it had lost them.
 */
#pragma once

#include "memory_replay.h"

/* So many calls of a function, with input of the same size, in one test, show what it keeps. */
#define MEMORY_KEPT_CALLS 6

/*
 * Add a finding "kept" to the item of each test (ReplayedTest) with a call of such a function, unless
 * Valgrind has seen a leak there.
 */
void memory_kept_judge(const GPtrArray *tests, Result *result);
