/*
 * inside.c: runs in the sandbox in the place of the fork server.
 *
 *     inside attacks    each attack in a locked-down process: prints its name and how it ended
 *     inside honest     the same with what honest student code does
 *     inside MODE       one of the modes below, not locked down
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deeds.h"
#include "inside/confine/lockdown.h"

#define MIB (1u << 20)

/* ---- leaves ---------------------------------------------------------------------------------- */

/* 99: the process could not be locked down, 98: the attack was not stopped. */
static void run_in_leaves(const Deed *deeds)
{
    for (; deeds->name; deeds++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            if (!lockdown_apply(GIVEN_FD, 1, GIVEN_FD + 1))
                _exit(99);
            deeds->run();
            _exit(98);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
            printf("%s lost\n", deeds->name);
        else if (WIFSIGNALED(status))
            printf("%s signal %s\n", deeds->name, sigabbrev_np(WTERMSIG(status)));
        else
            printf("%s status %d\n", deeds->name, WEXITSTATUS(status));
        fflush(stdout);
    }
}

/* ---- modes ----------------------------------------------------------------------------------- */

static void wait_to_be_killed(void)
{
    for (;;)
        poll(NULL, 0, -1);
}

/* With a child, hold the pipe at descriptor 3 open until killed. */
static void hold_a_pipe(void)
{
    fork();
    if (write(GIVEN_FD, "x", 1) != 1)
        _exit(1);
    wait_to_be_killed();
}

static void show_core_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0)
        printf("%llu %llu", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
}

static void list_descriptors(void)
{
    for (int fd = 0; fd < 100; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
}

/* Several processes that together take more than one may, each less: who is killed? */
static void take_memory_together(void)
{
    int killed = 0, status;
    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            volatile char *block = malloc(24 * MIB);
            for (size_t i = 0; block && i < 24 * MIB; i += 1024)
                block[i] = 1;
            wait_to_be_killed();
        }
    if (wait(&status) > 0 && WIFSIGNALED(status))
        killed = WTERMSIG(status);
    printf("signal %d", killed);
}

/* How many children can there be? */
static void fork_on(void)
{
    int children = 0;
    for (pid_t pid; children < 5000 && (pid = fork()) >= 0; children++)
        if (pid == 0)
            wait_to_be_killed();
    printf("%s", children < 5000 ? "limited" : "not limited");
}

static void write_a_large_file(void)
{
    int fd = (int)syscall(SYS_memfd_create, "large", 0);
    signal(SIGXFSZ, SIG_DFL);
    printf("%d", ftruncate(fd, 1L << 40));
}

static void die_by_signal(void)
{
    raise(SIGSEGV);
}

static void exit_with_7(void)
{
    _exit(7);
}

static void show_privileges(void)
{
    static const char *const wanted[] = {
        "CapPrm:", "CapEff:", "CapAmb:", "NoNewPrivs:", "Seccomp:"};
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    while (status && fgets(line, sizeof line, status))
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
                fputs(line, stdout);
}

static const char *answer(long result)
{
    return result < 0 ? strerrorname_np(errno) : "done";
}

static void reach_out(void)
{
    const struct rlimit limit = {0};
    printf("kill_all %s, ", answer(kill(-1, 0)));
    printf("limit_another %s, ", answer(prlimit(getppid(), RLIMIT_CORE, &limit, NULL)));
    printf("push_input %s, ", answer(ioctl(STDIN_FILENO, TIOCSTI, "x")));
    printf("socket %s, ", answer(socket(AF_UNIX, SOCK_STREAM, 0)));
    printf("unshare %s, ", answer(unshare(CLONE_NEWUSER)));
    printf("clone_namespace %s\n", answer(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)));
}

__attribute__((noinline)) static void lose_a_block(void)
{
    void *volatile block = malloc(40);
    block = NULL; /* cppcheck-suppress memleak */
    (void)block;
}

static const Deed modes[] = {
    DEED(hold_a_pipe),     DEED(list_descriptors),
    DEED(show_core_limit), DEED(take_memory_together),
    DEED(fork_on),         DEED(write_a_large_file),
    DEED(die_by_signal),   DEED(exit_with_7),
    DEED(show_privileges), DEED(reach_out),
    DEED(lose_a_block),    {NULL, NULL},
};

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "attacks") == 0)
        run_in_leaves(attacks);
    if (strcmp(what, "honest") == 0)
        run_in_leaves(honest);
    for (const Deed *mode = modes; mode->name; mode++)
        if (strcmp(what, mode->name) == 0)
            mode->run();
    return 0;
}
