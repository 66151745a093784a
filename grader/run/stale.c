/* stale.c: see stale.h. */
#include "run/stale.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/process.h"

#define PREFIX "bxfi_"
/* In another container with this folder a process may have the number of one that is gone here. */
#define OLD_SECONDS 60

static gboolean is_gone(const char *pid)
{
    char *end;
    gint64 number = g_ascii_strtoll(pid, &end, 10);
    return *end == '\0' && process_is_gone(number);
}

static gboolean is_old_and_ours(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           time(NULL) - status.st_mtime > OLD_SECONDS;
}

void stale_remove(const char *folder)
{
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name;
    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        if (!g_str_has_prefix(name, PREFIX) || !is_gone(name + strlen(PREFIX)))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (is_old_and_ours(path))
            g_unlink(path);
    }
}
