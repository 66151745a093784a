/*
 * code.h: where the program under Valgrind goes on, as far as that is told: Valgrind
 * translates code in superblocks, and writes where each begins when it meets it for the first time
 * (--trace-flags).
 *
 * The gate lets no client request into a submission. But the libraries that Valgrind preloads are
 * full of them, the worker has some, and a jump to the last instructions before one makes it any
 * request at all: whoever asks so has written the request himself. Such a jump begins a superblock
 * where none begins by itself: within what leads to a request in a straight line. So there one may
 * begin only with its function, or where one has begun before student code could run, or where the
 * code itself leads (entries.h), or where one begins in a run of harmless code.
 *
 * Valgrind must not follow jumps while it translates (--vex-guest-chase=no), or not each would show.
 */
#pragma once

#include <glib.h>

typedef struct {
    GPtrArray *libraries; /* those with requests in them, see code.c */
    const char *worker;   /* the worker's path outside of the box, or NULL */
    GHashTable *strange;  /* "vgpreload_core.so+0x1234": what began there, once judged; or NULL */
} MemoryCode;

/* `worker` is borrowed. */
void memory_code_init(MemoryCode *code, const char *worker);
void memory_code_clear(MemoryCode *code);

/* Valgrind's line on one superblock; while `judging`, student code may have led there. */
void memory_code_take(MemoryCode *code, const char *line, gboolean judging);

/* A place that `code` came to and `harmless` did not, or NULL. */
const char *memory_code_strange(const MemoryCode *code, const MemoryCode *harmless);
