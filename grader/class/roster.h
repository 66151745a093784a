/*
 * roster.h: which submissions there are.
 */
#pragma once

#include <glib.h>

/* One submission to grade. */
typedef struct {
    char *name; /* what it is called in reports */
    char *path; /* its folder */
} Submission;

/*
 * The submissions at a path, sorted by name, as Submission *: the folder itself if it holds one of
 * the `files` that are handed in, otherwise each folder in it that is not hidden.
 */
GPtrArray *roster_find(const char *path, const GPtrArray *files, GError **error);
