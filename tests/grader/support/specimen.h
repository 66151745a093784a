/*
 * specimen.h: for tests of the grader that need a submission: a folder with an attention.c, and a
 * box to build it in. Everything is below one temporary folder, removed at the end.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

typedef struct {
    char *root, *folder, *box; /* box has include/ with the kit's headers */
    Rubric *rubric;            /* the kit's own rubric.yaml */
    Result *result;
    GError *error;
} Specimen;

/* With an attention.c of this text, or without if it is NULL. */
Specimen *specimen_new(const char *text);
void specimen_free(Specimen *submission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Specimen, specimen_free)

/* Write a file into the submission's folder. */
void specimen_write(const Specimen *submission, const char *name, const char *bytes, gssize length);

/* A sandbox with the programs of the build that the tests are of. */
Sandbox *specimen_sandbox(const Specimen *submission);

/* Intake and build, in a sandbox, and the gate if there is an object. Asserts that nothing of ours
 * fails. */
void specimen_build(Specimen *submission);
void specimen_judge(Specimen *submission);

/* The first diagnostic of this severity whose message contains `part`, or NULL. */
const Diagnostic *specimen_find(const Specimen *submission, const char *severity, const char *part);
