/*
 * main.c: a test program of the assignment. It takes Criterion's own options; with ATTENTION_LIST
 * set it lists its tests instead of running them (report.h).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "report.h"

/* Tests run in re-executed children, so this holds for each of them: none outlives the grader. */
__attribute__((constructor)) static void die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* What Criterion makes for its tests, and removes at its end: a socket, and memory that they share. */
static char channel[64], arena[64];

static void leave(int signal)
{
    unlink(channel);
    unlink(arena);
    _exit(128 + signal);
}

/*
 * A socket of this name may be there, left by a killed process that had the same number: Criterion
 * would end without having run a test. If it is another user's, a process with another number runs
 * the tests, and this one waits for it.
 */
static void take_free_channel(void)
{
    snprintf(channel, sizeof channel, "/tmp/criterion_%d.sock", (int)getpid());
    while (unlink(channel) != 0 && errno != ENOENT) {
        pid_t child = fork();
        if (child != 0) {
            int status;
            bool ended = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status);
            _exit(ended ? WEXITSTATUS(status) : EXIT_FAILURE);
        }
        die_with_parent();
        snprintf(channel, sizeof channel, "/tmp/criterion_%d.sock", (int)getpid());
    }
}

/*
 * Nor does the process that runs the tests leave anything when the grader is killed. Criterion has
 * SIGTERM and the like for itself.
 */
static void clean_up_with_parent(void)
{
    snprintf(arena, sizeof arena, "/dev/shm/bxf_arena_%d", (int)getpid());
    signal(SIGHUP, leave);
    prctl(PR_SET_PDEATHSIG, SIGHUP);
}

int main(int argc, char *argv[])
{
    take_free_channel();
    clean_up_with_parent();
    struct criterion_test_set *tests = criterion_initialize();
    bool succeeded = true;
    if (getenv("ATTENTION_LIST"))
        succeeded = report_list(tests);
    else if (criterion_handle_args(argc, argv, true))
        succeeded = criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
