/*
 * recording.h: the calls of one public test to a student's code, kept so that they can be made
 * again (debug, memcheck) or drawn (picture).
 */
#pragma once

#include "base/files.h"
#include "commands/options.h"
#include "run/call_log.h"

typedef struct {
    Kit *kit;
    Result *result; /* of the one test */
    FilesScratch *scratch;
    char *test;     /* "suite/name" */
    char *path;     /* of the record: what the proxy wrote */
    char *object;   /* the compiled attention.c */
    CallLog *calls; /* NULL if there is nothing to repeat; then `result` says why */
} Recording;

/*
 * Compile the submission in `folder` and run the test in the sandbox, as a check would. An error
 * that lists the tests if there is none of that name, or `test` is NULL.
 */
Recording *recording_new(const GradeOptions *options, const char *folder, const char *test,
                         CompilePurpose purpose, GError **error);
void recording_free(Recording *recording);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recording, recording_free)

/* The test as it went; NULL if it was not run. */
const TestResult *recording_test(const Recording *recording);

/*
 * The functions in which something happens, each once, in the order of their first call:
 * self_attention_create() and _free() only if no other is called. Ends with NULL; free the array.
 */
const char **recording_functions(const Recording *recording);

/*
 * Run a program at the terminal, in the student's folder, until it ends; Ctrl-C is for it and not
 * for us. `argv` ends with NULL. Its exit status goes to `*status`.
 */
gboolean recording_run(const char *folder, const char *const *argv, int *status, GError **error);
