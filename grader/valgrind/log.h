/*
 * log.h: Valgrind's log, to which it also writes each system call of the program that it
 * runs (--trace-syscalls), and where code begins that is run for the first time (code.h).
 *
 * Natively a seccomp filter kills student code for a call that it has no business with. Valgrind
 * makes many of those itself, in the same process, so there the filter must let them pass. But
 * Valgrind knows which ones are the program's: once student code may run, one that neither it nor
 * the worker needs is remembered, and the run is not believed. Above all nothing may become code
 * but the student's object, which the gate has read: new code could ask Valgrind to look away.
 */
#pragma once

#include <glib.h>

#include "valgrind/code.h"

/* How a piece of memory was mapped, as far as that can be compared. */
typedef struct {
    guint64 length, flags, offset;
} MemoryMapping;

typedef struct {
    GString *line;       /* the last one, as far as it has arrived */
    gint64 pid;          /* of the first process, 0 until it says something */
    gint64 speaker;      /* the process that said the last line */
    gboolean judging;    /* student code may run */
    MemoryMapping code;  /* of the object */
    guint64 base, end;   /* the room that the loader has reserved last */
    gboolean stray_open; /* the file opened last is neither it nor a copy */
    guint forks;         /* how many processes it has made */
    MemoryCode code_run; /* where it has led */

    char *complaint; /* the first line that should not be there, or NULL */
    char *forbidden; /* the first system call that should not be made, or NULL */
} MemoryLog;

/* `worker` is borrowed: the path of the program that runs, or of an equal one, outside of the sandbox, or NULL. */
void memory_log_init(MemoryLog *log, const char *worker);
void memory_log_clear(MemoryLog *log);

/* A MemoryTake for a MemoryLog. */
void memory_log_take(gpointer data, const char *bytes, gsize length);
