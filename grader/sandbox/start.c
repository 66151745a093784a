/* start.c: start one program within all layers; see sandbox.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "sandbox/parts.h"

#define BOX_INSIDE "/box"
#define STATUS_BYTES 1000
#define START_MILLISECONDS 30000 /* an overloaded machine is given the time that it needs */
#define GROUP_PROCESSES 128

/* ---- the user -------------------------------------------------------------------------------- */

/* Can everybody go to this folder, from the root? */
static gboolean everybody_reaches(const char *folder)
{
    g_autofree char *path = g_path_get_dirname(folder);
    while (strcmp(path, "/") != 0) {
        struct stat status;
        if (stat(path, &status) != 0 || !(status.st_mode & S_IXOTH))
            return FALSE;
        char *above = g_path_get_dirname(path);
        g_free(path);
        path = above;
    }
    return TRUE;
}

/*
 * Started by the superuser, the program runs as nobody; the box then belongs to nobody too. Where
 * there are no namespaces the box is where it is, and Valgrind opens what is in it by its absolute
 * path: if nobody cannot go there, the program keeps the user, without capabilities.
 */
static gboolean choose_user(SandboxStart *start, GError **error)
{
    if (!start->sandbox->superuser)
        return TRUE;
    if (!sandbox_layer_holds(start->sandbox, LAYER_NAMESPACES) &&
        !everybody_reaches(start->spec->box))
        return TRUE;
    start->user = SANDBOX_USER;
    if (chown(start->spec->box, start->user, start->user) == 0)
        return TRUE;
    grader_set_errno(error, "cannot give '%s' to the sandbox", start->spec->box);
    return FALSE;
}

/* ---- what it gets ---------------------------------------------------------------------------- */

/*
 * Of all processes of a run together. Tests of one submission run side by side: one that takes all
 * that it may have does not cost the test beside it its life.
 */
static guint64 group_memory(const Sandbox *sandbox, SandboxProfile profile)
{
    guint64 one = sandbox_memory_limit(sandbox, profile);
    return profile == SANDBOX_WORKER ? 2 * one : one;
}

static SandboxGroup *make_group(const SandboxStart *start, GError **error)
{
    const Sandbox *sandbox = start->sandbox;
    if (!sandbox_layer_holds(sandbox, LAYER_CGROUP))
        return g_new0(SandboxGroup, 1);
    guint64 memory = group_memory(sandbox, start->spec->profile);
    return sandbox_group_new(sandbox->groups, memory, GROUP_PROCESSES, error);
}

static void add_fd(GArray *fds, int fd)
{
    const ProcessFd entry = {.fd = fd, .number = 3 + (int)fds->len};
    g_array_append_val(fds, entry);
}

/* The caller's descriptors, then ours for confine, in the order of the OWN_ numbers. */
static GArray *list_fds(SandboxStart *start, const SandboxGroup *group, int status)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(ProcessFd));
    for (guint i = 0; i < start->spec->n_fds; i++)
        add_fd(fds, start->spec->fds[i].fd);
    start->own = 3 + fds->len;
    add_fd(fds, status);
    add_fd(fds, start->sandbox->lifeline[0]);
    add_fd(fds, start->sandbox->filters[start->spec->profile]);
    for (guint i = 0; i < group->n; i++)
        add_fd(fds, group->procs[i]);
    start->n_groups = group->n;
    return fds;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* Read to its end what confine says about the start. */
static char *read_status(int fd)
{
    char text[STATUS_BYTES];
    gsize length = 0;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (length < sizeof text && poll(&poll_fd, 1, START_MILLISECONDS) != 0) {
        ssize_t got = read(fd, text + length, sizeof text - length);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        length += got > 0 ? (gsize)got : 0;
    }
    return g_strndup(text, length);
}

/* bubblewrap explains itself at length, with links: the first sentence is enough for a report. */
static const char *first_sentence(char *text)
{
    char *end = strstr(text, ". ");
    if (end != NULL)
        *end = '\0';
    return g_strchomp(text);
}

/* Only a process that has become the program, within all its layers, leaves sandbox_start(). */
static gboolean wait_for_start(Process *process, int status_fd, GError **error)
{
    g_autofree char *status = read_status(status_fd);
    if (strcmp(status, "ok") == 0)
        return TRUE;
    const char *reason = g_str_has_prefix(status, "ok") ? status + 2 : status;
    if (*reason == '\0') {
        process_kill(process);
        const ProcessOutcome *outcome = process_wait(process);
        reason = outcome->err->len > 0 ? first_sentence(outcome->err->str) : "no answer in time";
    }
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SANDBOX, "%s", reason);
    return FALSE;
}

/* Takes over the group, which goes when the process has ended. */
static Process *start_process(SandboxStart *start, SandboxGroup *group, int status, GError **error)
{
    static const char *const environment[] = {"PATH=/usr/bin", "LC_ALL=C", "TMPDIR=.", NULL};
    g_autoptr(GArray) fds = list_fds(start, group, status);
    g_autoptr(GPtrArray) argv = sandbox_command(start);
    const ProcessSpec spec = {
        .argv = (const char *const *)argv->pdata,
        .envp = environment,
        .directory = start->spec->box,
        .fds = (const ProcessFd *)(gpointer)fds->data,
        .n_fds = fds->len,
        .wall_seconds = start->spec->wall_seconds,
        .cpu_seconds = start->spec->cpu_seconds,
        .output_limit = start->spec->output_limit,
        .status_128 = TRUE,
        .ended = sandbox_group_free,
        .ended_data = group,
    };
    return process_start(&spec, error);
}

static Process *start(const Sandbox *sandbox, const SandboxSpec *spec, gboolean probe,
                      GError **error)
{
    SandboxStart start = {.sandbox = sandbox, .spec = spec, .probe = probe};
    start.box = sandbox_layer_holds(sandbox, LAYER_NAMESPACES) ? BOX_INSIDE : spec->box;
    if (!choose_user(&start, error))
        return NULL;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        grader_set_errno(error, "cannot make a pipe");
        return NULL;
    }
    files_autofd int status = ends[0], status_inside = ends[1];
    SandboxGroup *group = make_group(&start, error);
    if (group == NULL)
        return NULL;
    g_autoptr(Process) process = start_process(&start, group, status_inside, error);
    files_close(&status_inside);
    if (process == NULL || !wait_for_start(process, status, error))
        return NULL;
    sandbox_group_close(group);
    return g_steal_pointer(&process);
}

Process *sandbox_start(const Sandbox *sandbox, const SandboxSpec *spec, GError **error)
{
    Process *process = start(sandbox, spec, FALSE, error);
    if (!process)
        g_prefix_error(error, "cannot start '%s' in the sandbox: ", spec->argv[0]);
    return process;
}

Process *sandbox_start_probe(const Sandbox *sandbox, const SandboxSpec *spec, GError **error)
{
    return start(sandbox, spec, TRUE, error);
}
