/*
 * workspace.h: the folder for temporary files of one run of the grader.
 *
 * All that a run writes for itself lies in one folder in TMPDIR, which is locked as long as the run
 * lasts: what a run that was killed has left behind is removed by the next one.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *path;
    char *inbox; /* a folder in it, for what is unpacked */
    int lock;
} Workspace;

/* Make a workspace, and set TMPDIR to it. Call this before anything asks for temporary files. */
Workspace *workspace_new(GError **error);
void workspace_free(Workspace *workspace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workspace, workspace_free)
