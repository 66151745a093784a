#include "inside/confine/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/confine/lockdown.h"

static const char *path_outside;
static pid_t process_outside;

/* ---- attempts: each answers 0 for "it worked", or the errno ---------------------------------- */

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static int read_a_test(void)
{
    return outcome(open(path_outside, O_RDONLY));
}

static int list_the_root(void)
{
    return outcome(open("/", O_RDONLY | O_DIRECTORY));
}

static int write_a_file(void)
{
    return outcome(open(PROBE_FILE, O_WRONLY | O_CREAT, 0600));
}

/*
 * In a pid namespace of its own the grader's number may be somebody else's here. There our group's
 * leader, who is outside, has no number; and what has none cannot be signalled. Only who is not
 * there at all is out of reach: the superuser's process may be another user's here.
 */
static int signal_the_grader(void)
{
    if (getpgrp() == 0)
        return ESRCH;
    int refusal = outcome(kill(process_outside, 0));
    return refusal == EPERM ? 0 : refusal;
}

static int signal_the_parent(void)
{
    return outcome(kill(getppid(), 0));
}

static int abort_the_parent(void)
{
    return outcome(syscall(SYS_tgkill, getppid(), getppid(), SIGABRT));
}

static int open_a_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int start_a_process(void)
{
    return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int make_code(void)
{
    void *code =
        mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? errno : 0;
}

static int take_all_memory(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_max == RLIM_INFINITY)
        return 0;
    void *memory = mmap(NULL, limit.rlim_max, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
}

static int raise_a_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 0;
    limit.rlim_max = RLIM_INFINITY;
    return outcome(setrlimit(RLIMIT_FSIZE, &limit));
}

/* ---- where they are made --------------------------------------------------------------------- */

/* In the place of the fork server, that is within the outer layers. */
static void attempt(const char *name, int (*what)(void))
{
    dprintf(STDOUT_FILENO, "%s %d\n", name, what());
}

/* In the place of student code: in a locked-down process of its own, which may be killed for it. */
static void attempt_in_lockdown(const char *name, int (*what)(void), int filter_fd)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(lockdown_apply(filter_fd, 1, 16) ? what() : EBADE);
    if (child < 0 || waitpid(child, &status, 0) < 0)
        dprintf(STDOUT_FILENO, "%s %d\n", name, EBADE);
    else if (WIFSIGNALED(status))
        dprintf(STDOUT_FILENO, "%s %s\n", name, WTERMSIG(status) == SIGSYS ? "killed" : "crashed");
    else
        dprintf(STDOUT_FILENO, "%s %d\n", name, WEXITSTATUS(status));
}

int probe_main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int filter_fd = atoi(argv[0]);
    path_outside = argv[1];
    process_outside = atoi(argv[2]);

    attempt("read", read_a_test);
    attempt("list", list_the_root);
    attempt("write", write_a_file);
    attempt("signal", signal_the_grader);
    attempt("memory", take_all_memory);
    attempt("raise", raise_a_limit);
    attempt_in_lockdown("lockdown-socket", open_a_socket, filter_fd);
    attempt_in_lockdown("lockdown-fork", start_a_process, filter_fd);
    attempt_in_lockdown("lockdown-signal", signal_the_parent, filter_fd);
    attempt_in_lockdown("lockdown-abort", abort_the_parent, filter_fd);
    attempt_in_lockdown("lockdown-code", make_code, filter_fd);
    return 0;
}
