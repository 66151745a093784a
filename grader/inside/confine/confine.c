/*
 * confine: put limits on, and become another program.
 *
 *     confine [options] -- PROGRAM ARGUMENT...
 *
 * It runs inside bubblewrap as the first process of the sandbox, or alone where there are no
 * namespaces. One process of it stays: it ends with the program's exit status (128 + n for a death
 * by signal n) and, when the grader is gone, ends the sandbox, so that nothing is left behind even
 * if the grader is killed. (bubblewrap's own --die-with-parent depends on the thread that started
 * it, and does not reach a process that has changed its user.)
 *
 * Whatever cannot be put on is an error: the program is not started, and "LAYER: reason" is written
 * to the status pipe. A good start is "ok", with nothing after it before exec closes the pipe.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/confine/landlock.h"
#include "inside/confine/lockdown.h"
#include "inside/confine/probe.h"

#define MAX_RULES 64
#define MAX_GROUPS 2
#define EXIT_NOT_CONFINED 125
#define CLOSE_ON_EXEC 4u /* CLOSE_RANGE_CLOEXEC */

typedef struct {
    int status_fd;             /* where to say how the start went */
    int lifeline_fd;           /* hangs up when the grader is gone */
    int filter_fd;             /* seccomp filter, -1: none */
    int group_fds[MAX_GROUPS]; /* cgroup.procs to join */
    size_t n_groups;
    unsigned keep;      /* the program gets the descriptors below this */
    unsigned user;      /* to become, 0: stay */
    const char *folder; /* to start in */
    bool landlock, probe;
    LandlockRule rules[MAX_RULES];
    size_t n_rules;
    struct rlimit limits[RLIM_NLIMITS];
    bool limited[RLIM_NLIMITS];
} Confinement;

static int status_fd = STDERR_FILENO;

/* Say which layer keeps the program from being started, and why, and do not start it. */
__attribute__((format(printf, 2, 3), noreturn)) static void refuse(const char *layer,
                                                                   const char *format, ...)
{
    int saved = errno;
    va_list arguments;
    dprintf(status_fd, "%s: ", layer);
    va_start(arguments, format);
    vdprintf(status_fd, format, arguments);
    va_end(arguments);
    if (saved != 0)
        dprintf(status_fd, ": %s", strerror(saved));
    _exit(EXIT_NOT_CONFINED);
}

/* ---- options --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int resource;
} limit_names[] = {
    {"cpu", RLIMIT_CPU},     {"memory", RLIMIT_AS},      {"file", RLIMIT_FSIZE},
    {"stack", RLIMIT_STACK}, {"files", RLIMIT_NOFILE},   {"processes", RLIMIT_NPROC},
    {"core", RLIMIT_CORE},   {"locked", RLIMIT_MEMLOCK}, {"queues", RLIMIT_MSGQUEUE},
};

static unsigned long long number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        refuse("options", "'%s' is no number", text);
    return value;
}

/* NAME=N. The CPU limit kills a second after its signal; the others are hard at once. */
static void add_limit(Confinement *confinement, char *text)
{
    char *value = strchr(text, '=');
    if (!value)
        refuse("options", "limit '%s' has no value", text);
    *value++ = '\0';
    for (size_t i = 0; i < sizeof limit_names / sizeof *limit_names; i++) {
        if (strcmp(limit_names[i].name, text) != 0)
            continue;
        int resource = limit_names[i].resource;
        rlim_t limit = number(value);
        confinement->limits[resource].rlim_cur = limit;
        confinement->limits[resource].rlim_max = limit + (resource == RLIMIT_CPU);
        confinement->limited[resource] = true;
        return;
    }
    refuse("options", "unknown limit '%s'", text);
}

static void add_rule(Confinement *confinement, LandlockAccess access, const char *path)
{
    if (confinement->n_rules == MAX_RULES)
        refuse("options", "too many paths");
    confinement->rules[confinement->n_rules++] = (LandlockRule){.access = access, .path = path};
}

static void add_group(Confinement *confinement, int fd)
{
    if (confinement->n_groups == MAX_GROUPS)
        refuse("options", "too many groups");
    confinement->group_fds[confinement->n_groups++] = fd;
}

static const struct option options[] = {
    {"status", required_argument, NULL, 's'}, {"lifeline", required_argument, NULL, 'l'},
    {"filter", required_argument, NULL, 'f'}, {"group", required_argument, NULL, 'g'},
    {"keep", required_argument, NULL, 'k'},   {"user", required_argument, NULL, 'u'},
    {"limit", required_argument, NULL, 'm'},  {"landlock", no_argument, NULL, 'L'},
    {"read", required_argument, NULL, 'r'},   {"exec", required_argument, NULL, 'x'},
    {"write", required_argument, NULL, 'w'},  {"folder", required_argument, NULL, 'd'},
    {"probe", no_argument, NULL, 'p'},        {NULL, 0, NULL, 0},
};

static void take_option(Confinement *confinement, int option)
{
    switch (option) {
    case 's':
        status_fd = confinement->status_fd = (int)number(optarg);
        break;
    case 'l':
        confinement->lifeline_fd = (int)number(optarg);
        break;
    case 'f':
        confinement->filter_fd = (int)number(optarg);
        break;
    case 'g':
        add_group(confinement, (int)number(optarg));
        break;
    case 'k':
        confinement->keep = (unsigned)number(optarg);
        break;
    case 'u':
        confinement->user = (unsigned)number(optarg);
        break;
    case 'd':
        confinement->folder = optarg;
        break;
    case 'm':
        add_limit(confinement, optarg);
        break;
    case 'L':
        confinement->landlock = true;
        break;
    case 'r':
        add_rule(confinement, LANDLOCK_READ, optarg);
        break;
    case 'x':
        add_rule(confinement, LANDLOCK_EXEC, optarg);
        break;
    case 'w':
        add_rule(confinement, LANDLOCK_WRITE, optarg);
        break;
    case 'p':
        confinement->probe = true;
        break;
    default:
        errno = 0;
        refuse("options", "unknown option");
    }
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* "0" is the writer: it means the right process in every pid namespace. */
static void join_groups(const Confinement *confinement)
{
    for (size_t i = 0; i < confinement->n_groups; i++)
        if (write(confinement->group_fds[i], "0", 1) != 1)
            refuse("cgroup", "cannot join the control group");
}

static void become_user(unsigned user)
{
    if (user == 0)
        return;
    if (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 ||
        setresuid(user, user, user) != 0)
        refuse("user", "cannot become user %u", user);
}

/* Also for a superuser who has to stay one: without capabilities, and with none to get by exec. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
        syscall(SYS_capset, &header, none) != 0)
        refuse("user", "cannot drop capabilities");
}

/* A stricter limit that this user has anyway stays: it could not be raised, and need not be. */
static void lower(struct rlimit *limit, rlim_t most)
{
    limit->rlim_cur = limit->rlim_cur < most ? limit->rlim_cur : most;
    limit->rlim_max = limit->rlim_max < most ? limit->rlim_max : most;
}

static void set_limits(const Confinement *confinement)
{
    for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
        struct rlimit limit = confinement->limits[resource], inherited;
        if (!confinement->limited[resource])
            continue;
        if (getrlimit(resource, &inherited) == 0)
            lower(&limit, inherited.rlim_max);
        if (setrlimit(resource, &limit) != 0)
            refuse("limits", "cannot set limit %d", resource);
    }
}

static void put_on_landlock(const Confinement *confinement)
{
    if (landlock_restrict(confinement->rules, confinement->n_rules))
        return;
    const char *why = errno == ENOSYS       ? LANDLOCK_MISSING
                      : errno == EOPNOTSUPP ? "Landlock is not among the kernel's modules (lsm=)"
                                            : NULL;
    errno = why ? 0 : errno;
    refuse("landlock", "%s", why ? why : "cannot put on Landlock");
}

/* In the process that becomes the program: everything, then the filter, then the program. */
__attribute__((noreturn)) static void become(const Confinement *confinement, int argc, char **argv)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        refuse("start", "cannot bind the program to its sandbox");
    if (syscall(SYS_close_range, confinement->keep, ~0u, CLOSE_ON_EXEC) != 0)
        refuse("start", "cannot close descriptors");
    if (confinement->landlock)
        put_on_landlock(confinement);
    set_limits(confinement);
    /* bubblewrap sets it, to where it was and not to where we are. */
    unsetenv("PWD");
    if (confinement->filter_fd >= 0 && !lockdown_load_filter(confinement->filter_fd))
        refuse("seccomp", "cannot put on the seccomp filter");
    if (write(status_fd, "ok", 2) != 2)
        refuse("start", "cannot report");
    if (confinement->probe)
        _exit(probe_main(argc, argv));
    execv(argv[0], argv);
    refuse("program", "cannot run '%s'", argv[0]);
}

/* ---- watching -------------------------------------------------------------------------------- */

static bool grader_is_gone(int lifeline_fd)
{
    struct pollfd lifeline = {.fd = lifeline_fd};
    return poll(&lifeline, 1, 0) != 0;
}

/* Wait for the program; if the grader goes first, take everything here along. */
static int watch(pid_t program, int lifeline_fd)
{
    struct pollfd fds[2] = {{.events = POLLIN}, {.fd = lifeline_fd}};
    int status = 0;
    fds[0].fd = (int)syscall(SYS_pidfd_open, program, 0);
    if (fds[0].fd < 0)
        kill(0, SIGKILL);
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    if (fds[0].revents == 0)
        kill(0, SIGKILL);
    if (fds[0].revents == 0 || waitpid(program, &status, 0) < 0)
        return EXIT_NOT_CONFINED;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    Confinement confinement = {.status_fd = -1, .lifeline_fd = -1, .filter_fd = -1, .keep = 3};
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1)
        take_option(&confinement, option);
    errno = 0;
    if (optind == argc)
        refuse("options", "no program");
    if (grader_is_gone(confinement.lifeline_fd))
        refuse("start", "the grader is gone");
    join_groups(&confinement);
    become_user(confinement.user);
    if (confinement.folder && chdir(confinement.folder) != 0)
        refuse("start", "cannot enter '%s'", confinement.folder);
    drop_capabilities();

    pid_t program = fork();
    if (program < 0)
        refuse("start", "cannot fork");
    if (program == 0)
        become(&confinement, argc - optind, argv + optind);
    syscall(SYS_close_range, 3, (unsigned)confinement.lifeline_fd - 1, 0);
    syscall(SYS_close_range, (unsigned)confinement.lifeline_fd + 1, ~0u, 0);
    return watch(program, confinement.lifeline_fd);
}
