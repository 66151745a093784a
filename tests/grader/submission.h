/*
 * submission.h: for tests of the grader that need a submission: a folder with an attention.c, and a
 * box to build it in. Everything is below one temporary folder, removed at the end.
 */
#pragma once

#include "result.h"
#include "rubric.h"

typedef struct {
    char *root, *folder, *box; /* box has include/ with the kit's headers */
    Rubric *rubric;            /* the kit's own rubric.yaml */
    Result *result;
    GError *error;
} Submission;

/* With an attention.c of this text, or without if it is NULL. */
Submission *submission_new(const char *text);
void submission_free(Submission *submission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

/* Write a file into the submission's folder. */
void submission_write(const Submission *submission, const char *name, const char *bytes,
                      gssize length);

/* Intake and build, in a sandbox, and the gate if there is an object. Asserts that nothing of ours
 * fails. */
void submission_build(Submission *submission);
void submission_judge(Submission *submission);

/* The first diagnostic of this severity whose message contains `part`, or NULL. */
const Diagnostic *submission_find(const Submission *submission, const char *severity,
                                  const char *part);
