/*
 * report.h: what `grader grade` prints when a class is graded.
 */
#pragma once

#include "instructor/batch/batch.h"
#include "instructor/batch/work.h"

/*
 * Print the table, the summary, the grades that changed, and where the files are; or every report
 * whole, if the options say so. Returns the exit status.
 */
int print_batch(const BatchWork *work, const BatchOutcome *outcome, GError **error);
