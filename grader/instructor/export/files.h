/*
 * files.h: report.txt and result.json of each student, as files for the instructor.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

/* A folder or file name for a student that is right on any file system; to be freed. */
char *student_file_name(const char *student);

/*
 * Bring the folder up to what the gradebook has: a folder for each student with report.txt and
 * result.json of the grading that counts, each written whole or not at all. `only` is a set of
 * student keys, or NULL for everybody.
 */
gboolean student_files_write(Gradebook *book, const char *folder, const GHashTable *only,
                             GError **error);
