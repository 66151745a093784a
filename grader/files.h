/*
 * files.h: the few things about files that GLib does not do in one call.
 */
#pragma once

#include <glib.h>

/* Copy a regular file of ours; `mode` are the permissions of the new one. */
gboolean files_copy(const char *from, const char *to, int mode, GError **error);

/* Remove a folder of ours with everything in it. Follows no symbolic link. What is gone is fine. */
void files_remove_tree(const char *path);

/* A folder that is removed with everything in it when its variable goes out of scope. */
typedef char FilesScratch;
void files_scratch_free(FilesScratch *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FilesScratch, files_scratch_free)

/* Make one in the folder for temporary files (TMPDIR). */
FilesScratch *files_scratch_new(GError **error);
