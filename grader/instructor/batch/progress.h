/*
 * progress.h: how far a batch is, on standard error: one line that changes on a terminal, a line
 * for each submission in a log.
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

/* One of the total needs no grading after all. */
void progress_skip(Progress *progress);

/* Draw the line again: time has passed. */
void progress_tick(Progress *progress);

/* A line of its own that stays, such as a warning. */
void progress_say(Progress *progress, const char *text);
