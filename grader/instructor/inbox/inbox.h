/*
 * inbox.h: turns the folders and zips that an instructor has into submissions.
 *
 * A path is a submission's folder (or its file), or a folder or zip of many students. In the latter
 * each entry is taken for what it looks like, so that layouts may be mixed:
 *
 *     ann/attention.c                              a folder for each student, or a git clone
 *     ann/2/attention.c  ann/3/attention.c         with several attempts
 *     ann.zip                                      an archive for each student
 *     leeann_LATE_123_4567_attention-2.c           Canvas: name, user, number, file
 *     Ann Lee_123_assignsubmission_file_/...       Moodle: name, participant
 *     Ann Lee_123_assignsubmission_file_attention.c
 *
 * What cannot be taken (a link, a name that leads elsewhere, a bomb) is one line in `refusals`; the
 * student it belongs to, if that is known, is there all the same.
 */
#pragma once

#include "instructor/inbox/submission.h"
#include "rubric/rubric.h"

typedef struct {
    const Rubric *rubric;
    char *workspace;        /* our own folder, for what is unpacked or copied */
    guint folders;          /* how many were made in it so far */
    char *root;             /* the folder that is being added: a .git that leads out is ignored */
    GPtrArray *submissions; /* Submission * */
    GHashTable *attempts;   /* the same, by student and attempt; attempts.c makes the keys */
    GHashTable *given;      /* the real paths that were added */
    GHashTable *unusable;   /* Submission *, by student: what cannot be graded (see attempts.h) */
    GPtrArray *refusals;    /* char * */
    gboolean single;        /* the only path was a submission itself */
} Inbox;

/* The rubric stays the caller's. The workspace must exist as long as the submissions are used. */
Inbox *inbox_new(const Rubric *rubric, const char *workspace);
void inbox_free(Inbox *inbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inbox, inbox_free)

/* Add what is at a path. An error only if it cannot be read at all. */
gboolean inbox_add(Inbox *inbox, const char *path, GError **error);

/* Call this once after the last path: it sorts, and adds those who handed in nothing usable. */
void inbox_finish(Inbox *inbox);
