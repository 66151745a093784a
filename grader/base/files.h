/*
 * files.h: the few things about files that GLib does not do in one call.
 */
#pragma once

#include <glib.h>

/* Close a descriptor if it is open, and forget it. */
void files_close(int *fd);

/* For an `int` that is closed when it goes out of scope: g_autofd of a later GLib. */
#define files_autofd __attribute__((cleanup(files_close)))

/*
 * Open a file, for reading, that strangers have put beneath the folder `folder`: no link is followed,
 * and opening a FIFO does not wait for a writer. -1 and errno if that cannot be done.
 */
int files_open_beneath(int folder, const char *name);

/* Copy a regular file of ours; `mode` are the permissions of the new one. */
gboolean files_copy(const char *from, const char *to, int mode, GError **error);

/* Write a file of ours that everybody may read, whatever the umask: the sandbox's user, too. */
gboolean files_write_for_all(const char *path, const char *bytes, gsize length, GError **error);

/*
 * Write a file that somebody named. A regular file is replaced in one step, whole or not at all.
 * What else the name may stand for is written through, never replaced: /dev/null, /dev/stdout, a
 * pipe, the file that a symbolic link leads to.
 */
gboolean files_write(const char *path, const char *text, GError **error);

/* Make a folder of ours, and those above it that are missing. One that is there is fine. */
gboolean files_make_folder(const char *path, int mode, GError **error);

/* Remove a folder of ours with everything in it. Follows no symbolic link. What is gone is fine. */
void files_remove_tree(const char *path);

/* A folder that is removed with everything in it when its variable goes out of scope. */
typedef char FilesScratch;
void files_scratch_free(FilesScratch *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FilesScratch, files_scratch_free)

/* Make one in the folder for temporary files (TMPDIR). */
FilesScratch *files_scratch_new(GError **error);
