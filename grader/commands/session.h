/*
 * session.h: one public test of a student's code, run as a check would run it, and then looked at
 * closer: its calls are made again in gdb or Valgrind (debug, memcheck), or drawn (picture).
 */
#pragma once

#include "base/files.h"
#include "commands/command.h"
#include "commands/options.h"
#include "run/call_log.h"

typedef struct {
    Kit *kit;
    Result *result; /* of the one test */
    FilesScratch *scratch;
    char *test;     /* "suite/name" */
    char *log_path; /* of the call log */
    char *object;   /* the compiled attention.c */
    CallLog *log;   /* NULL if nothing was called; then `result` says why */
} Session;

/*
 * Compile the submission in `folder` and run the test in the sandbox. An error that lists the tests
 * if there is none of that name, or `test` is NULL.
 */
Session *session_new(const GradeOptions *options, const char *folder, const char *test,
                     CompilePurpose purpose, GError **error);
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* How the test went; NULL if it was not run. */
const TestResult *session_test(const Session *session);

/*
 * The functions in which something is computed, each once, in the order of their first call: those
 * that only create or free a layer are left out, unless no other is called. Ends with NULL; free
 * the array.
 */
const char **session_functions(const Session *session);

/* ---- commands that make the calls again ------------------------------------------------------ */

typedef struct {
    const char *summary;    /* for --help */
    const char *program;    /* without which it cannot be done */
    CompilePurpose purpose; /* how attention.c is compiled for it */
    /* Start the program; `folder` is the student's. Returns an exit status. */
    int (*start)(const Session *session, const char *folder, GError **error);
} SessionCommand;

/*
 * Run such a command: read its line, look for the program, run the test, say how it went, start the
 * program. If nothing was called, the report says why. Returns an exit status.
 */
int session_command(const Command *command, const SessionCommand *how, int argc, char **argv,
                    GError **error);

/*
 * Run a program at the terminal, in the student's folder, until it ends; Ctrl-C is for it and not
 * for us. `program` ends with NULL; the worker that makes the calls, without the sandbox, is added
 * to it. Returns an exit status: `failed` if the program's is not 0.
 */
int session_run(const Session *session, const char *folder, const char *const *program, int failed,
                GError **error);
