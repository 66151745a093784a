/*
 * view.h: a class at a terminal, in 80 columns: a line for each student, then all at a glance.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

typedef struct {
    gboolean colour;
    gboolean table;          /* a line for each student; the glance alone without */
    const GHashTable *only;  /* set of student keys, or NULL for everybody */
    const GPtrArray *listed; /* more lines for "needs a look" (char *), or NULL */
} ViewStyle;

/* The text, ending with a newline. Reads one grading at a time. */
char *view_text(Gradebook *book, const ViewStyle *style, GError **error);
