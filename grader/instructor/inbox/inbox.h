/*
 * inbox.h: what an instructor has, turned into submissions.
 *
 * A path is a submission's folder (or its file), or a folder or zip of many. In it each entry is
 * taken for what it looks like, so that layouts may be mixed:
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
    char *workspace;        /* a folder of ours for what is unpacked and put aside */
    guint folders;          /* made in it so far */
    char *root;             /* what is being added: no .git leads out of it */
    GPtrArray *submissions; /* Submission * */
    GHashTable *attempts;   /* the same, by student and attempt; the keys are student.c's */
    GHashTable *given;      /* the real paths that were added */
    GHashTable *others;     /* Submission *: students of whom there is nothing usable so far */
    GPtrArray *refusals;    /* char * */
    gboolean single;        /* the only path was a submission itself */
} Inbox;

/* The rubric stays the caller's; so does the folder, which must exist as long as the submissions
   are used. */
Inbox *inbox_new(const Rubric *rubric, const char *workspace);
void inbox_free(Inbox *inbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inbox, inbox_free)

/* Add what is at a path. An error only if it cannot be read at all. */
gboolean inbox_add(Inbox *inbox, const char *path, GError **error);

/* Call once after the last path: sorts, and adds those who handed in nothing usable. */
void inbox_finish(Inbox *inbox);
