/*
 * progress.h: prints to standard error how far a batch is: on a terminal in one line that changes,
 * in a log with a line for each submission.
 */
#pragma once

#include <glib.h>

typedef struct Progress Progress;

/* `total` submissions will be graded. With `quiet` nothing is written. */
Progress *progress_new(guint total, gboolean quiet);
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* A submission is begun, or finished with this outcome in words. Names are escaped here. */
void progress_begin(Progress *progress, const char *name);
void progress_end(Progress *progress, const char *name, const char *outcome);

/* A submission of the total needs no grading. */
void progress_skip(Progress *progress);

/* Draw the line again, with the time that has passed. */
void progress_tick(Progress *progress);

/* Print a line that stays, such as a warning. */
void progress_say(Progress *progress, const char *text);
