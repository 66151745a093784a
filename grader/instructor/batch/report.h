/*
 * report.h: what `grader grade` prints when a class is graded.
 */
#pragma once

#include "instructor/batch/batch.h"
#include "instructor/batch/work.h"

/*
 * The table, the glance, the grades that moved, and where everything is; or every report whole, if
 * that was asked for. Returns the exit status.
 */
int print_batch(const BatchWork *work, const BatchOutcome *outcome, GError **error);
