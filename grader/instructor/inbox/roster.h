/*
 * roster.h: a CSV list of the students, such as the LMS exports: it gives submissions their names,
 * and tells who handed in nothing.
 *
 * Columns are found by their heads, whatever their order and case: those of Canvas's gradebook, of
 * Moodle's participants and grading worksheet, of nbgrader, or simply `student,name,email`. Two
 * more are the kit's own: `submitted_at` (a time with its zone, compared with the rubric's
 * late.due) and `days_late`.
 */
#pragma once

#include "instructor/inbox/submission.h"
#include "rubric/rubric.h"

/*
 * Match the submissions with the roster, and add a submission without a path for each student who
 * handed in nothing. A submission matches by the LMS's number, else by key, login, email or name.
 */
gboolean roster_apply(const char *path, const Rubric *rubric, GPtrArray *submissions,
                      GError **error);
