/*
 * hostile.h: one submission of tests/hostile, graded and compared with what its first comment
 * demands (tests/hostile/README.md).
 */
#pragma once

#include <glib.h>

#include "grade.h"

typedef struct HostileGrader HostileGrader;

/* Open the kit, with limits that make attacks which take their time short. */
HostileGrader *hostile_grader_new(const char *scratch, GError **error);
void hostile_grader_free(HostileGrader *grader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostileGrader, hostile_grader_free)

/* Become an ordinary user for good, or skip the test where that user cannot read the kit. */
void hostile_become_nobody(void);

/* The names, sorted, of the submissions that begin with `kind`. */
GPtrArray *hostile_names(const HostileGrader *grader, const char *kind);

/* Grade one, and append a line for each demand that is not met. */
void hostile_judge(const HostileGrader *grader, const char *name, GString *faults);

/* Grade any folder; for submissions that git cannot hold. */
Result *hostile_grade(const HostileGrader *grader, const char *name, const char *path);

/* Append a line for each thing in the reports of a result that could act on whoever reads them. */
void hostile_judge_reports(const char *name, const Result *result, GString *faults);
