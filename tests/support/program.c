/*
 * program.c: what a test program of the assignment does before Criterion's main() takes over, and
 * its options. With ATTENTION_LIST set it lists its tests instead of running them (report.h).
 *
 * It has no main() of its own. Criterion runs each test in a process that starts this program
 * again, and in there puts its own code in the place of main(); where its library was linked with
 * -Bsymbolic-functions, as all of Ubuntu's are, that is the library's main(), and no other.
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

/* Each test is a process too, and this holds for all of them: none outlives the grader. */
static void die_with_parent(void)
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

/* The process that starts the others, not one that runs a test. */
static bool is_first(void)
{
    return getenv("BXFI_MAP") == NULL;
}

__attribute__((constructor)) static void prepare(void)
{
    die_with_parent();
    if (!is_first())
        return;
    take_free_channel();
    clean_up_with_parent();
    if (getenv("ATTENTION_LIST"))
        exit(report_list(criterion_initialize()) ? EXIT_SUCCESS : EXIT_FAILURE);
}
