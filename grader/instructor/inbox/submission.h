/*
 * submission.h: a submission, and the student whose it is.
 */
#pragma once

#include <glib.h>

/* A submission owns its strings. All but `path` are valid UTF-8; all are untrusted. */
typedef struct {
    char *student; /* the key in the gradebook, the same in each download */
    char *layout;  /* the key before a roster gave another, or NULL */
    char *name;    /* the name to print; at first the key */
    char *lms_id;  /* Canvas's number of the user, Moodle's of the participant; or NULL */
    char *email, *login, *sis_id, *section; /* from the roster, or NULL */
    char *attempt;                          /* "" where there is only one */
    gint64 order;                           /* a later attempt has a higher number */
    char *path;                             /* its folder; NULL if nothing was handed in */
    char *origin;                           /* where it was found, to print */
    char *commit;                           /* of a git clone, or NULL */
    guint days_late;
    gboolean listed; /* is on the roster */
} Submission;

Submission *submission_new(const char *student, const char *path);

/* Another submission of the same student, found at the same place but lying in `path`. */
Submission *submission_new_of(const Submission *student, const char *path);

void submission_free(Submission *submission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

/* Is one of these submissions (Submission *) the student's? */
gboolean submission_of_student(const GPtrArray *submissions, const char *student);

/* Order by student, then from the first attempt to the latest; for g_ptr_array_sort(). */
gint submission_compare(gconstpointer a, gconstpointer b);

/* The SHA-256 of the listed files as intake reads them, or of why one cannot be read. */
char *submission_fingerprint(const Submission *submission, const GPtrArray *files, guint file_kib);
