/*
 * files.h: the few things about files that GLib does not do in one call.
 */
#pragma once

#include <glib.h>

/* Copy a regular file of ours; `mode` are the permissions of the new one. */
gboolean files_copy(const char *from, const char *to, int mode, GError **error);

/*
 * Write a file that somebody named: it is there whole or not at all, a symbolic link stays one, and
 * what is no regular file (/dev/null, /dev/stdout, a pipe) is written to and not replaced.
 */
gboolean files_write(const char *path, const char *text, GError **error);

/* Remove a folder of ours with everything in it. Follows no symbolic link. What is gone is fine. */
void files_remove_tree(const char *path);

/* A folder that is removed with everything in it when its variable goes out of scope. */
typedef char FilesScratch;
void files_scratch_free(FilesScratch *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FilesScratch, files_scratch_free)

/* Make one in the folder for temporary files (TMPDIR). */
FilesScratch *files_scratch_new(GError **error);
