/* Child processes: what they get, what is kept of what they say, and how they end. */
#include "base/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/box.h"

#define LIMIT 10000

/* A shell script as a process. */
static Process *start_script(const char *script, ProcessSpec spec)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    g_autoptr(GError) error = NULL;
    spec.argv = argv;
    spec.output_limit = spec.output_limit ? spec.output_limit : LIMIT;
    Process *process = process_start(&spec, &error);
    cr_assert_not_null(process, "%s", error ? error->message : "no reason");
    return process;
}

static void assert_prints(const char *script, ProcessSpec spec, const char *expected)
{
    g_autoptr(Process) process = start_script(script, spec);
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert_str_eq(outcome->out->str, expected, "'%s' printed '%s', and on standard error '%s'",
                     script, outcome->out->str, outcome->err->str);
}

static int open_with(const char *text)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    return ends[0];
}

/* ---- what it gets ---------------------------------------------------------------------------- */

/* In a process of its own, whose low descriptors are nobody's. */
static int swap_descriptors(void)
{
    int first = open_with("first"), second = open_with("second");
    dup2(first, 104);
    dup2(second, 103);
    dup2(104, 4);
    dup2(103, 3);
    const ProcessFd fds[] = {{.fd = 4, .number = 3}, {.fd = 3, .number = 4}};
    g_autoptr(Process) process =
        start_script("cat <&3; cat <&4", (ProcessSpec){.fds = fds, .n_fds = 2});
    if (strcmp(process_wait(process)->out->str, "firstsecond") != 0)
        return 1;
    return fcntl(3, F_GETFD) < 0 || fcntl(4, F_GETFD) < 0 ? 2 : 0;
}

Test(process, descriptors_arrive_at_their_numbers_when_these_are_taken_crosswise)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(swap_descriptors());
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(WEXITSTATUS(status), 0, "%s",
                 WEXITSTATUS(status) == 1 ? "they were mixed up" : "ours were closed");
}

Test(process, gets_no_descriptor_that_is_not_listed)
{
    cr_assert_eq(dup2(STDOUT_FILENO, 57), 57);
    /* 3 is the folder that the shell lists. */
    assert_prints("cd /proc/$$/fd; echo *", (ProcessSpec){0}, "0 1 2 3\n");
}

Test(process, has_no_environment_but_what_is_listed)
{
    const char *const envp[] = {"COLOUR=blue", NULL};
    const char *const argv[] = {"/usr/bin/env", NULL};
    const ProcessSpec with = {.argv = argv, .envp = envp, .output_limit = LIMIT};
    const ProcessSpec without = {.argv = argv, .output_limit = LIMIT};
    g_autoptr(Process) one = process_start(&with, NULL);
    g_autoptr(Process) none = process_start(&without, NULL);
    cr_assert_str_eq(process_wait(one)->out->str, "COLOUR=blue\n");
    cr_assert_str_eq(process_wait(none)->out->str, "");
}

Test(process, starts_in_its_directory_with_nothing_to_read)
{
    assert_prints("pwd; cat", (ProcessSpec){.directory = "/usr"}, "/usr\n");
    assert_prints("pwd; cat", (ProcessSpec){0}, "/\n");
}

/* Signals 32 and 33 are the C library's own. */
#define USUAL_SIGNALS 0x7fffffffu

Test(process, starts_with_every_signal_as_usual)
{
    sigset_t blocked;
    sigfillset(&blocked);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    g_autoptr(Process) process = start_script("exec cat /proc/self/status", (ProcessSpec){0});
    const char *status = process_wait(process)->out->str;
    static const char *const masks[] = {"SigBlk:", "SigIgn:", "SigCgt:"};
    for (guint i = 0; i < G_N_ELEMENTS(masks); i++) {
        const char *mask = strstr(status, masks[i]);
        cr_assert_not_null(mask);
        guint64 value = g_ascii_strtoull(mask + strlen(masks[i]), NULL, 16);
        cr_expect_eq(value & USUAL_SIGNALS, 0, "%.30s", mask);
    }
}

Test(process, has_a_session_of_its_own)
{
    g_autoptr(Process) process = start_script("exec cat /proc/self/stat", (ProcessSpec){0});
    pid_t pid = process_pid(process);
    g_autofree char *expected = g_strdup_printf(" %d %d 0 ", pid, pid);
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert_not_null(strstr(outcome->out->str, expected), "group and session: %s",
                       outcome->out->str);
}

Test(process, that_cannot_be_started_is_an_error_that_names_it)
{
    const char *const argv[] = {"/no/such/program", NULL};
    const ProcessSpec spec = {.argv = argv};
    g_autoptr(GError) error = NULL;
    cr_assert_null(process_start(&spec, &error));
    cr_assert_not_null(strstr(error->message, "/no/such/program"), "%s", error->message);
}

/* ---- what it says ---------------------------------------------------------------------------- */

Test(process, both_outputs_are_kept_apart)
{
    g_autoptr(Process) process = start_script("echo out; echo err >&2; exit 3", (ProcessSpec){0});
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert_str_eq(outcome->out->str, "out\n");
    cr_assert_str_eq(outcome->err->str, "err\n");
    cr_assert(!outcome->out_cut && !outcome->err_cut);
    cr_assert(WIFEXITED(outcome->wait_status) && WEXITSTATUS(outcome->wait_status) == 3);
}

Test(process, a_flood_is_drained_to_its_end_and_cut)
{
    g_autoptr(Process) process =
        start_script("head -c 20000000 /dev/zero | tr '\\0' x; echo end >&2", (ProcessSpec){0});
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert_eq(outcome->out->len, LIMIT, "kept %zu bytes", outcome->out->len);
    cr_assert(outcome->out_cut && !outcome->err_cut);
    cr_assert_str_eq(outcome->err->str, "end\n");
}

Test(process, output_that_just_fits_is_not_cut)
{
    g_autoptr(Process) process = start_script("printf 12345", (ProcessSpec){.output_limit = 5});
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert_str_eq(outcome->out->str, "12345");
    cr_assert_not(outcome->out_cut);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

Test(process, a_death_by_signal_is_told_as_such)
{
    g_autoptr(Process) process = start_script("kill -SEGV $$", (ProcessSpec){0});
    int status = process_wait(process)->wait_status;
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", status);
}

Test(process, a_status_above_128_is_a_signal_only_where_that_was_said)
{
    g_autoptr(Process) as_is = start_script("exit 139", (ProcessSpec){0});
    g_autoptr(Process) shell = start_script("exit 139", (ProcessSpec){.status_128 = TRUE});
    g_autoptr(Process) usual = start_script("exit 128", (ProcessSpec){.status_128 = TRUE});
    cr_assert_eq(WEXITSTATUS(process_wait(as_is)->wait_status), 139);
    cr_assert_eq(WTERMSIG(process_wait(shell)->wait_status), SIGSEGV);
    cr_assert(WIFEXITED(process_wait(usual)->wait_status));
}

Test(process, its_time_is_up_also_while_it_floods)
{
    g_autoptr(Process) process = start_script("exec yes", (ProcessSpec){.wall_seconds = 1});
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert(outcome->timed_out && outcome->out_cut);
    cr_assert_eq(WTERMSIG(outcome->wait_status), SIGKILL);
}

/* Each child alone uses little; those that are gone count too. */
Test(process, its_time_is_what_all_its_processes_use)
{
    g_autoptr(Process) process =
        start_script("while :; do (i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done); done",
                     (ProcessSpec){.cpu_seconds = 1});
    const ProcessOutcome *outcome = process_wait(process);
    cr_assert(outcome->timed_out);
    cr_assert_geq(outcome->cpu_usec, G_TIME_SPAN_SECOND);
    cr_assert_eq(WTERMSIG(outcome->wait_status), SIGKILL);
}

Test(process, what_it_leaves_behind_is_killed)
{
    int ends[2];
    char byte;
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    const ProcessFd held = {.fd = ends[1], .number = 3};
    g_autoptr(Process) process =
        start_script("sleep 1000 & echo started", (ProcessSpec){.fds = &held, .n_fds = 1});
    close(ends[1]);
    cr_assert_str_eq(process_wait(process)->out->str, "started\n");
    cr_assert_eq(read(ends[0], &byte, 1), 0, "somebody still writes");
}

Test(process, freeing_it_kills_it)
{
    int ends[2];
    char byte;
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    const ProcessFd held = {.fd = ends[1], .number = 3};
    process_free(start_script("sleep 1000; sleep 1000", (ProcessSpec){.fds = &held, .n_fds = 1}));
    close(ends[1]);
    cr_assert_eq(read(ends[0], &byte, 1), 0);
    cr_assert(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "it was not reaped");
}

static void count_call(gpointer data)
{
    ++*(guint *)data;
}

Test(process, its_end_is_announced_once)
{
    guint waited = 0, freed = 0, failed = 0;
    ProcessSpec spec = {.ended = count_call, .ended_data = &waited};
    Process *process = start_script("exit 0", spec);
    process_wait(process);
    process_wait(process);
    process_free(process);
    spec.ended_data = &freed;
    process_free(start_script("sleep 1000", spec));
    spec.ended_data = &failed;
    spec.argv = (const char *[]){"/no/such/program", NULL};
    cr_assert_null(process_start(&spec, NULL));
    cr_assert(waited == 1 && freed == 1 && failed == 1, "%u, %u, %u times", waited, freed, failed);
}

Test(process, cpu_time_counts_children_too)
{
    g_autoptr(Process) process = start_script(
        "(i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done); true", (ProcessSpec){0});
    cr_assert_gt(process_wait(process)->cpu_usec, 1000);
}

Test(process, can_be_part_of_another_loop)
{
    g_autoptr(Process) process = start_script("echo one; echo two >&2", (ProcessSpec){0});
    struct pollfd fds[PROCESS_POLLFDS];
    do {
        process_pollfds(process, fds);
        poll(fds, PROCESS_POLLFDS, process_time_left(process));
    } while (process_pump(process));
    cr_assert_str_eq(process_wait(process)->out->str, "one\n");
    cr_assert_str_eq(process_wait(process)->err->str, "two\n");
}

Test(process, needs_no_pidfd)
{
    box_forget_call("pidfd_open");
    assert_prints("echo started", (ProcessSpec){0}, "started\n");
    g_autoptr(Process) process = start_script("exec sleep 1000", (ProcessSpec){.wall_seconds = 1});
    cr_assert(process_wait(process)->timed_out);
}

/* ---- threads --------------------------------------------------------------------------------- */

static gpointer start_many(gpointer expected)
{
    guint wrong = 0;
    for (guint i = 0; i < 50; i++) {
        int given = open_with("x");
        const ProcessFd fds = {.fd = given, .number = 3};
        const char *const argv[] = {"/bin/sh", "-c", "echo /proc/$$/fd/*", NULL};
        const ProcessSpec spec = {.argv = argv, .fds = &fds, .n_fds = 1, .output_limit = LIMIT};
        g_autoptr(Process) process = process_start(&spec, NULL);
        g_auto(GStrv) open = g_strsplit(process_wait(process)->out->str, " ", -1);
        wrong += g_strv_length(open) != GPOINTER_TO_UINT(expected);
        close(given);
    }
    return GUINT_TO_POINTER(wrong);
}

Test(process, threads_do_not_leak_descriptors_into_each_others_children)
{
    GThread *threads[4];
    for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new(NULL, start_many, GUINT_TO_POINTER(5));
    for (guint i = 0; i < 4; i++)
        cr_expect_eq(GPOINTER_TO_UINT(g_thread_join(threads[i])), 0, "thread %u saw others", i);
}
