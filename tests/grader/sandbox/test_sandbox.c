/* What the sandbox keeps from a submission, layer by layer, and what it says of itself. */
#include "support/box.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

#define GCC "/usr/bin/gcc -shared -fPIC -o a.so "

typedef void Check(const Sandbox *sandbox, const char *box);

/* Hold a check in each of the ways in which layers can be missing, as who this process is. */
static void in_every_way(Check *check)
{
    for (guint i = 0; i < BOX_WAYS; i++) {
        g_autoptr(Sandbox) sandbox = box_sandbox(box_layers_off[i], NULL);
        char *box = box_new();
        check(sandbox, box);
        box_free(box);
    }
}

static void write_source(const char *box, const char *text)
{
    g_autofree char *path = g_build_filename(box, "a.c", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    cr_assert_eq(g_chmod(path, 0644), 0);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static void check_attacks(const Sandbox *sandbox, const char *box)
{
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_WORKER, box, "./inside attacks");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(process_wait(process)->out->str), "\n", -1);
    for (guint i = 0; lines[i]; i++)
        cr_expect(g_str_has_suffix(lines[i], " signal SYS") ||
                      g_str_has_suffix(lines[i], " status 3"),
                  "%s", lines[i]);
    cr_assert_geq(g_strv_length(lines), 40, "only %u attacks", g_strv_length(lines));
}

Test(sandbox, kills_a_leaf_for_each_attack)
{
    in_every_way(check_attacks);
}

Test(sandbox, kills_a_leaf_for_each_attack_as_an_ordinary_user)
{
    box_become_ordinary();
    in_every_way(check_attacks);
}

Test(sandbox, lets_honest_code_live_and_die_as_it_would)
{
    static const char expected[] = "allocate status 0\n"
                                   "printed 1.500000\n"
                                   "print status 0\n"
                                   "look_at_clocks status 0\n"
                                   "sort status 0\n"
                                   "abort_by_assert signal ABRT\n"
                                   "abort_by_double_free signal ABRT\n"
                                   "crash signal SEGV\n"
                                   "divide signal FPE\n"
                                   "overflow_the_stack signal SEGV\n"
                                   "use_four_mib_of_stack status 0\n"
                                   "spin signal XCPU\n"
                                   "take_all_memory status 0\n";
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    char *box = box_new();
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_WORKER, box, "./inside honest");
    cr_expect_str_eq(process_wait(process)->out->str, expected);
    cr_expect_not_null(strstr(process_wait(process)->err->str, "double free detected"));
    box_free(box);
}

/* ---- the compiler ---------------------------------------------------------------------------- */

static int compile(const Sandbox *sandbox, const char *box, const char *source)
{
    write_source(box, source);
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_COMPILER, box, GCC "a.c");
    return process_wait(process)->wait_status;
}

static void check_compiler(const Sandbox *sandbox, const char *box)
{
    static const char *const stolen[] = {
        "#include \"/etc/passwd\"",
        "#include \"/dev/zero\"",
        "#include \"/proc/self/maps\"",
        "__asm__(\".incbin \\\"/etc/hostname\\\"\");",
        "__asm__(\".incbin \\\"/proc/self/environ\\\"\");",
    };
    cr_expect_eq(compile(sandbox, box, "#include <math.h>\nfloat f(float x) { return sqrtf(x); }"),
                 0, "gcc does not work");
    if (!box_has(sandbox, "namespaces") && !box_has(sandbox, "landlock"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(stolen); i++)
        cr_expect_neq(compile(sandbox, box, stolen[i]), 0, "compiled: %s", stolen[i]);
    g_autofree char *build = box_build_folder();
    g_autofree char *own =
        g_strdup_printf("__asm__(\".incbin \\\"%s/libexec/confine\\\"\");", build);
    cr_expect_neq(compile(sandbox, box, own), 0, "the kit was read");
}

Test(sandbox, gcc_sees_the_toolchain_and_nothing_else)
{
    in_every_way(check_compiler);
}

Test(sandbox, gcc_sees_the_toolchain_and_nothing_else_as_an_ordinary_user)
{
    box_become_ordinary();
    in_every_way(check_compiler);
}

Test(sandbox, gcc_runs_out_of_memory_and_time_before_the_machine_does)
{
    const RubricLimits limits = {.compile_seconds = 1, .test_seconds = 1, .memory_mib = 512};
    g_autoptr(Sandbox) sandbox = box_sandbox("", &limits);
    char *box = box_new();
    cr_expect_neq(compile(sandbox, box,
                          "__asm__(\".rept 100000000\\n.rept 100000000\\n.byte 1\\n"
                          ".endr\\n.endr\");"),
                  0);
    box_free(box);
}

/* ---- walls ----------------------------------------------------------------------------------- */

static void assert_says(const Sandbox *sandbox, SandboxProfile profile, const char *box,
                        const char *command, const char *expected)
{
    g_autoptr(Process) process = box_run(sandbox, profile, box, command);
    const ProcessOutcome *outcome = process_wait(process);
    cr_expect_str_eq(outcome->out->str, expected, "'%s' said '%s' and '%s'", command,
                     outcome->out->str, outcome->err->str);
}

Test(sandbox, holds_what_is_listed_and_nothing_else)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("landlock", NULL);
    if (!box_has(sandbox, "namespaces"))
        cr_skip_test("no namespaces here");
    char *box = box_new();
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_COMPILER, box, "/usr/bin/ls /");
    g_auto(GStrv) names = g_strsplit(g_strchomp(process_wait(process)->out->str), "\n", -1);
    static const char *const known[] = {"bin",   "box",   "confine", "etc", "lib",
                                        "lib32", "lib64", "libx32",  "usr", NULL};
    for (guint i = 0; names[i]; i++)
        cr_expect(g_strv_contains(known, names[i]), "there is a /%s", names[i]);
    assert_says(sandbox, SANDBOX_COMPILER, box, "/usr/bin/ls /etc", "alternatives\n");
    assert_says(sandbox, SANDBOX_COMPILER, box, "/usr/bin/env",
                "PATH=/usr/bin\nLC_ALL=C\nTMPDIR=.\n");
    box_free(box);
}

static void check_box_alone_is_writable(const Sandbox *sandbox, const char *box)
{
    if (!box_has(sandbox, "namespaces") && !box_has(sandbox, "landlock"))
        return;
    static const char *const others[] = {"/tmp/attention-x", "/x", "/usr/bin/x", "/dev/shm/x",
                                         "../attention-x"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *command = g_strdup_printf("/usr/bin/touch %s", others[i]);
        g_autoptr(Process) process = box_run(sandbox, SANDBOX_COMPILER, box, command);
        cr_expect_neq(process_wait(process)->wait_status, 0, "%s was written", others[i]);
    }
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_COMPILER, box, "/usr/bin/touch y");
    cr_expect_eq(process_wait(process)->wait_status, 0, "%s", process_wait(process)->err->str);
}

Test(sandbox, nothing_but_the_box_can_be_written)
{
    in_every_way(check_box_alone_is_writable);
}

/* Not 0: with that, the kernel still starts the program that collects cores, if there is one. */
static void check_core_limit(const Sandbox *sandbox, const char *box)
{
    assert_says(sandbox, SANDBOX_WORKER, box, "./inside show_core_limit", "1 1");
}

Test(sandbox, a_crash_is_no_business_of_the_machine)
{
    in_every_way(check_core_limit);
}

static void check_descriptors(const Sandbox *sandbox, const char *box)
{
    assert_says(sandbox, SANDBOX_WORKER, box, "./inside list_descriptors", "0 1 2 3 ");
}

Test(sandbox, passes_on_the_listed_descriptors_only)
{
    cr_assert_eq(dup2(STDOUT_FILENO, 57), 57);
    in_every_way(check_descriptors);
}

Test(sandbox, runs_as_nobody)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    char *box = box_new();
    assert_says(sandbox, SANDBOX_COMPILER, box, "/usr/bin/id -u", "65534\n");
    assert_says(sandbox, SANDBOX_COMPILER, box, "/usr/bin/id -G", "65534\n");
    box_free(box);
}

static void check_reach(const Sandbox *sandbox, const char *box)
{
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_MEMCHECK, box, "./inside reach_out");
    cr_expect_str_eq(process_wait(process)->out->str,
                     "kill_all ENOSYS, limit_another ENOSYS, push_input ENOTTY, socket ENOSYS, "
                     "unshare ENOSYS, clone_namespace ENOSYS\n");
}

/* What no lockdown keeps from code under Valgrind. */
Test(sandbox, reaches_nothing_outside_without_the_lockdown_either)
{
    static const char *const off[] = {"landlock", "namespaces,landlock"};
    for (guint i = 0; i < G_N_ELEMENTS(off); i++) {
        g_autoptr(Sandbox) sandbox = box_sandbox(off[i], NULL);
        char *box = box_new();
        check_reach(sandbox, box);
        box_free(box);
    }
}

static void assert_no_privileges(const Sandbox *sandbox, const char *box)
{
    assert_says(sandbox, SANDBOX_MEMCHECK, box, "./inside show_privileges",
                "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
                "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
}

/* Without Landlock, which would not let a program be run from a box that can be written. */
Test(sandbox, leaves_no_privileges)
{
    static const char *const off[] = {"landlock", "namespaces,landlock"};
    for (guint i = 0; i < G_N_ELEMENTS(off); i++) {
        g_autoptr(Sandbox) sandbox = box_sandbox(off[i], NULL);
        char *box = box_new();
        assert_no_privileges(sandbox, box);
        box_free(box);
    }
}

/* Where nobody else can go the superuser's program keeps its user, and still nothing more. */
Test(sandbox, leaves_no_privileges_to_a_program_that_stays_the_superuser)
{
    g_autofree char *private = g_dir_make_tmp("attention-test-XXXXXX", NULL);
    char *made = box_new();
    char *box = g_build_filename(private, "box", NULL);
    cr_assert_eq(g_rename(made, box), 0);
    g_free(made);
    g_autoptr(Sandbox) sandbox = box_sandbox("namespaces,landlock", NULL);
    assert_no_privileges(sandbox, box);
    box_free(box);
    g_rmdir(private);
}

/* ---- Valgrind -------------------------------------------------------------------------------- */

#define VALGRIND                                                                                   \
    "/usr/bin/valgrind.bin --command-line-only=yes --vgdb=no --leak-check=full --xml=yes "         \
    "--xml-file=report.xml ./inside lose_a_block"

static void check_valgrind(const Sandbox *sandbox, const char *box)
{
    g_autofree char *report = g_build_filename(box, "report.xml", NULL);
    g_autofree char *xml = NULL;
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_MEMCHECK, box, VALGRIND);
    const ProcessOutcome *outcome = process_wait(process);
    cr_expect_eq(outcome->wait_status, 0, "%s", outcome->err->str);
    cr_assert(g_file_get_contents(report, &xml, NULL, NULL), "%s", outcome->err->str);
    cr_expect_not_null(strstr(xml, "<kind>Leak_DefinitelyLost</kind>"));
    cr_expect_not_null(strstr(xml, "<fn>lose_a_block</fn>"), "no names in the report");
    cr_expect_not_null(strstr(xml, "</valgrindoutput>"), "it did not end well");
}

Test(sandbox, valgrind_works_inside)
{
    in_every_way(check_valgrind);
}

Test(sandbox, valgrind_works_inside_for_an_ordinary_user)
{
    box_become_ordinary();
    in_every_way(check_valgrind);
}

/* ---- starting -------------------------------------------------------------------------------- */

static void check_missing_program(const Sandbox *sandbox, const char *box)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Process) process = box_start(sandbox, SANDBOX_WORKER, box, "./missing", -1, &error);
    cr_expect_null(process);
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SANDBOX));
    cr_expect_not_null(strstr(error->message, "No such file"), "%s", error->message);
}

Test(sandbox, a_program_that_cannot_be_started_is_our_own_fault)
{
    in_every_way(check_missing_program);
}

Test(sandbox, needs_its_confine)
{
    g_autoptr(GError) error = NULL;
    cr_assert_null(sandbox_open("/nowhere", &box_limits, &error));
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_INSTALL));
}
