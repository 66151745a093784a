/*
 * names.h: the symbols of the C library as students know them.
 */
#pragma once

#include <glib.h>

/*
 * The name that stands in the source for a symbol of the object: "sscanf" for __isoc99_sscanf,
 * "malloc" for __wrap_malloc, "printf" for __printf_chk. A new string.
 */
char *gate_plain_name(const char *symbol);

/* Symbols that gcc and the headers bring in without being asked (assert, errno, isalpha, ...). */
gboolean gate_is_compilers_own(const char *symbol);

/* May no submission define a function of this name, not even for itself? */
gboolean gate_is_reserved(const char *name);

/* Is it something that the C library has at all? */
gboolean gate_is_in_libc(const char *name);

/* What to do instead of using this function of the C library. */
const char *gate_advice(const char *name);
