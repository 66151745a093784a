/*
 * leftovers.h: what a grading may leave behind, counted before and after.
 */
#pragma once

#include <glib.h>

typedef struct {
    guint descriptors, files, ipc, traces;
} Leftovers;

/* Whatever the grader starts and does not wait for becomes our own child from now on. */
void leftovers_adopt(void);

/* `scratch` is the folder for temporary files. */
Leftovers leftovers_look(const char *scratch);

/* Append a line for each kind of thing that there is more of now than before. */
void leftovers_compare(const Leftovers *before, const char *scratch, GString *faults);
