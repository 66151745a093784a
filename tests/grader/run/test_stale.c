/* What killed test programs left in shared memory, and what is not to be taken for it. */
#include "run/stale.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"

/* Linux numbers no process so. */
#define NOBODY 4194305

static char *make_file(const char *folder, const char *prefix, int pid, int age)
{
    char *path = g_strdup_printf("%s/%s%d", folder, prefix, pid);
    struct timespec then[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    cr_assert(g_file_set_contents(path, "x", 1, NULL));
    cr_assert_eq(utimensat(AT_FDCWD, path, then, 0), 0);
    return path;
}

Test(stale, removes_only_what_is_old_and_nobodys)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *stale = make_file(folder, "bxfi_", NOBODY, 3600);
    g_autofree char *fresh = make_file(folder, "bxfi_", NOBODY + 1, 0);
    g_autofree char *used = make_file(folder, "bxfi_", getpid(), 3600);
    g_autofree char *other = make_file(folder, "other_", NOBODY, 3600);
    stale_remove(folder);
    cr_expect(g_access(stale, F_OK) != 0, "what a dead process left is there");
    cr_expect(g_access(fresh, F_OK) == 0, "what may be another container's is gone");
    cr_expect(g_access(used, F_OK) == 0, "what belongs to a living process is gone");
    cr_expect(g_access(other, F_OK) == 0, "what is none of ours is gone");
}
