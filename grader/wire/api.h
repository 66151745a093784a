/*
 * api.h: the names on both sides of a submission's object, in one place for the build (which hides
 * everything else) and the gate (which judges what is left).
 */
#pragma once

#include <glib.h>

/* The functions of attention.h: what a submission defines. NULL-terminated, as all lists here. */
extern const char *const api_attention[];

/* The functions of tensor.h: what the worker gives it. */
extern const char *const api_tensor[];

/*
 * The functions of the C library that allocate and free. The linker turns each use of NAME into
 * __wrap_NAME (ld --wrap), which the worker defines, so that tests can let an allocation fail.
 */
extern const char *const api_wrapped[];
#define API_WRAP_PREFIX "__wrap_"

gboolean api_has(const char *const *list, const char *name);
