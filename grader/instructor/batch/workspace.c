/* workspace.c: see workspace.h. */
#include "instructor/batch/workspace.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

#define PREFIX "attention-class-"

/*
 * Lock a workspace. Returns -1 if the run that made it still has the lock, or it is another user's.
 */
static int lock_folder(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void remove_left_behind(const char *above)
{
    g_autoptr(GDir) folder = g_dir_open(above, 0, NULL);
    const char *name;
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        if (!g_str_has_prefix(name, PREFIX))
            continue;
        g_autofree char *path = g_build_filename(above, name, NULL);
        int lock = lock_folder(path);
        if (lock < 0)
            continue;
        files_remove_tree(path);
        close(lock);
    }
}

/* Until we have locked our folder, another run that starts may remove it as one left behind. */
static gboolean make_locked(Workspace *workspace, const char *above)
{
    for (guint attempt = 0; attempt < 10; attempt++) {
        g_free(workspace->path);
        workspace->path = g_build_filename(above, PREFIX "XXXXXX", NULL);
        if (g_mkdtemp(workspace->path) == NULL)
            return FALSE;
        workspace->lock = lock_folder(workspace->path);
        if (workspace->lock >= 0 && g_file_test(workspace->path, G_FILE_TEST_IS_DIR))
            return TRUE;
    }
    return FALSE;
}

static gboolean make(Workspace *workspace, const char *above, GError **error)
{
    if (!make_locked(workspace, above)) {
        grader_set_errno(error, "cannot make a folder for temporary files in '%s'", above);
        g_free(workspace->path);
        workspace->path = NULL;
        return FALSE;
    }
    workspace->inbox = g_build_filename(workspace->path, "inbox", NULL);
    return files_make_folder(workspace->inbox, 0700, error);
}

Workspace *workspace_new(GError **error)
{
    /* g_get_tmp_dir() is not called here: it remembers its answer, which must be our folder. */
    const char *wanted = g_getenv("TMPDIR");
    g_autofree char *above = g_strdup(wanted != NULL && *wanted != '\0' ? wanted : "/tmp");
    remove_left_behind(above);
    Workspace *workspace = g_new0(Workspace, 1);
    workspace->lock = -1;
    if (!make(workspace, above, error)) {
        workspace_free(workspace);
        return NULL;
    }
    g_setenv("TMPDIR", workspace->path, TRUE);
    return workspace;
}

void workspace_free(Workspace *workspace)
{
    if (workspace->path != NULL)
        files_remove_tree(workspace->path);
    if (workspace->lock >= 0)
        close(workspace->lock);
    g_free(workspace->path);
    g_free(workspace->inbox);
    g_free(workspace);
}
