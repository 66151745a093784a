/*
 * load.h: read an untrusted shared object.
 *
 * The file is copied to memory once, so it cannot change while it is judged. The loader will go by
 * the program headers and the dynamic table, libelf goes by sections, and the assembler lets a
 * submission add to both: a table may have entries that nobody expects, end within one, or be
 * changed while it is read. An object in which the two do not agree is refused, so that what is
 * judged is what will be loaded.
 */
#pragma once

#include "gate/object.h"

/* NULL if it is no object that we could load; `why` then says so, in static words. */
GateObject *gate_object_load(const char *path, const char **why);
