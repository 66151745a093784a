#include "inside/confine/lockdown.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How many descriptor numbers a process could have had open before it limits itself. */
#define ALL_DESCRIPTORS (~0u)

static void put_own_pid(struct sock_filter *code, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (code[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && code[i].k == LOCKDOWN_OWN_PID)
            code[i].k = (unsigned)getpid();
}

bool lockdown_load_filter(int filter_fd)
{
    struct sock_filter code[BPF_MAXINSNS];
    /* pread: the descriptor is shared with the other processes that are starting. */
    ssize_t bytes = pread(filter_fd, code, sizeof code, 0);
    if (bytes <= 0 || bytes % (ssize_t)sizeof *code != 0) {
        errno = bytes < 0 ? errno : EINVAL;
        return false;
    }
    size_t length = (size_t)bytes / sizeof *code;
    put_own_pid(code, length);
    struct sock_fprog program = {.len = (unsigned short)length, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

bool lockdown_apply(int filter_fd, unsigned cpu_seconds, unsigned descriptors)
{
    const struct rlimit cpu = {.rlim_cur = cpu_seconds, .rlim_max = cpu_seconds + 1};
    const struct rlimit files = {.rlim_cur = descriptors, .rlim_max = descriptors};
    const struct rlimit none = {0};
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CPU, &cpu) == 0 &&
           setrlimit(RLIMIT_NOFILE, &files) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           lockdown_load_filter(filter_fd) &&
           syscall(SYS_close_range, descriptors, ALL_DESCRIPTORS, 0) == 0;
}
