/*
 * log.h: judge Valgrind's log, to which it also writes each system call of the program that it runs
 * (--trace-syscalls), and where code begins that is run for the first time (jumps.h).
 *
 * Natively a seccomp filter kills student code for a call that it has no business with. Valgrind
 * makes many of those itself, in the same process, so there the filter must let them pass. But
 * Valgrind knows which ones are the program's: once student code may run, a call that neither it
 * nor the worker needs is remembered, and the run is not believed. Above all nothing may become
 * code but the student's object, which the gate has read: new code could ask Valgrind to look away.
 */
#pragma once

#include <glib.h>

#include "valgrind/jumps.h"

/* How a piece of memory was mapped, as far as that can be compared. */
typedef struct {
    guint64 length, flags, offset;
} ValgrindMapping;

typedef struct {
    GString *line;           /* the last one, as far as it has arrived */
    gint64 pid;              /* of the first process, 0 until it says something */
    gint64 speaker;          /* the process that said the last line */
    gboolean judging;        /* student code may run */
    ValgrindMapping mapping; /* of the code of the object */
    guint64 base, end;       /* the range of addresses that the loader has reserved last */
    gboolean stray_open;     /* the file opened last is neither the object nor a copy of it */
    guint forks;             /* how many processes the program has made */
    ValgrindJumps jumps;     /* where its code has led */

    char *complaint; /* the first line that should not be there, or NULL */
    char *forbidden; /* the first system call that should not be made, or NULL */
} ValgrindLog;

/* `worker` is the path, outside of the sandbox, of the program that runs or of a copy; or NULL. */
void valgrind_log_init(ValgrindLog *log, const char *worker);
void valgrind_log_clear(ValgrindLog *log);

/* Take the next bytes of the log. */
void valgrind_log_take(ValgrindLog *log, const char *bytes, gsize length);
