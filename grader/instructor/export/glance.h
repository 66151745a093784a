/*
 * glance.h: the summary of a class: gathered grading by grading, then printed.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

typedef struct Glance Glance;

Glance *glance_new(void);
void glance_free(Glance *glance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Glance, glance_free)

/* Add a student's grade, and the grading behind it, or NULL if nothing was handed in. */
void glance_add(Glance *glance, const Grade *grade, const Result *result);

/* Add a line to "needs a look". */
void glance_look(Glance *glance, const char *line);

/* Append the whole summary for a terminal, ending with a newline. */
void glance_append(const Glance *glance, gboolean colour, GString *out);

/* Why an instructor should look at this grading, or NULL; untrusted, to be freed. */
char *glance_reason(const Result *result);
