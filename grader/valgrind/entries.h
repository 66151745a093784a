/*
 * entries.h: where the code of a library itself leads: the start of a function, the target of a
 * jump in it, what follows a jump, a call or whatever else ends a superblock of Valgrind's.
 */
#pragma once

#include <glib.h>

/*
 * Is that so for this address, relative to where the file is loaded? `path` is that of a file of ours
 * or of the system's. TRUE also when objdump cannot tell. What it says of a file is kept for as long
 * as the program runs; several threads may ask at once.
 */
gboolean memory_entries_has(const char *path, guint64 address);
