/*
 * glance.h: what can be said of a class: gathered grading by grading, then told in lines.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

typedef struct Glance Glance;

Glance *glance_new(void);
void glance_free(Glance *glance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Glance, glance_free)

/* A student's grade, and the grading behind it, or NULL if nothing was handed in. */
void glance_add(Glance *glance, const Grade *grade, const Result *result);

/* A line of our own about what needs a look. */
void glance_look(Glance *glance, const char *line);

/* All of it for a terminal, ending with a newline. */
void glance_append(const Glance *glance, gboolean colour, GString *out);

/* Why somebody should look at this grading, or NULL; untrusted, to be freed. */
char *glance_reason(const Result *result);
