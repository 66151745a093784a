/* cgroup.c: control groups, of versions 1 and 2. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "sandbox/parts.h"

#define REMOVE_TRIES 500 /* milliseconds */
#define GROUP_PREFIX "attention-run-"

/* ---- files of a group ------------------------------------------------------------------------ */

static gboolean set_number(const char *group, const char *file, guint64 number)
{
    g_autofree char *path = g_build_filename(group, file, NULL);
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    files_autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Is `word` in a list of words, as of controllers? */
static gboolean file_lists(const char *folder, const char *file, const char *word)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    g_auto(GStrv) words = g_strsplit_set(text, " \n,", -1);
    return g_strv_contains((const char *const *)words, word);
}

/* ---- finding a place ------------------------------------------------------------------------- */

/* The path of this process's group in the hierarchy of a controller ("" is version 2). */
static char *own_group(const char *controller)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", 3);
        if (g_strv_length(fields) != 3)
            continue;
        g_auto(GStrv) controllers = g_strsplit(fields[1], ",", -1);
        if (*controller ? g_strv_contains((const char *const *)controllers, controller)
                        : fields[1][0] == '\0')
            return g_strdup(fields[2]);
    }
    return NULL;
}

/*
 * What the names of groups begin with: the pid namespace, so that no grader in another container
 * takes the numbers in them for those of its own.
 */
static char *group_prefix(void)
{
    struct stat status = {0};
    stat("/proc/self/ns/pid", &status);
    return g_strdup_printf(GROUP_PREFIX "%ju-", (uintmax_t)status.st_ino);
}

/* A grader that was killed could not remove its groups; they are empty, and named after it. */
static void remove_stale(const char *parent)
{
    g_autofree char *prefix = group_prefix();
    g_autoptr(GDir) folder = g_dir_open(parent, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        if (!g_str_has_prefix(name, prefix))
            continue;
        if (!process_is_gone(g_ascii_strtoll(name + strlen(prefix), NULL, 10)))
            continue;
        g_autofree char *path = g_build_filename(parent, name, NULL);
        g_rmdir(path);
    }
}

static gboolean take_parent(SandboxGroups *groups, char *parent)
{
    if (g_access(parent, W_OK | X_OK) != 0) {
        g_free(parent);
        return FALSE;
    }
    remove_stale(parent);
    groups->parents[groups->n++] = parent;
    return TRUE;
}

/*
 * Version 2: a group may hold processes or hand controllers to groups below it, not both; so ours
 * go beside this process's own group, where somebody has already handed them on.
 */
static gboolean find_v2(SandboxGroups *groups)
{
    g_autofree char *own = own_group("");
    if (!own || !g_file_test("/sys/fs/cgroup/cgroup.controllers", G_FILE_TEST_EXISTS))
        return FALSE;
    g_autofree char *above = g_path_get_dirname(own);
    const char *const places[] = {own, above};
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        char *parent = g_build_filename("/sys/fs/cgroup", places[i], NULL);
        if (!file_lists(parent, "cgroup.subtree_control", "memory") ||
            !file_lists(parent, "cgroup.subtree_control", "pids"))
            g_free(parent);
        else if (take_parent(groups, parent))
            return groups->v2 = TRUE;
    }
    return FALSE;
}

static gboolean find_v1(SandboxGroups *groups)
{
    static const char *const controllers[] = {"memory", "pids"};
    for (guint i = 0; i < G_N_ELEMENTS(controllers); i++) {
        g_autofree char *own = own_group(controllers[i]);
        if (!own ||
            !take_parent(groups, g_build_filename("/sys/fs/cgroup", controllers[i], own, NULL)))
            return FALSE;
    }
    return TRUE;
}

static void forget_parents(SandboxGroups *groups)
{
    for (guint i = 0; i < groups->n; i++)
        g_clear_pointer(&groups->parents[i], g_free);
    groups->n = 0;
}

SandboxGroups *sandbox_groups_find(void)
{
    SandboxGroups *groups = g_new0(SandboxGroups, 1);
    if (find_v2(groups))
        return groups;
    forget_parents(groups);
    if (find_v1(groups))
        return groups;
    forget_parents(groups);
    groups->reason = g_strdup("this user may not make control groups here");
    return groups;
}

void sandbox_groups_free(SandboxGroups *groups)
{
    if (!groups)
        return;
    forget_parents(groups);
    g_free(groups->reason);
    g_free(groups);
}

/* ---- one run --------------------------------------------------------------------------------- */

/* Swap is not more memory; a kernel that does not count it has no such file. */
static gboolean set_limits(const SandboxGroups *groups, const SandboxGroup *group, guint64 memory,
                           guint processes)
{
    const char *const memory_group = group->paths[0];
    if (!set_number(memory_group, groups->v2 ? "memory.max" : "memory.limit_in_bytes", memory))
        return FALSE;
    if (groups->v2)
        set_number(memory_group, "memory.swap.max", 0);
    else
        set_number(memory_group, "memory.memsw.limit_in_bytes", memory);
    return set_number(group->paths[group->n - 1], "pids.max", processes);
}

static gboolean add_folder(SandboxGroup *group, const char *parent)
{
    static gint serial;
    g_autofree char *prefix = group_prefix();
    g_autofree char *name =
        g_strdup_printf("%s%d-%d", prefix, getpid(), g_atomic_int_add(&serial, 1));
    char *path = g_build_filename(parent, name, NULL);
    if (g_mkdir(path, 0755) != 0) {
        g_free(path);
        return FALSE;
    }
    g_autofree char *procs = g_build_filename(path, "cgroup.procs", NULL);
    group->paths[group->n] = path;
    group->procs[group->n] = open(procs, O_WRONLY | O_CLOEXEC);
    return group->procs[group->n++] >= 0;
}

SandboxGroup *sandbox_group_new(const SandboxGroups *groups, guint64 memory, guint processes,
                                GError **error)
{
    SandboxGroup *group = g_new0(SandboxGroup, 1);
    gboolean made = TRUE;
    for (guint i = 0; i < groups->n && made; i++)
        made = add_folder(group, groups->parents[i]);
    if (made && (groups->n == 0 || set_limits(groups, group, memory, processes)))
        return group;
    grader_set_errno(error, "cannot make a control group in '%s'", groups->parents[0]);
    sandbox_group_free(group);
    return NULL;
}

void sandbox_group_close(SandboxGroup *group)
{
    for (guint i = 0; i < group->n; i++)
        files_close(&group->procs[i]);
}

/* A group is busy for as long as the last of its processes, killed before, is not quite dead. */
static void remove_folder(const char *path)
{
    for (guint i = 0; g_rmdir(path) != 0 && errno == EBUSY && i < REMOVE_TRIES; i++)
        g_usleep(1000);
}

void sandbox_group_free(gpointer data)
{
    SandboxGroup *group = data;
    sandbox_group_close(group);
    for (guint i = 0; i < group->n; i++) {
        remove_folder(group->paths[i]);
        g_free(group->paths[i]);
    }
    g_free(group);
}
