/*
 * error.h: the grader's own faults.
 *
 * The kit speaks with two voices that are never mixed. What is wrong with a *submission* is data:
 * it goes into the Result and costs points. What is wrong with the *grader or the machine* is a
 * GError of the domain below: it ends that submission as "ungraded", or the command with exit
 * status 3, and never costs a point.
 *
 * Messages are one line: what, where, what to do. Lower case, subject quoted, no full stop.
 */
#pragma once

#include <glib.h>

typedef enum {
    GRADER_ERROR_USAGE,    /* the command line: exit status 2 */
    GRADER_ERROR_RUBRIC,   /* rubric.yaml cannot be used */
    GRADER_ERROR_SOLUTION, /* solution/attention.c has markers that do not match */
    GRADER_ERROR_INSTALL,  /* a program, package or built file is missing */
    GRADER_ERROR_SYSTEM,   /* a system call failed: no space, no permission, no process */
    GRADER_ERROR_SANDBOX,  /* the sandbox does not hold what was asked of it */
    GRADER_ERROR_BUG,      /* something that cannot happen */
} GraderError;

#define GRADER_ERROR grader_error_quark()
GQuark grader_error_quark(void);

/* Set an error of kind SYSTEM whose message ends with what errno says: "...: No space left". */
void grader_set_errno(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
