/* folder.c: see folder.h. */
#include "instructor/inbox/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

static const char *const litter[] = {"__MACOSX", "lost+found", NULL};

static gint compare_natural(gconstpointer a, gconstpointer b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *folder_list(const char *folder, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) directory = g_dir_open(folder, 0, &reason);
    if (directory == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "cannot look for submissions: %s",
                    reason->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(directory)) != NULL)
        if (*name != '.' && !g_strv_contains(litter, name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_natural);
    return names;
}

/* The kind of an entry, or 0 if there is none. */
static guint entry_kind(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat info;
    return lstat(path, &info) == 0 ? info.st_mode & S_IFMT : 0;
}

gboolean folder_has_kind(const char *folder, const char *name, guint kind)
{
    return entry_kind(folder, name) == kind;
}

gboolean folder_has_any(const char *folder, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++)
        if (entry_kind(folder, names->pdata[i]) != 0)
            return TRUE;
    return FALSE;
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char *word_for(int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return "missing";
    if (error == ELOOP || error == EXDEV)
        return "link";
    return error == ENXIO || error == ENODEV ? "special" : "unreadable";
}

static GBytes *read_all(int fd, gsize limit)
{
    GByteArray *bytes = g_byte_array_new();
    guint8 block[16384];
    while (bytes->len < limit) {
        ssize_t got = read(fd, block, MIN(sizeof block, limit - bytes->len));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        g_byte_array_append(bytes, block, (guint)got);
    }
    return g_byte_array_free_to_bytes(bytes);
}

GBytes *folder_read(const char *folder, const char *name, gsize limit, const char **fault)
{
    const char *ignored = NULL;
    const char **why = fault != NULL ? fault : &ignored;
    *why = NULL;
    files_autofd int above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    files_autofd int fd = above >= 0 ? files_open_beneath(above, name) : -1;
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0)
        *why = word_for(errno);
    else if (!S_ISREG(info.st_mode))
        *why = "special";
    else
        return read_all(fd, limit);
    return NULL;
}
