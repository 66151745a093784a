/* command.c: the command line of one start: bubblewrap and confine, or confine alone. */
#include <string.h>

#include "sandbox/parts.h"

/* The kit's confine inside the namespaces. */
#define CONFINE_INSIDE "/confine"

#define MIB ((guint64)1 << 20)

static void add_words(GPtrArray *argv, const char *const *words)
{
    for (; *words; words++)
        g_ptr_array_add(argv, g_strdup(*words));
}

#define ADD(argv, ...) add_words(argv, (const char *const[]){__VA_ARGS__, NULL})

static void add_number(GPtrArray *argv, const char *option, guint64 number)
{
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, g_strdup_printf("%" G_GUINT64_FORMAT, number));
}

static void add_limit(GPtrArray *argv, const char *name, guint64 limit)
{
    g_ptr_array_add(argv, g_strdup("--limit"));
    g_ptr_array_add(argv, g_strdup_printf("%s=%" G_GUINT64_FORMAT, name, limit));
}

/* ---- bubblewrap ------------------------------------------------------------------------------ */

/* The folders above a path. bubblewrap makes those above a file too, but for its own user only. */
static void add_folders_above(GPtrArray *argv, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(path, (gsize)(slash - path));
        ADD(argv, "--dir", folder);
    }
}

static void add_mounts(GPtrArray *argv, const SandboxStart *start)
{
    const GPtrArray *paths = start->sandbox->paths[start->spec->profile];
    for (guint i = 0; i < paths->len; i++) {
        const SandboxPath *path = g_ptr_array_index(paths, i);
        if (path->source) {
            add_folders_above(argv, path->path);
            ADD(argv, "--ro-bind", path->source, path->path);
        } else {
            ADD(argv, "--symlink", path->target, path->path);
        }
    }
    if (start->spec->profile == SANDBOX_MEMCHECK || start->probe)
        ADD(argv, "--proc", "/proc");
    ADD(argv, "--ro-bind", start->sandbox->confine, CONFINE_INSIDE);
    ADD(argv, start->spec->box_writable ? "--bind" : "--ro-bind", start->spec->box, start->box);
    ADD(argv, "--remount-ro", "/");
}

/*
 * The superuser needs no user namespace, and leaves less of the kernel open without one; confine
 * then becomes nobody, for which it keeps two capabilities until it has done so. --as-pid-1 because
 * confine is what bubblewrap would fork to be process 1, and it reports what was used.
 */
static void add_bwrap(GPtrArray *argv, const SandboxStart *start)
{
    ADD(argv, start->sandbox->bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net",
        "--unshare-uts", "--unshare-cgroup-try", "--as-pid-1", "--cap-drop", "ALL");
    if (start->user != 0)
        ADD(argv, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID");
    else
        ADD(argv, "--unshare-user", "--uid", G_STRINGIFY(SANDBOX_USER), "--gid",
            G_STRINGIFY(SANDBOX_USER));
    add_mounts(argv, start);
}

/* ---- confine --------------------------------------------------------------------------------- */

/*
 * gcc takes 2 GiB for the worst honest file and gives up in words above that. Valgrind maps the
 * program's memory, half as much again for what it knows of it, its own code and translations.
 */
guint64 sandbox_memory_limit(const Sandbox *sandbox, SandboxProfile profile)
{
    guint64 student = sandbox->limits.memory_mib * MIB;
    switch (profile) {
    case SANDBOX_COMPILER:
        return 2048 * MIB;
    case SANDBOX_WORKER:
        return student;
    case SANDBOX_MEMCHECK:
        return 2 * student + 1024 * MIB;
    }
    return student;
}

/*
 * Where there is a user namespace of its own, a sandbox counts its processes alone; where there is
 * not, all that belong to nobody (or, without any namespace, to the user) count, so then there is
 * no limit that would be safe and small; the group's limit holds.
 */
static void add_process_limit(GPtrArray *argv, const SandboxStart *start)
{
    if (sandbox_layer_holds(start->sandbox, LAYER_NAMESPACES) && start->user == 0)
        add_limit(argv, "processes", 64);
    else if (start->user != 0)
        add_limit(argv, "processes", 1024);
}

/*
 * The stack: twice what a laptop gives, and as much as Valgrind makes of a larger one. A core of at
 * most one byte is none, and the one size for which the kernel does not start the machine's own
 * program for cores either (core(5)): a compiler that crashes is no business of systemd or apport.
 */
static void add_limits(GPtrArray *argv, const SandboxStart *start)
{
    const RubricLimits *limits = &start->sandbox->limits;
    add_limit(argv, "memory", sandbox_memory_limit(start->sandbox, start->spec->profile));
    add_limit(argv, "core", 1);
    add_limit(argv, "locked", 64 << 10);
    add_limit(argv, "queues", 0);
    add_process_limit(argv, start);
    switch (start->spec->profile) {
    case SANDBOX_COMPILER:
        add_limit(argv, "cpu", limits->compile_seconds);
        add_limit(argv, "file", 64 * MIB);
        add_limit(argv, "stack", 64 * MIB);
        add_limit(argv, "files", 256);
        break;
    case SANDBOX_WORKER:
        add_limit(argv, "file", limits->output_kib * (guint64)1024);
        add_limit(argv, "stack", 16 * MIB);
        add_limit(argv, "files", 256);
        break;
    case SANDBOX_MEMCHECK:
        add_limit(argv, "cpu", limits->memory_seconds);
        add_limit(argv, "file", 64 * MIB);
        add_limit(argv, "stack", 16 * MIB);
        add_limit(argv, "files", 256);
        break;
    }
}

static void add_landlock(GPtrArray *argv, const SandboxStart *start)
{
    const GPtrArray *paths = start->sandbox->paths[start->spec->profile];
    ADD(argv, "--landlock", start->spec->box_writable ? "--write" : "--exec", start->box);
    if (start->spec->profile == SANDBOX_MEMCHECK)
        ADD(argv, "--read", "/proc/self");
    for (guint i = 0; i < paths->len; i++) {
        const SandboxPath *path = g_ptr_array_index(paths, i);
        if (path->source)
            ADD(argv, path->exec ? "--exec" : "--read", path->path);
    }
}

static void add_confine(GPtrArray *argv, const SandboxStart *start)
{
    add_number(argv, "--status", start->own + OWN_STATUS);
    add_number(argv, "--lifeline", start->own + OWN_LIFELINE);
    add_number(argv, "--keep", start->own);
    if (start->user != 0)
        add_number(argv, "--user", start->user);
    for (guint i = 0; i < start->n_groups; i++)
        add_number(argv, "--group", start->own + OWN_GROUPS + i);
    if (sandbox_layer_holds(start->sandbox, LAYER_LIMITS))
        add_limits(argv, start);
    if (sandbox_layer_holds(start->sandbox, LAYER_LANDLOCK))
        add_landlock(argv, start);
    if (sandbox_layer_holds(start->sandbox, LAYER_SECCOMP))
        add_number(argv, "--filter", start->own + OWN_FILTER);
    if (start->probe)
        ADD(argv, "--probe");
    ADD(argv, "--");
}

GPtrArray *sandbox_command(const SandboxStart *start)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    if (sandbox_layer_holds(start->sandbox, LAYER_NAMESPACES)) {
        add_bwrap(argv, start);
        ADD(argv, CONFINE_INSIDE, "--folder", start->box);
    } else {
        ADD(argv, start->sandbox->confine);
    }
    add_confine(argv, start);
    add_words(argv, start->spec->argv);
    g_ptr_array_add(argv, NULL);
    return argv;
}
