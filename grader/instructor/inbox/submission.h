/*
 * submission.h: one thing to grade, and whose it is.
 */
#pragma once

#include <glib.h>

/* A struct owns its strings. All are valid UTF-8 but otherwise untrusted, except `path`. */
typedef struct {
    char *student; /* the key in the gradebook: the same from one download to the next */
    char *layout;  /* what it was before a roster gave another; NULL: none did */
    char *name;    /* for people; at first the same */
    char *lms_id;  /* Canvas's number of the user, Moodle's of the participant; or NULL */
    char *email, *login, *sis_id, *section; /* from the roster, or NULL */
    char *attempt;                          /* "" where there is only one */
    gint64 order;                           /* a later attempt has a higher number */
    char *path;                             /* its folder; NULL: nothing was handed in */
    char *origin;                           /* where it was found, for people */
    char *commit;                           /* of a git clone, or NULL */
    guint days_late;
    gboolean listed; /* is on the roster */
} Submission;

Submission *submission_new(const char *student, const char *path);

/* Another submission of the same student, found at the same place but lying in `path`. */
Submission *submission_new_of(const Submission *student, const char *path);

void submission_free(Submission *submission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

/* Is one of these (Submission *) the student's? */
gboolean submission_of_student(const GPtrArray *submissions, const char *student);

/* Name, then attempts from the first to the latest: for g_ptr_array_sort(). */
gint submission_compare(gconstpointer a, gconstpointer b);

/*
 * SHA-256 of the files that the rubric lists, as intake would take them; of what is there instead
 * where one is no regular file.
 */
char *submission_fingerprint(const Submission *submission, const GPtrArray *files, guint file_kib);
