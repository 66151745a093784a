/* files.c: see files.h. */
#include "base/files.h"

#include <sys/syscall.h>
#include <linux/openat2.h>
#include <fcntl.h>
#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

void files_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Kernels before 5.6, and some containers, have no openat2: then only plain names are opened. */
int files_open_beneath(int folder, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
    };
    int fd = (int)syscall(SYS_openat2, folder, name, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM) && strchr(name, '/') == NULL)
        fd = openat(folder, name, (int)how.flags);
    return fd;
}

gboolean files_copy(const char *from, const char *to, int mode, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(from, &bytes, &length, error))
        return FALSE;
    return g_file_set_contents_full(to, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE, mode,
                                    error);
}

gboolean files_write_for_all(const char *path, const char *bytes, gsize length, GError **error)
{
    if (!g_file_set_contents_full(path, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0644,
                                  error))
        return FALSE;
    if (g_chmod(path, 0644) == 0)
        return TRUE;
    grader_set_errno(error, "cannot set the mode of '%s'", path);
    return FALSE;
}

static gboolean write_through(const char *path, const char *text, GError **error)
{
    FILE *file = fopen(path, "we");
    gboolean written = file != NULL && fwrite(text, 1, strlen(text), file) == strlen(text);
    if (file != NULL && fclose(file) != 0)
        written = FALSE;
    return written || (grader_set_errno(error, "cannot write '%s'", path), FALSE);
}

gboolean files_write(const char *path, const char *text, GError **error)
{
    struct stat info;
    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return write_through(path, text, error);
    return g_file_set_contents(path, text, -1, error);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

gboolean files_make_folder(const char *path, int mode, GError **error)
{
    if (g_mkdir_with_parents(path, mode) == 0)
        return TRUE;
    grader_set_errno(error, "cannot make the folder '%s'", path);
    return FALSE;
}

void files_remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void files_scratch_free(FilesScratch *path)
{
    files_remove_tree(path);
    g_free(path);
}

FilesScratch *files_scratch_new(GError **error)
{
    return g_dir_make_tmp("attention-XXXXXX", error);
}
