/* The limits of the sandbox, and how what runs in it ends. */
#include "support/box.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/parts.h"

/* ---- endings --------------------------------------------------------------------------------- */

static int status_of(const Sandbox *sandbox, const char *box, const char *command)
{
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_WORKER, box, command);
    return process_wait(process)->wait_status;
}

Test(sandbox_end, a_status_and_a_signal_come_through)
{
    for (guint i = 0; i < BOX_WAYS; i++) {
        g_autoptr(Sandbox) sandbox = box_sandbox(box_layers_off[i], NULL);
        char *box = box_new();
        int exited = status_of(sandbox, box, "./inside exit_with_7");
        int died = status_of(sandbox, box, "./inside die_by_signal");
        cr_expect(WIFEXITED(exited) && WEXITSTATUS(exited) == 7, "%x", exited);
        cr_expect(WIFSIGNALED(died) && WTERMSIG(died) == SIGSEGV, "%x", died);
        box_free(box);
    }
}

/* Start something that holds `held` open, and wait until it runs. */
static Process *start_holder(const Sandbox *sandbox, const char *box, int held[2])
{
    char byte;
    cr_assert_eq(pipe2(held, O_CLOEXEC), 0);
    Process *process =
        box_start(sandbox, SANDBOX_WORKER, box, "./inside hold_a_pipe", held[1], NULL);
    cr_assert_not_null(process);
    close(held[1]);
    cr_assert_eq(read(held[0], &byte, 1), 1);
    return process;
}

/* Read to the end: it comes when the last process that held the other end is dead. */
static void assert_nobody_holds(int fd)
{
    char byte;
    ssize_t got;
    while ((got = read(fd, &byte, 1)) == 1)
        continue;
    cr_assert_eq(got, 0);
    close(fd);
}

static void check_free_kills(const char *off)
{
    int held[2];
    g_autoptr(Sandbox) sandbox = box_sandbox(off, NULL);
    char *box = box_new();
    process_free(start_holder(sandbox, box, held));
    assert_nobody_holds(held[0]);
    box_free(box);
}

Test(sandbox_end, freeing_the_process_kills_all_that_runs_inside)
{
    for (guint i = 0; i < BOX_WAYS; i++)
        check_free_kills(box_layers_off[i]);
}

/* The grader itself, in a process that will be killed. */
static void check_survives_nothing(const char *off)
{
    int held[2];
    char byte;
    char *box = box_new();
    cr_assert_eq(pipe2(held, O_CLOEXEC), 0);
    pid_t grader = fork();
    if (grader == 0) {
        Sandbox *sandbox = box_sandbox(off, NULL);
        close(held[0]);
        box_start(sandbox, SANDBOX_WORKER, box, "./inside hold_a_pipe", held[1], NULL);
        for (;;)
            pause();
    }
    close(held[1]);
    cr_assert_eq(read(held[0], &byte, 1), 1);
    kill(grader, SIGKILL);
    waitpid(grader, NULL, 0);
    assert_nobody_holds(held[0]);
    box_free(box);
}

Test(sandbox_end, nothing_survives_a_grader_that_is_killed)
{
    for (guint i = 0; i < BOX_WAYS; i++)
        check_survives_nothing(box_layers_off[i]);
}

Test(sandbox_end, nothing_survives_a_grader_that_is_killed_as_an_ordinary_user)
{
    box_become_ordinary();
    for (guint i = 0; i < BOX_WAYS; i++)
        check_survives_nothing(box_layers_off[i]);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct {
    const Sandbox *sandbox;
    char *box;
    guint right;
} Starter;

static gpointer start_several(gpointer data)
{
    Starter *starter = data;
    for (guint i = 0; i < 5; i++)
        starter->right +=
            WEXITSTATUS(status_of(starter->sandbox, starter->box, "./inside exit_with_7")) == 7;
    return NULL;
}

Test(sandbox_end, threads_share_a_sandbox)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    Starter starters[4];
    GThread *threads[G_N_ELEMENTS(starters)];
    for (guint i = 0; i < G_N_ELEMENTS(starters); i++) {
        starters[i] = (Starter){sandbox, box_new(), 0};
        threads[i] = g_thread_new(NULL, start_several, &starters[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(starters); i++) {
        g_thread_join(threads[i]);
        cr_expect_eq(starters[i].right, 5, "thread %u: %u", i, starters[i].right);
        box_free(starters[i].box);
    }
}

static gpointer start_holder_in_thread(gpointer data)
{
    Starter *starter = data;
    int *held = g_new(int, 2);
    Process *process = start_holder(starter->sandbox, starter->box, held);
    close(held[0]);
    g_free(held);
    return process;
}

Test(sandbox_end, a_process_outlives_the_thread_that_started_it)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    Starter starter = {sandbox, box_new(), 0};
    g_autoptr(Process) process =
        g_thread_join(g_thread_new(NULL, start_holder_in_thread, &starter));
    cr_expect(process_pump(process), "it ended with the thread");
    box_free(starter.box);
}

/* ---- limits ---------------------------------------------------------------------------------- */

Test(sandbox_end, processes_are_limited)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    if (!box_has(sandbox, "namespaces") && !box_has(sandbox, "cgroup"))
        cr_skip_test("nothing here counts the processes of a sandbox alone");
    char *box = box_new();
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_WORKER, box, "./inside fork_on");
    cr_expect_str_eq(process_wait(process)->out->str, "limited");
    box_free(box);
}

Test(sandbox_end, processes_are_limited_for_an_ordinary_user)
{
    box_become_ordinary();
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    if (!box_has(sandbox, "namespaces"))
        cr_skip_test("no namespaces here");
    char *box = box_new();
    g_autoptr(Process) process = box_run(sandbox, SANDBOX_WORKER, box, "./inside fork_on");
    cr_expect_str_eq(process_wait(process)->out->str, "limited");
    box_free(box);
}

Test(sandbox_end, files_are_limited)
{
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    char *box = box_new();
    int status = status_of(sandbox, box, "./inside write_a_large_file");
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ, "%x", status);
    box_free(box);
}

Test(sandbox_end, the_group_limits_the_memory_of_all_together)
{
    const RubricLimits limits = {.test_seconds = 1, .memory_mib = 32, .output_kib = 64};
    g_autoptr(Sandbox) sandbox = box_sandbox("", &limits);
    if (!box_has(sandbox, "cgroup"))
        cr_skip_test("no control groups here");
    char *box = box_new();
    g_autoptr(Process) process =
        box_run(sandbox, SANDBOX_WORKER, box, "./inside take_memory_together");
    cr_expect_str_eq(process_wait(process)->out->str, "signal 9");
    box_free(box);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* How many groups of this grader's there are. */
static guint count_groups(pid_t grader)
{
    guint count = 0;
    SandboxGroups *groups = sandbox_groups_find();
    g_autofree char *number = g_strdup_printf("-%d-", grader);
    for (guint i = 0; i < groups->n; i++) {
        g_autoptr(GDir) folder = g_dir_open(groups->parents[i], 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder)))
            count += g_str_has_prefix(name, "attention-run-") && strstr(name, number);
    }
    sandbox_groups_free(groups);
    return count;
}

Test(sandbox_end, leaves_no_group_behind)
{
    int held[2];
    g_autoptr(Sandbox) sandbox = box_sandbox("", NULL);
    if (!box_has(sandbox, "cgroup"))
        cr_skip_test("no control groups here");
    char *box = box_new();
    Process *process = start_holder(sandbox, box, held);
    cr_expect_gt(count_groups(getpid()), 0, "there was no group");
    process_free(process);
    cr_expect_eq(count_groups(getpid()), 0, "a group is left");
    close(held[0]);
    box_free(box);
}

/* In a pid namespace of its own a grader cannot tell whether this one lives. */
Test(sandbox_end, leaves_the_groups_of_a_grader_in_another_container)
{
    SandboxGroups *groups = sandbox_groups_find();
    if (groups->n == 0 || geteuid() != 0 || unshare(CLONE_NEWPID) != 0)
        cr_skip_test("no control groups, or no pid namespaces");
    SandboxGroup *group = sandbox_group_new(groups, 1 << 30, 10, NULL);
    cr_assert_not_null(group);
    pid_t other = fork();
    if (other == 0) {
        sandbox_groups_free(sandbox_groups_find());
        _exit(0);
    }
    waitpid(other, NULL, 0);
    cr_expect_gt(count_groups(getpid()), 0, "it was removed");
    sandbox_group_free(group);
    sandbox_groups_free(groups);
}

Test(sandbox_end, removes_the_groups_of_a_grader_that_was_killed)
{
    SandboxGroups *groups = sandbox_groups_find();
    if (groups->n == 0)
        cr_skip_test("no control groups here");
    pid_t grader = fork();
    if (grader == 0)
        _exit(sandbox_group_new(groups, 1 << 30, 10, NULL) != NULL ? 0 : 1);
    int status;
    waitpid(grader, &status, 0);
    cr_expect_eq(status, 0);
    cr_expect_eq(count_groups(grader), 0);
    sandbox_groups_free(groups);
}
