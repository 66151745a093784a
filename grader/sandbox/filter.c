/* filter.c: which system calls a profile may make, as seccomp filters. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "inside/confine/lockdown.h"
#include "sandbox/parts.h"

#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |     \
     CLONE_NEWCGROUP)

/* libseccomp's number for what Linux 4.14 can do. */
#define API_WITH_KILL_PROCESS 3

/* The sign of a process id, which the kernel reads as 32 bits. */
#define NEGATIVE_PID 0x80000000u

/*
 * The lists. A name that this machine's kernel or libseccomp does not know (open on arm64, say) is
 * passed over. What is on no list is refused: in the lockdown the process is killed for it.
 */

/*
 * What computing and printing needs: student code, and so everybody. Nothing here waits: who waits
 * uses up no CPU time, and would be stopped only by the clock, minutes later.
 */
static const char computing[] =
    "brk clock_getres clock_gettime close close_range exit exit_group fstat getpid "
    "getrandom gettid gettimeofday lseek madvise mremap munmap read readv "
    "restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity "
    "sched_yield set_robust_list sigaltstack sysinfo time uname write writev";

/* What starting a program, loading libraries and having children needs. */
static const char running[] =
    "access arch_prctl dup dup2 dup3 execve faccessat faccessat2 fcntl fork fstatfs getcwd "
    "getegid geteuid getgid getpgrp getppid getrlimit getrusage getuid lstat mmap mprotect "
    "newfstatat open openat pipe pipe2 prctl pread64 readlink readlinkat rt_sigpending "
    "rt_sigsuspend rt_sigtimedwait seccomp set_tid_address setrlimit stat statfs statx tgkill "
    "vfork wait4 waitid";

/* What programs with several parts need; student code and Valgrind do not. */
static const char waiting[] = "futex poll ppoll";

/* The fork server talks to the grader over descriptors that it was given. */
static const char serving[] =
    "epoll_create1 epoll_ctl epoll_pwait epoll_wait ftruncate memfd_create recvfrom recvmsg "
    "sendmsg sendto shutdown signalfd4";

/* gcc, its passes, as and ld write files into the box. */
static const char compiling[] =
    "chmod copy_file_range creat fadvise64 fallocate fchmod fchmodat ftruncate getdents64 "
    "link linkat mkdir mkdirat pread64 pselect6 pwrite64 rename renameat renameat2 rmdir "
    "select truncate umask unlink unlinkat utimensat";

/* Valgrind writes its report, and moves a signal handler's world about. */
static const char valgrinding[] =
    "fadvise64 ftruncate getdents64 memfd_create pwrite64 recvfrom sendto setitimer tkill "
    "unlink unlinkat";

/* ---- building -------------------------------------------------------------------------------- */

static int allow(scmp_filter_ctx filter, const char *list)
{
    g_auto(GStrv) names = g_strsplit(list, " ", -1);
    for (guint i = 0; names[i]; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        int failed = number < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
        if (failed)
            return failed;
    }
    return 0;
}

/* A call that is allowed, or answered, only with some arguments. */
typedef struct {
    int call;
    guint32 action;
    unsigned n;
    struct scmp_arg_cmp arguments[2];
} Rule;

static int add_rules(scmp_filter_ctx filter, const Rule *rules, guint count)
{
    int failed = 0;
    for (guint i = 0; i < count && !failed; i++)
        failed = seccomp_rule_add_array(filter, rules[i].action, rules[i].call, rules[i].n,
                                        rules[i].arguments);
    return failed;
}

/*
 * Processes, but no new namespaces, where most kernel holes are reached. Signals to one process at
 * a time, so not to all that this user has; limits of oneself alone. No ioctl: nothing here is a
 * terminal.
 */
static int allow_outside_lockdown(scmp_filter_ctx filter)
{
    const Rule rules[] = {
        {SCMP_SYS(clone), SCMP_ACT_ALLOW, 1, {SCMP_A0(SCMP_CMP_MASKED_EQ, NEW_NAMESPACES, 0)}},
        {SCMP_SYS(kill), SCMP_ACT_ALLOW, 1, {SCMP_A0(SCMP_CMP_MASKED_EQ, NEGATIVE_PID, 0)}},
        {SCMP_SYS(prlimit64), SCMP_ACT_ALLOW, 1, {SCMP_A0(SCMP_CMP_EQ, 0, 0)}},
        {SCMP_SYS(ioctl), SCMP_ACT_ERRNO(ENOTTY), 0, {{0}}},
    };
    return add_rules(filter, rules, G_N_ELEMENTS(rules));
}

/* Memory that is no code; fstat as the C library says it; abort() of itself. */
static int allow_in_lockdown(scmp_filter_ctx filter)
{
    const Rule rules[] = {
        {SCMP_SYS(mmap), SCMP_ACT_ALLOW, 1, {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)}},
        {SCMP_SYS(mprotect), SCMP_ACT_ALLOW, 1, {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)}},
        {SCMP_SYS(newfstatat), SCMP_ACT_ALLOW, 1, {SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0)}},
        {SCMP_SYS(tgkill),
         SCMP_ACT_ALLOW,
         2,
         {SCMP_A0(SCMP_CMP_EQ, LOCKDOWN_OWN_PID, 0), SCMP_A2(SCMP_CMP_EQ, SIGABRT, 0)}},
        /* The C library tries these when it has to say something; it does without them. */
        {SCMP_SYS(open), SCMP_ACT_ERRNO(ENOENT), 0, {{0}}},
        {SCMP_SYS(openat), SCMP_ACT_ERRNO(ENOENT), 0, {{0}}},
        {SCMP_SYS(ioctl), SCMP_ACT_ERRNO(ENOTTY), 0, {{0}}},
    };
    return add_rules(filter, rules, G_N_ELEMENTS(rules));
}

/* The filter's bytes, sealed: it is shared by all that start. */
static int export(scmp_filter_ctx filter, GError **error)
{
    files_autofd int fd = memfd_create("filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int failed = fd < 0 ? -errno : seccomp_export_bpf(filter, fd);
    if (!failed && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        return g_steal_fd(&fd);
    errno = failed ? -failed : errno;
    grader_set_errno(error, "cannot make a seccomp filter");
    return -1;
}

static int finish(scmp_filter_ctx filter, int failed, GError **error)
{
    int fd = -1;
    if (failed) {
        errno = -failed;
        grader_set_errno(error, "cannot make a seccomp filter");
    } else {
        fd = export(filter, error);
    }
    seccomp_release(filter);
    return fd;
}

/*
 * What the kernel can do is found out by confine, when it puts the filter on: libseccomp is told
 * not to ask, because under Valgrind (this grader may be run so) it would be told that there is no
 * such call as seccomp.
 */
static scmp_filter_ctx new_filter(guint32 otherwise)
{
    seccomp_api_set(API_WITH_KILL_PROCESS);
    scmp_filter_ctx filter = seccomp_init(otherwise);
    if (!filter)
        g_error("libseccomp cannot make a filter");
    seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return filter;
}

/*
 * Outside of the lockdown a call that is on no list "does not exist": the C library then takes the
 * older way (clone3), and a probe for a feature is answered as by an old kernel.
 */
int sandbox_filter_new(SandboxProfile profile, GError **error)
{
    static const char *const own[SANDBOX_PROFILES] = {
        [SANDBOX_COMPILER] = compiling,
        [SANDBOX_WORKER] = serving,
        [SANDBOX_MEMCHECK] = valgrinding,
    };
    scmp_filter_ctx filter = new_filter(SCMP_ACT_ERRNO(ENOSYS));
    int failed = allow(filter, computing);
    failed = failed ? failed : allow(filter, running);
    failed = failed ? failed : allow_outside_lockdown(filter);
    failed = failed ? failed : allow(filter, own[profile]);
    if (profile != SANDBOX_MEMCHECK)
        failed = failed ? failed : allow(filter, waiting);
    return finish(filter, failed, error);
}

int sandbox_filter_new_lockdown(GError **error)
{
    scmp_filter_ctx filter = new_filter(SCMP_ACT_KILL_PROCESS);
    int failed = allow(filter, computing);
    failed = failed ? failed : allow_in_lockdown(filter);
    return finish(filter, failed, error);
}
