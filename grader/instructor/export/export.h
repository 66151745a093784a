/*
 * export.h: a gradebook in the formats that others read. Each writer is a function;
 * instructor/commands/export.c has the table of them.
 */
#pragma once

#include <jansson.h>

#include "grade.h"
#include "instructor/gradebook/gradebook.h"

/* What the writers read. */
typedef struct {
    Gradebook *book;
    const Rubric *rubric; /* what students may see of hidden tests */
    GradebookClass *class;
    GPtrArray *grades;      /* Grade * */
    const char *assignment; /* --assignment: the LMS's number or name of it, or NULL */
} Export;

/* Whole documents; NULL and an error if a grading cannot be read. */
char *export_text(const Export *export, GError **error);
char *export_json(const Export *export, GError **error);
char *export_csv(const Export *export, GError **error);
char *export_canvas(const Export *export, GError **error);
char *export_moodle(const Export *export, GError **error);
char *export_moodle_worksheet(const Export *export, GError **error);
char *export_nbgrader(const Export *export, GError **error);

/*
 * A document for one student. If `grade` is NULL, it is made from the result alone. It leaves out
 * what students may not see of hidden tests, except JUnit's, which is for instructors.
 */
char *export_student_markdown(const Rubric *rubric, const Grade *grade, const Result *result);
char *export_student_gradescope(const Rubric *rubric, const Grade *grade, const Result *result);
char *export_student_junit(const Rubric *rubric, const Grade *grade, const Result *result);

/*
 * Write the autograder that Gradescope runs: the kit with setup.sh and run_autograder at its root.
 */
gboolean export_gradescope_zip(const Kit *kit, const char *path, GError **error);
