/*
 * judge.h: from what a run saw in its tests to findings in their items.
 */
#pragma once

#include "memory/finding.h"
#include "memory/replay.h"

/* Judge the tests (ReplayedTest) of a run that came to its end. */
void memory_judge(const GPtrArray *tests, const StudentFile *file, Result *result);
