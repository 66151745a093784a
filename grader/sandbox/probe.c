/* probe.c: which layers hold here, found out by starting a sandbox and trying to get out of it. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "inside/confine/probe.h"
#include "sandbox/parts.h"

#define PROBE_SECONDS 10
#define PROBE_OUTPUT 4096

/* Names of layers to leave off, separated by commas: for tests, and to find out what costs time. */
#define OFF_VARIABLE "ATTENTION_SANDBOX_OFF"

/* ---- layers ---------------------------------------------------------------------------------- */

static void turn_off(Sandbox *sandbox)
{
    const char *variable = g_getenv(OFF_VARIABLE);
    g_auto(GStrv) off = g_strsplit(variable ? variable : "", ",", -1);
    for (LayerId layer = 0; layer < LAYERS; layer++)
        if (g_strv_contains((const char *const *)off, sandbox_layer_names[layer]))
            sandbox_set_layer(sandbox, layer, LAYER_OFF, "turned off by " OFF_VARIABLE, NULL);
}

static gboolean file_says(const char *path, const char *value)
{
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) && strcmp(g_strchomp(text), value) == 0;
}

/* The one command that makes namespaces available, if one does. */
static const char *namespaces_fix(void)
{
    static const struct {
        const char *path, *value, *fix;
    } switches[] = {
        {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
         "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
        {"/proc/sys/kernel/unprivileged_userns_clone", "0",
         "sudo sysctl kernel.unprivileged_userns_clone=1"},
        {"/proc/sys/user/max_user_namespaces", "0", "sudo sysctl user.max_user_namespaces=10000"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(switches); i++)
        if (geteuid() != 0 && file_says(switches[i].path, switches[i].value))
            return switches[i].fix;
    if (g_file_test("/.dockerenv", G_FILE_TEST_EXISTS) ||
        g_file_test("/run/.containerenv", G_FILE_TEST_EXISTS))
        return "docker run --privileged";
    return NULL;
}

/* A user's own service manager hands memory and pids on to what it starts. */
static const char *groups_fix(void)
{
    gboolean managed = g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR);
    return managed && geteuid() != 0 ? "systemd-run --user --scope make grade" : NULL;
}

/* What is certain before anything is started. */
static void look(Sandbox *sandbox)
{
    if (!sandbox->bwrap)
        sandbox_set_layer(sandbox, LAYER_NAMESPACES, LAYER_UNAVAILABLE,
                          "bubblewrap is not installed", "sudo apt-get install bubblewrap");
    if (sandbox->groups->n == 0)
        sandbox_set_layer(sandbox, LAYER_CGROUP, LAYER_UNAVAILABLE, sandbox->groups->reason,
                          groups_fix());
}

/* ---- blame ----------------------------------------------------------------------------------- */

/*
 * The sandbox did not start: leave out the layer that failed. confine names it; before confine there
 * is only bubblewrap, which the superuser tries without a user namespace first and then with one.
 * FALSE if there is nothing to leave out.
 */
static gboolean blame(Sandbox *sandbox, const char *message)
{
    for (LayerId layer = LAYER_LANDLOCK; layer < LAYERS; layer++) {
        g_autofree char *prefix = g_strconcat(sandbox_layer_names[layer], ": ", NULL);
        if (!g_str_has_prefix(message, prefix))
            continue;
        gboolean held = sandbox_layer_holds(sandbox, layer);
        sandbox_set_layer(sandbox, layer, LAYER_UNAVAILABLE, message + strlen(prefix), NULL);
        return held;
    }
    if (sandbox->superuser) {
        sandbox->superuser = FALSE;
        return TRUE;
    }
    if (!sandbox_layer_holds(sandbox, LAYER_NAMESPACES))
        return FALSE;
    sandbox_set_layer(sandbox, LAYER_NAMESPACES, LAYER_UNAVAILABLE, message, namespaces_fix());
    sandbox->superuser = geteuid() == 0;
    return TRUE;
}

/* ---- the attempts ---------------------------------------------------------------------------- */

/* Which layer must have refused an attempt of confine/probe.c, and how. */
static const struct {
    const char *name, *result; /* NULL: any errno */
    LayerId layer;
    const char *what;
} attempts[] = {
    {"read", NULL, LAYER_NAMESPACES, "a file of the kit could be read"},
    {"signal", NULL, LAYER_NAMESPACES, "the grader could be signalled"},
    {"list", NULL, LAYER_LANDLOCK, "the root could be listed"},
    {"write", NULL, LAYER_LANDLOCK, "a file could be written"},
    {"memory", NULL, LAYER_LIMITS, "all memory could be taken"},
    {"raise", NULL, LAYER_LIMITS, "a limit could be raised"},
    {"lockdown-socket", "killed", LAYER_SECCOMP, "a socket could be opened"},
    {"lockdown-fork", "killed", LAYER_SECCOMP, "a process could be started"},
    {"lockdown-signal", "killed", LAYER_SECCOMP, "the parent could be signalled"},
    {"lockdown-abort", "killed", LAYER_SECCOMP, "the parent could be aborted"},
    {"lockdown-code", "killed", LAYER_SECCOMP, "memory could be made code"},
};

static gboolean was_refused(char **lines, guint attempt)
{
    g_autofree char *prefix = g_strconcat(attempts[attempt].name, " ", NULL);
    for (guint i = 0; lines[i]; i++) {
        if (!g_str_has_prefix(lines[i], prefix))
            continue;
        const char *result = lines[i] + strlen(prefix);
        return attempts[attempt].result ? strcmp(result, attempts[attempt].result) == 0
                                        : strcmp(result, "0") != 0;
    }
    return FALSE;
}

/* A layer through which one attempt went does not hold, whatever was put on. */
static void judge(Sandbox *sandbox, const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (guint i = 0; i < G_N_ELEMENTS(attempts); i++) {
        LayerId layer = attempts[i].layer;
        if (!sandbox_layer_holds(sandbox, layer) || was_refused(lines, i))
            continue;
        g_autofree char *reason = g_strdup_printf("the probe found that %s", attempts[i].what);
        sandbox_set_layer(sandbox, layer, LAYER_UNAVAILABLE, reason, NULL);
    }
}

/* ---- the probe ------------------------------------------------------------------------------- */

static char *probe_in(const Sandbox *sandbox, const char *box, GError **error)
{
    g_autofree char *self = g_strdup_printf("%d", getpid());
    const char *const argv[] = {"3", sandbox->confine, self, NULL};
    const ProcessFd filter = {.fd = sandbox->lockdown_filter, .number = 3};
    SandboxSpec spec = {
        .profile = SANDBOX_WORKER,
        .box = box,
        .argv = argv,
        .fds = &filter,
        .n_fds = 1,
        .wall_seconds = PROBE_SECONDS,
        .output_limit = PROBE_OUTPUT,
    };
    g_autoptr(Process) process = sandbox_start_probe(sandbox, &spec, error);
    return process ? g_strdup(process_wait(process)->out->str) : NULL;
}

/* Each try has a box of its own: the one before may have given its box to another user. */
static char *probe_once(const Sandbox *sandbox, GError **error)
{
    g_autofree char *box = g_dir_make_tmp("attention-probe-XXXXXX", error);
    if (!box)
        return NULL;
    char *output = probe_in(sandbox, box, error);
    g_autofree char *written = g_build_filename(box, PROBE_FILE, NULL);
    g_unlink(written);
    g_rmdir(box);
    return output;
}

static gboolean probe_until_it_starts(Sandbox *sandbox, GError **error)
{
    for (;;) {
        g_autoptr(GError) failure = NULL;
        g_autofree char *output = probe_once(sandbox, &failure);
        if (output) {
            judge(sandbox, output);
            return TRUE;
        }
        if (blame(sandbox, failure->message))
            continue;
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "cannot start a sandbox: ");
        return FALSE;
    }
}

gboolean sandbox_probe(Sandbox *sandbox, GError **error)
{
    look(sandbox);
    turn_off(sandbox);
    sandbox->superuser = geteuid() == 0;
    return probe_until_it_starts(sandbox, error);
}
