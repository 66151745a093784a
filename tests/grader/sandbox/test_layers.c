/* What the sandbox says of itself: which layers hold, why others do not, and what would help. */
#include "support/box.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

static void assert_attacks_fail(const Sandbox *sandbox, const char *box)
{
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_WORKER, box, "./inside attacks");
    const char *out = process_wait(process)->out->str;
    cr_expect_null(strstr(out, "status 98"), "%s", out);
    cr_expect_not_null(strstr(out, "kill_all signal SYS"), "%s", out);
}

/* ---- what it says ---------------------------------------------------------------------------- */

Test(sandbox_layers, says_what_is_off)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("landlock,cgroup", NULL);
    g_autofree char *landlock = box_layer(sandbox, "landlock");
    g_autofree char *seccomp = box_layer(sandbox, "seccomp");
    cr_expect(g_str_has_prefix(landlock, "off: "), "%s", landlock);
    cr_expect_str_eq(seccomp, "enforced");
}

Test(sandbox_layers, says_that_bubblewrap_is_not_installed_and_what_to_do)
{
    g_setenv("PATH", "/nowhere", TRUE);
    g_autoptr(GError) error = NULL;
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    g_autofree char *namespaces = box_layer(sandbox, "namespaces");
    cr_expect_str_eq(namespaces, "unavailable: bubblewrap is not installed");
    cr_expect_str_eq(sandbox_fix(sandbox), "sudo apt-get install bubblewrap");
    cr_expect_not(sandbox_require(sandbox, REQUIRE_FULL, &error));
    cr_expect_not_null(strstr(error->message, "try: sudo apt-get install bubblewrap"), "%s",
                       error->message);
}

/* A bubblewrap that fails as Ubuntu's does for an ordinary user. */
Test(sandbox_layers, goes_on_without_namespaces_where_they_are_refused)
{
    char *box = box_new();
    g_autofree char *fake = g_build_filename(box, "bwrap", NULL);
    cr_assert(g_file_set_contents(
        fake,
        "#!/bin/sh\n"
        "echo 'bwrap: setting up uid map: Permission denied. See <https://a.example>' >&2\n"
        "exit 1\n",
        -1, NULL));
    cr_assert_eq(g_chmod(fake, 0755), 0);
    g_setenv("PATH", box, TRUE);
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    g_autofree char *namespaces = box_layer(sandbox, "namespaces");
    cr_expect_str_eq(namespaces, "unavailable: bwrap: setting up uid map: Permission denied");
    cr_expect(box_has(sandbox, "seccomp") && box_has(sandbox, "limits"));
    assert_attacks_fail(sandbox, box);
    box_free(box);
}

/* In a chroot, for one, there are none; what needs them has nothing to show there. */
static void skip_without_namespaces(void)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    if (!box_has(sandbox, "namespaces"))
        cr_skip_test("no namespaces here");
}

/* A bubblewrap that does not isolate: only the probe can tell. */
static void expect_not_believed(const char *build)
{
    char *box = box_new();
    g_autofree char *fake = g_build_filename(box, "bwrap", NULL);
    g_autofree char *libexec = g_build_filename(build, "libexec", NULL);
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\nwhile [ \"$1\" != --folder ]; do shift; done\nshift 2\n"
                        "exec %s/confine \"$@\"\n",
                        libexec);
    cr_assert(g_file_set_contents(fake, script, -1, NULL));
    cr_assert_eq(g_chmod(fake, 0755), 0);
    g_setenv("PATH", box, TRUE);
    g_setenv("ATTENTION_SANDBOX_OFF", "landlock", TRUE);
    g_autoptr(Sandbox) sandbox = sandbox_open(libexec, &box_limits, NULL);
    cr_assert_not_null(sandbox);
    g_autofree char *namespaces = box_layer(sandbox, "namespaces");
    cr_expect(g_str_has_prefix(namespaces, "unavailable: the probe found"), "%s", namespaces);
    box_free(box);
}

Test(sandbox_layers, believes_what_it_tried_and_not_what_it_was_told)
{
    skip_without_namespaces();
    g_autofree char *build = box_build_folder();
    expect_not_believed(build);
}

/* Such as the superuser's home: what cannot be read there says nothing about the sandbox. */
Test(sandbox_layers, believes_no_probe_of_a_kit_in_a_folder_that_is_closed)
{
    skip_without_namespaces();
    g_autofree char *build = box_build_folder();
    g_autofree char *home = g_dir_make_tmp("closed-XXXXXX", NULL);
    g_autofree char *libexec = g_build_filename(home, "libexec", NULL);
    cr_assert_eq(g_mkdir(libexec, 0755), 0);
    g_autofree char *from = g_build_filename(build, "libexec", "confine", NULL);
    g_autofree char *to = g_build_filename(libexec, "confine", NULL);
    cr_assert(files_copy(from, to, 0755, NULL));
    expect_not_believed(home);
    g_unlink(to);
    g_rmdir(libexec);
    g_rmdir(home);
}

Test(sandbox_layers, fails_closed_below_what_is_required)
{
    static const struct {
        const char *off;
        RubricSandbox required;
        gboolean enough;
    } cases[] = {
        {"", REQUIRE_LAYERS, TRUE},
        {"namespaces", REQUIRE_LAYERS, TRUE},
        {"landlock", REQUIRE_LAYERS, TRUE},
        {"cgroup", REQUIRE_LAYERS, TRUE},
        {"namespaces,landlock", REQUIRE_LAYERS, FALSE},
        {"seccomp", REQUIRE_LAYERS, FALSE},
        {"limits", REQUIRE_LAYERS, FALSE},
        {"landlock", REQUIRE_FULL, FALSE},
        {"cgroup", REQUIRE_FULL, FALSE},
        {"namespaces,landlock,seccomp,limits,cgroup", REQUIRE_NOTHING, TRUE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Sandbox) sandbox = box_sandbox(cases[i].off, NULL);
        if (strcmp(cases[i].off, "namespaces") == 0 && !box_has(sandbox, "landlock"))
            continue;
        if (strcmp(cases[i].off, "landlock") == 0 && !box_has(sandbox, "namespaces"))
            continue;
        gboolean enough = sandbox_require(sandbox, cases[i].required, &error);
        cr_expect_eq(enough, cases[i].enough, "without '%s': %s", cases[i].off,
                     error ? error->message : "enough");
        cr_expect(enough || g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SANDBOX));
    }
}

/* ---- machines that give less ----------------------------------------------------------------- */

static void lose_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    cr_assert_eq(syscall(SYS_capget, &header, data), 0);
    guint32 rest = ~CAP_TO_MASK(capability);
    data[CAP_TO_INDEX(capability)].permitted &= rest;
    data[CAP_TO_INDEX(capability)].effective &= rest;
    data[CAP_TO_INDEX(capability)].inheritable &= rest;
    cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

/* The superuser of a container: may not mount, may not become another user, may not give away. */
static void check_weak_superuser(unsigned capability)
{
    if (geteuid() != 0)
        cr_skip_test("for the superuser only");
    lose_capability(capability);
    for (guint i = 0; i < BOX_WAYS; i++) {
        g_autoptr(Sandbox) sandbox = box_sandbox(box_layers_off[i], NULL);
        char *box = box_new();
        cr_expect(box_has(sandbox, "seccomp") && box_has(sandbox, "limits"));
        assert_attacks_fail(sandbox, box);
        box_free(box);
    }
}

Test(sandbox_layers, a_superuser_who_may_not_mount_has_a_sandbox)
{
    check_weak_superuser(CAP_SYS_ADMIN);
}

Test(sandbox_layers, a_superuser_who_may_not_change_user_has_a_sandbox)
{
    check_weak_superuser(CAP_SETUID);
}

Test(sandbox_layers, a_superuser_who_may_not_give_away_has_a_sandbox)
{
    check_weak_superuser(CAP_CHOWN);
}

Test(sandbox_layers, stricter_limits_of_the_user_stay)
{
    const struct rlimit files = {.rlim_cur = 60, .rlim_max = 60};
    const struct rlimit stack = {.rlim_cur = 4 << 20, .rlim_max = 4 << 20};
    box_become_ordinary();
    cr_assert(setrlimit(RLIMIT_NOFILE, &files) == 0 && setrlimit(RLIMIT_STACK, &stack) == 0);
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    cr_assert(box_has(sandbox, "limits"));
}

static void assert_unavailable(const char *call, const char *layer, const char *expected)
{
    box_forget_call(call);
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    g_autofree char *found = box_layer(sandbox, layer);
    cr_expect_str_eq(found, expected);
    cr_expect(box_has(sandbox, "limits"), "another layer went with it");
    gboolean rest =
        box_has(sandbox, "namespaces") && box_has(sandbox, "seccomp") && box_has(sandbox, "cgroup");
    cr_expect_eq(sandbox_require(sandbox, REQUIRE_FULL, NULL), rest);
}

Test(sandbox_layers, an_old_kernel_has_no_landlock)
{
    assert_unavailable("landlock_create_ruleset", "landlock",
                       "unavailable: this kernel has no Landlock (Linux 5.13 has)");
}

Test(sandbox_layers, a_kernel_may_have_no_seccomp)
{
    assert_unavailable("seccomp", "seccomp",
                       "unavailable: cannot put on the seccomp filter: Function not implemented");
}

Test(sandbox_layers, a_container_may_refuse_to_mount)
{
    box_forget_call("pivot_root");
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    g_autofree char *found = box_layer(sandbox, "namespaces");
    cr_expect(g_str_has_prefix(found, "unavailable: bwrap: "), "%s", found);
    cr_expect(sandbox_require(sandbox, REQUIRE_LAYERS, NULL) == box_has(sandbox, "landlock"));
}

/* As in a container, where the grader is process 1 and so is the first process of a sandbox. */
Test(sandbox_layers, a_grader_may_be_process_1)
{
    int status = 0;
    skip_without_namespaces();
    if (geteuid() != 0 || unshare(CLONE_NEWPID) != 0)
        cr_skip_test("no pid namespace here");
    pid_t grader = fork();
    if (grader == 0) {
        g_autoptr(Sandbox) sandbox = box_sandbox("landlock", NULL);
        _exit(box_has(sandbox, "namespaces") ? 0 : 1);
    }
    waitpid(grader, &status, 0);
    cr_assert_eq(status, 0, "namespaces are said not to hold");
}

/* ---- confine alone --------------------------------------------------------------------------- */

static void assert_refuses(const char *command, const char *reason)
{
    g_autofree char *build = box_build_folder();
    g_autofree char *line = g_strdup_printf("%s/libexec/confine %s", build, command);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    int hung_up[2];
    cr_assert_eq(pipe(hung_up), 0);
    close(hung_up[1]);
    const ProcessFd fd = {.fd = hung_up[0], .number = 3};
    const ProcessSpec spec = {
        .argv = (const char *const *)argv, .fds = &fd, .n_fds = 1, .output_limit = 1000};
    g_autoptr(Process) process = process_start(&spec, NULL);
    const ProcessOutcome *outcome = process_wait(process);
    cr_expect_str_eq(outcome->err->str, reason);
    cr_expect_str_eq(outcome->out->str, "", "the program was started");
    close(hung_up[0]);
}

Test(sandbox_layers, confine_starts_nothing_that_it_cannot_confine)
{
    assert_refuses("--lifeline 3 -- /bin/echo", "start: the grader is gone");
    assert_refuses("--limit speed=3 -- /bin/echo", "options: unknown limit 'speed'");
    assert_refuses("--limit cpu -- /bin/echo", "options: limit 'cpu' has no value");
    assert_refuses("--limit cpu=much -- /bin/echo", "options: 'much' is no number");
    assert_refuses("--filter 77 -- /bin/echo",
                   "seccomp: cannot put on the seccomp filter: Bad file descriptor");
    assert_refuses("--group 77 -- /bin/echo",
                   "cgroup: cannot join the control group: Bad file descriptor");
    assert_refuses("--folder /nowhere -- /bin/echo",
                   "start: cannot enter '/nowhere': No such file or directory");
    assert_refuses("--keep 4 --", "options: no program");
}
