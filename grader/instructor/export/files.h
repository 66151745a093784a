/*
 * files.h: writes report.txt and result.json of each student, for the instructor.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

/* A folder or file name for a student that any file system takes; to be freed. */
char *student_file_name(const char *student);

/*
 * Write a folder for each student with report.txt and result.json of the grading that counts, each
 * whole or not at all; files that are current stay. `only` is a set of student keys, or NULL for
 * all students.
 */
gboolean student_files_write(Gradebook *book, const char *folder, const GHashTable *only,
                             GError **error);
