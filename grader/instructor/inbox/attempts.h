/*
 * attempts.h: what an inbox has found so far: submissions by student and attempt. The functions
 * that add to it are for the modules of the inbox only.
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

/* A new folder of our own, in the inbox's workspace; to be freed. */
char *inbox_new_folder(Inbox *inbox, GError **error);

/* Add a line to the refusals: "'ENTRY' WHY", with the entry's name escaped. */
void inbox_refuse(Inbox *inbox, const char *entry, const char *why, ...) G_GNUC_PRINTF(3, 4);

/* The student's attempt of this name, or NULL. */
Submission *inbox_find_attempt(const Inbox *inbox, const char *student, const char *attempt);

/*
 * Add an attempt, which is then the inbox's. If the student has one of that name already, from
 * another path, the new one is the later one and gets a number.
 */
void inbox_add_attempt(Inbox *inbox, Submission *submission);

/*
 * Remember that the student handed in something that cannot be graded, which lies in `path`. It
 * counts if no attempt comes, and of several the first.
 */
void inbox_add_unusable(Inbox *inbox, const Submission *student, const char *path);

/*
 * The same for a single file: an empty file of its name is put into a folder of our own, so that
 * intake can tell the student what was handed in instead.
 */
gboolean inbox_add_unusable_file(Inbox *inbox, const Submission *student, const char *file,
                                 GError **error);
