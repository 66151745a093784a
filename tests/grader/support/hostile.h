/*
 * hostile.h: one submission of tests/hostile, graded and compared with what its first comment
 * demands (tests/hostile/README.md).
 */
#pragma once

#include <glib.h>

#include "workbench.h"

/* Grades some submissions, and appends a line to `faults` for each thing that is wrong. */
typedef void HostileGrading(const Workbench *bench, const void *data, GString *faults);

/*
 * Run such a grading in a temporary folder, as an ordinary user if that is wanted. The test fails if
 * there are faults, or if anything is left behind; without $HOSTILE it is skipped.
 */
void hostile_run(gboolean as_user, HostileGrading *grade, const void *data);

/* The names, sorted, of the submissions that begin with `kind`. */
GPtrArray *hostile_names(const Workbench *bench, const char *kind);

/* Grade one, and append a line for each demand that is not met. */
void hostile_judge(const Workbench *bench, const char *name, GString *faults);

/* Grade any folder; for submissions that git cannot hold. */
Result *hostile_grade(const Workbench *bench, const char *name, const char *path);

/* Append a line for each thing in the reports of a result that could act on whoever reads them. */
void hostile_judge_reports(const char *name, const Result *result, GString *faults);
