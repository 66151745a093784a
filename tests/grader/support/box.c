#include "support/box.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "result/result.h"

#define NOBODY 65534

const char *const box_layers_off[BOX_WAYS] = {"", "namespaces", "namespaces,landlock"};

const RubricLimits box_limits = {.compile_seconds = 20,
                                 .test_seconds = 1,
                                 .memory_seconds = 60,
                                 .memory_mib = 512,
                                 .output_kib = 64,
                                 .file_kib = 64};

char *box_build_folder(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *tests = g_path_get_dirname(program);
    return g_path_get_dirname(tests);
}

void box_become_ordinary(void)
{
    if (geteuid() == 0) {
        cr_assert(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
                  setresuid(NOBODY, NOBODY, NOBODY) == 0);
    }
    g_autofree char *build = box_build_folder();
    g_autofree char *confine = g_build_filename(build, "libexec/confine", NULL);
    if (g_access(confine, X_OK) != 0)
        cr_skip_test("an ordinary user cannot reach '%s'", confine);
}

void box_forget_call(const char *name)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int number = seccomp_syscall_resolve_name(name);
    cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0), 0);
    cr_assert_eq(seccomp_load(filter), 0);
    seccomp_release(filter);
}

Sandbox *box_sandbox(const char *off, const RubricLimits *limits)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *build = box_build_folder();
    g_autofree char *libexec = g_build_filename(build, "libexec", NULL);
    g_setenv("ATTENTION_SANDBOX_OFF", off, TRUE);
    Sandbox *sandbox = sandbox_open(libexec, limits ? limits : &box_limits, &error);
    cr_assert_not_null(sandbox, "%s", error ? error->message : "no reason");
    return sandbox;
}

char *box_layer(const Sandbox *sandbox, const char *name)
{
    g_autoptr(GPtrArray) layers = sandbox_layers(sandbox);
    for (guint i = 0; i < layers->len; i++) {
        const SandboxLayer *layer = g_ptr_array_index(layers, i);
        if (strcmp(layer->name, name) == 0)
            return layer->reason ? g_strdup_printf("%s: %s", layer->state, layer->reason)
                                 : g_strdup(layer->state);
    }
    cr_assert_fail("there is no layer %s", name);
    return NULL;
}

gboolean box_has(const Sandbox *sandbox, const char *name)
{
    g_autofree char *layer = box_layer(sandbox, name);
    return strcmp(layer, "enforced") == 0;
}

char *box_new(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *build = box_build_folder();
    g_autofree char *program = g_build_filename(build, "tests/inside", NULL);
    char *box = g_dir_make_tmp("attention-test-box-XXXXXX", &error);
    cr_assert_not_null(box);
    g_autofree char *copy = g_build_filename(box, "inside", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(program, &bytes, &length, NULL), "no '%s'", program);
    cr_assert(g_file_set_contents(copy, bytes, (gssize)length, NULL));
    cr_assert(g_chmod(copy, 0755) == 0 && g_chmod(box, 0755) == 0);
    return box;
}

void box_free(char *box)
{
    g_autoptr(GDir) folder = g_dir_open(box, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(box, name, NULL);
        g_unlink(path);
    }
    g_rmdir(box);
    g_free(box);
}

Process *box_start(const Sandbox *sandbox, SandboxProfile profile, const char *box,
                   const char *command, int given_fd, GError **error)
{
    g_auto(GStrv) argv = g_strsplit(command, " ", -1);
    const ProcessFd given = {.fd = given_fd, .number = 3};
    const SandboxSpec spec = {.profile = profile,
                              .box = box,
                              .box_writable = profile != SANDBOX_WORKER,
                              .argv = (const char *const *)argv,
                              .fds = &given,
                              .n_fds = given_fd >= 0,
                              .wall_seconds = 60,
                              .output_limit = 100000};
    return sandbox_start(sandbox, &spec, error);
}

Process *box_run(const Sandbox *sandbox, SandboxProfile profile, const char *box,
                 const char *command)
{
    g_autoptr(GError) error = NULL;
    int filter = sandbox_lockdown_filter(sandbox, &error);
    Process *process = box_start(sandbox, profile, box, command, filter, &error);
    cr_assert_not_null(process, "%s", error ? error->message : "no reason");
    process_wait(process);
    close(filter);
    return process;
}
