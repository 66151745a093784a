/*
 * jumps.h: has student code jumped to a request to Valgrind?
 *
 * The gate lets no client request into a submission. But the libraries that Valgrind preloads are
 * full of them, the worker has some, and a jump to the last instructions before one makes it any
 * request at all: whoever asks so has written the request himself.
 *
 * Valgrind translates code in superblocks, and writes where each begins when it meets it for the
 * first time (--trace-flags). A forged request begins a superblock where none begins by itself:
 * within what leads to a request in a straight line. There one may begin only
 * - with its function,
 * - where one has begun before student code could run,
 * - where the code of the library itself leads, which objdump tells, or
 * - where one begins in a run of harmless code.
 *
 * Valgrind must not follow jumps while it translates (--vex-guest-chase=no), or not each would
 * show.
 */
#pragma once

#include <glib.h>

typedef struct {
    GPtrArray *libraries; /* those with requests in them, see jumps.c */
    char *worker;         /* the worker's path outside of the box, or NULL */
    GHashTable *strange;  /* "vgpreload_core.so+0x1234": what student code may have jumped to */
} ValgrindJumps;

void valgrind_jumps_init(ValgrindJumps *jumps, const char *worker);
void valgrind_jumps_clear(ValgrindJumps *jumps);

/* Take Valgrind's line on one superblock. While `judging`, student code may have led there. */
void valgrind_jumps_take(ValgrindJumps *jumps, const char *line, gboolean judging);

/* A place that `jumps` has and `harmless`, unless it is NULL, has not; or NULL. */
const char *valgrind_jumps_strange(const ValgrindJumps *jumps, const ValgrindJumps *harmless);

/*
 * Does the code of the file itself lead to this address, relative to where the file is loaded, as
 * the start of a function, the target of a jump, or what follows an instruction that ends a
 * superblock? TRUE also when objdump cannot tell. The file must be ours or the system's: its
 * listing is remembered for as long as the program runs. Several threads may ask at once.
 */
gboolean valgrind_code_leads_to(const char *path, guint64 address);
