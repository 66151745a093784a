/*
 * view.h: the class for a terminal, in 80 columns: a line for each student, then a summary.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

typedef struct {
    gboolean colour;
    gboolean table;          /* with a line for each student, not only the summary */
    const GHashTable *only;  /* set of student keys, or NULL for all */
    const GPtrArray *listed; /* more lines for "needs a look" (char *), or NULL */
} ViewStyle;

/* The text, ending with a newline. Reads one grading at a time. */
char *view_text(Gradebook *book, const ViewStyle *style, GError **error);
