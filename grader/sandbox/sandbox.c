#include "sandbox/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "inside/confine/landlock.h"

#define BOX_INSIDE "/box"
#define STATUS_BYTES 1000
#define START_MILLISECONDS 30000 /* an overloaded machine is given the time that it needs */
#define GROUP_PROCESSES 128

/* ---- life ------------------------------------------------------------------------------------ */

static gboolean make_filters(Sandbox *sandbox, GError **error)
{
    for (int profile = 0; profile < SANDBOX_PROFILES; profile++) {
        sandbox->filters[profile] = sandbox_filter_new((SandboxProfile)profile, error);
        if (sandbox->filters[profile] < 0)
            return FALSE;
    }
    sandbox->leaf_filter = sandbox_filter_new_leaf(error);
    return sandbox->leaf_filter >= 0;
}

static gboolean find_programs(Sandbox *sandbox, const char *libexec, GError **error)
{
    g_autofree char *confine = g_build_filename(libexec, "confine", NULL);
    sandbox->confine = g_canonicalize_filename(confine, NULL);
    sandbox->bwrap = g_find_program_in_path("bwrap");
    if (g_file_test(sandbox->confine, G_FILE_TEST_IS_EXECUTABLE))
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL, "cannot run '%s': build the kit again",
                sandbox->confine);
    return FALSE;
}

static gboolean open_parts(Sandbox *sandbox, const char *libexec, GError **error)
{
    if (!find_programs(sandbox, libexec, error) || !make_filters(sandbox, error))
        return FALSE;
    if (pipe2(sandbox->lifeline, O_CLOEXEC) < 0) {
        grader_set_errno(error, "cannot make a pipe");
        return FALSE;
    }
    return sandbox_probe(sandbox, error);
}

Sandbox *sandbox_open(const char *libexec, const RubricLimits *limits, GError **error)
{
    Sandbox *sandbox = g_new0(Sandbox, 1);
    sandbox->limits = *limits;
    sandbox->lifeline[0] = sandbox->lifeline[1] = sandbox->leaf_filter = -1;
    for (int profile = 0; profile < SANDBOX_PROFILES; profile++) {
        sandbox->filters[profile] = -1;
        sandbox->paths[profile] = sandbox_paths_new((SandboxProfile)profile);
    }
    sandbox->groups = sandbox_groups_find();
    if (open_parts(sandbox, libexec, error))
        return sandbox;
    sandbox_free(sandbox);
    return NULL;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void sandbox_free(Sandbox *sandbox)
{
    if (!sandbox)
        return;
    for (int profile = 0; profile < SANDBOX_PROFILES; profile++) {
        close_fd(sandbox->filters[profile]);
        g_ptr_array_unref(sandbox->paths[profile]);
    }
    for (int layer = 0; layer < LAYERS; layer++) {
        g_free(sandbox->layers[layer].reason);
        g_free(sandbox->layers[layer].fix);
    }
    close_fd(sandbox->leaf_filter);
    close_fd(sandbox->lifeline[0]);
    close_fd(sandbox->lifeline[1]);
    sandbox_groups_free(sandbox->groups);
    g_free(sandbox->confine);
    g_free(sandbox->bwrap);
    g_free(sandbox);
}

int sandbox_lockdown_filter(const Sandbox *sandbox, GError **error)
{
    int fd = fcntl(sandbox->leaf_filter, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        grader_set_errno(error, "cannot copy the filter of the tests");
    return fd;
}

gboolean sandbox_layer_holds(const Sandbox *sandbox, LayerId layer)
{
    return sandbox->layers[layer].state == LAYER_ENFORCED;
}

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

/* ---- the group ------------------------------------------------------------------------------- */

/*
 * Of all processes of a run together. Tests of one submission run side by side: one that takes all
 * that it may have does not cost the test beside it its life.
 */
static guint64 group_memory(const Sandbox *sandbox, SandboxProfile profile)
{
    guint64 one = sandbox_memory_limit(sandbox, profile);
    return profile == SANDBOX_WORKER ? 2 * one : one;
}

static gboolean make_group(const Sandbox *sandbox, SandboxProfile profile, SandboxGroup *group,
                           GError **error)
{
    *group = (SandboxGroup){0};
    if (!sandbox_layer_holds(sandbox, LAYER_CGROUP))
        return TRUE;
    return sandbox_group_make(sandbox->groups, group_memory(sandbox, profile), GROUP_PROCESSES,
                              group, error);
}

static void group_ended(gpointer data)
{
    SandboxGroup *group = data;
    sandbox_group_remove(group);
    g_free(group);
}

/* ---- starting -------------------------------------------------------------------------------- */

/* Give confine a descriptor of ours; its number there. */
static int hand_over(SandboxStart *start, int fd)
{
    ProcessFd entry = {.fd = fd, .number = 3 + (int)start->fds->len};
    g_array_append_val(start->fds, entry);
    return entry.number;
}

static void hand_over_all(SandboxStart *start, int status_fd, const SandboxGroup *group)
{
    const Sandbox *sandbox = start->sandbox;
    for (guint i = 0; i < start->spec->n_fds; i++)
        hand_over(start, start->spec->fds[i].fd);
    start->keep = 3 + start->fds->len;
    start->status = hand_over(start, status_fd);
    start->lifeline = hand_over(start, sandbox->lifeline[0]);
    start->filter = hand_over(start, sandbox->filters[start->spec->profile]);
    for (guint i = 0; i < group->n; i++)
        start->groups[start->n_groups++] = hand_over(start, group->procs[i]);
}

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

static Process *start_process(SandboxStart *start, SandboxGroup *group, int status_fds[2],
                              GError **error)
{
    static const char *const environment[] = {"PATH=/usr/bin", "LC_ALL=C", "TMPDIR=.", NULL};
    hand_over_all(start, status_fds[1], group);
    g_autoptr(GPtrArray) argv = sandbox_command(start);
    ProcessSpec spec = {
        .argv = (const char *const *)argv->pdata,
        .envp = environment,
        .directory = start->spec->box,
        .fds = (const ProcessFd *)(gpointer)start->fds->data,
        .n_fds = start->fds->len,
        .wall_seconds = start->spec->wall_seconds,
        .cpu_seconds = start->spec->cpu_seconds,
        .output_limit = start->spec->output_limit,
        .status_128 = TRUE,
        .ended = group_ended,
        .ended_data = group,
    };
    g_autoptr(Process) process = process_start(&spec, error);
    close_fd(status_fds[1]);
    status_fds[1] = -1;
    if (!process)
        return NULL;
    if (!wait_for_start(process, status_fds[0], error))
        return NULL;
    sandbox_group_close(group);
    return g_steal_pointer(&process);
}

static Process *start(SandboxStart *start, GError **error)
{
    const Sandbox *sandbox = start->sandbox;
    gboolean namespaces = sandbox_layer_holds(sandbox, LAYER_NAMESPACES);
    int status_fds[2];
    start->box = namespaces ? BOX_INSIDE : start->spec->box;
    if (!choose_user(start, error))
        return NULL;
    if (pipe2(status_fds, O_CLOEXEC) < 0) {
        grader_set_errno(error, "cannot make a pipe");
        return NULL;
    }
    SandboxGroup *group = g_new0(SandboxGroup, 1);
    Process *process = NULL;
    start->fds = g_array_new(FALSE, FALSE, sizeof(ProcessFd));
    if (make_group(sandbox, start->spec->profile, group, error))
        process = start_process(start, group, status_fds, error);
    else
        g_free(group);
    g_array_unref(start->fds);
    close_fd(status_fds[0]);
    close_fd(status_fds[1]);
    return process;
}

Process *sandbox_start(const Sandbox *sandbox, const SandboxSpec *spec, GError **error)
{
    SandboxStart program = {.sandbox = sandbox, .spec = spec};
    Process *process = start(&program, error);
    if (!process)
        g_prefix_error(error, "cannot start '%s' in the sandbox: ", spec->argv[0]);
    return process;
}

Process *sandbox_start_probe(const Sandbox *sandbox, const SandboxSpec *spec, GError **error)
{
    SandboxStart program = {.sandbox = sandbox, .spec = spec, .probe = TRUE};
    return start(&program, error);
}

/* ---- what holds ------------------------------------------------------------------------------ */

static const char *const layer_names[LAYERS] = {"namespaces", "landlock", "seccomp", "limits",
                                                "cgroup"};
static const char *const layer_states[] = {"enforced", "unavailable", "off"};

GPtrArray *sandbox_layers(const Sandbox *sandbox)
{
    GPtrArray *layers = g_ptr_array_new_with_free_func((GDestroyNotify)sandbox_layer_free);
    for (int layer = 0; layer < LAYERS; layer++)
        g_ptr_array_add(layers, sandbox_layer_new(layer_names[layer],
                                                  layer_states[sandbox->layers[layer].state],
                                                  sandbox->layers[layer].reason));
    return layers;
}

const char *sandbox_fix(const Sandbox *sandbox)
{
    for (int layer = 0; layer < LAYERS; layer++)
        if (sandbox->layers[layer].fix)
            return sandbox->layers[layer].fix;
    return NULL;
}

/* Landlock is the one layer that a kernel of today may not have, whatever is done about it. */
static gboolean beyond_kernel(const Layer *layer)
{
    return layer->state == LAYER_UNAVAILABLE && strcmp(layer->reason, LANDLOCK_MISSING) == 0;
}

/* The first layer that is missing for `required`, or LAYERS. */
static LayerId missing_layer(const Sandbox *sandbox, RubricSandbox required)
{
    gboolean walls = sandbox_layer_holds(sandbox, LAYER_NAMESPACES) ||
                     sandbox_layer_holds(sandbox, LAYER_LANDLOCK);
    for (LayerId id = 0; id < LAYERS && required != REQUIRE_NOTHING; id++) {
        gboolean is_wall = id == LAYER_NAMESPACES || id == LAYER_LANDLOCK;
        gboolean needed = required == REQUIRE_FULL ? !beyond_kernel(&sandbox->layers[id])
                          : is_wall                ? !walls
                                                   : id != LAYER_CGROUP;
        if (needed && !sandbox_layer_holds(sandbox, id))
            return id;
    }
    return LAYERS;
}

gboolean sandbox_require(const Sandbox *sandbox, RubricSandbox required, GError **error)
{
    LayerId missing = missing_layer(sandbox, required);
    if (missing == LAYERS)
        return TRUE;
    const Layer *layer = &sandbox->layers[missing];
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SANDBOX,
                "the sandbox does not hold: %s %s (%s)%s%s", layer_names[missing],
                layer_states[layer->state], layer->reason, layer->fix ? "; try: " : "",
                layer->fix ? layer->fix : "");
    return FALSE;
}
