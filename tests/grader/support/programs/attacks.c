/* attacks.c: what a submission must not do, said to the kernel directly. */
#include "deeds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void socket_unix(void)
{
    socket(AF_UNIX, SOCK_STREAM, 0);
}

static void socket_inet(void)
{
    socket(AF_INET, SOCK_STREAM, 0);
}

static void socket_vsock(void)
{
    socket(AF_VSOCK, SOCK_STREAM, 0);
}

static void send_descriptor(void)
{
    struct msghdr message = {0};
    sendmsg(GIVEN_FD, &message, 0);
}

static void fork_by_clone(void)
{
    syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void fork_by_clone3(void)
{
    syscall(SYS_clone3, NULL, 0);
}

static void execute(void)
{
    execl("/bin/sh", "sh", NULL);
}

static void execute_nothing(void)
{
    syscall(SYS_execveat, GIVEN_FD, "", NULL, NULL, AT_EMPTY_PATH);
}

static void kill_parent(void)
{
    kill(getppid(), SIGSTOP);
}

static void kill_all(void)
{
    kill(-1, SIGKILL);
}

static void abort_parent(void)
{
    pid_t parent = getppid();
    syscall(SYS_tgkill, parent, parent, SIGABRT);
}

static void abort_process_1(void)
{
    syscall(SYS_tgkill, 1, 1, SIGABRT);
}

static void stop_self(void)
{
    syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP);
}

static void trace_parent(void)
{
    syscall(SYS_ptrace, 16, getppid(), 0, 0);
}

static void read_parent(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x1000, 1};
    process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static void writable_code(void)
{
    mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void memory_to_code(void)
{
    void *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page, 1, PROT_READ | PROT_EXEC);
}

static void memory_to_code_by_key(void)
{
    syscall(SYS_pkey_mprotect, &errno, 1, PROT_EXEC, -1);
}

static void personality_exec(void)
{
    syscall(SYS_personality, 0x0400000);
}

static void new_namespace(void)
{
    unshare(CLONE_NEWUSER);
}

static void new_mount(void)
{
    syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
}

static void raise_limit(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_CPU, &limit);
}

static void be_traceable(void)
{
    prctl(PR_SET_DUMPABLE, 1);
}

static void another_filter(void)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static void io_ring(void)
{
    syscall(SYS_io_uring_setup, 1, NULL);
}

static void kernel_program(void)
{
    syscall(SYS_bpf, 0, NULL, 0);
}

static void performance_counter(void)
{
    syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static void kernel_keys(void)
{
    syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static void page_faults(void)
{
    syscall(SYS_userfaultfd, 0);
}

static void shared_memory(void)
{
    syscall(SYS_shmget, 0, 1, 0);
}

static void more_descriptors(void)
{
    if (dup(STDOUT_FILENO) < 0)
        return;
}

static void memory_file(void)
{
    syscall(SYS_memfd_create, "x", 0);
}

static void new_session(void)
{
    setsid();
}

static void doze(void)
{
    struct timespec second = {.tv_sec = 1};
    nanosleep(&second, NULL);
}

static void alarm_clock(void)
{
    alarm(1);
}

static void remove_file(void)
{
    unlink("attacks");
}

static void change_mode(void)
{
    chmod("attacks", 0777);
}

static void look_at_file(void)
{
    syscall(SYS_newfstatat, AT_FDCWD, "/", NULL, 0);
}

#ifdef __x86_64__
static void call_of_i386(void)
{
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
}

static void call_of_x32(void)
{
    syscall(0x40000000 + SYS_getpid);
}
#endif

/* Refused, but not a reason to be killed: the C library itself may try it. Exit status 3 if so. */
static void open_file(void)
{
    if (open("attacks", O_RDONLY) < 0 && errno == ENOENT)
        _exit(3);
}

static void push_input(void)
{
    if (ioctl(STDOUT_FILENO, TIOCSTI, "x") < 0 && errno == ENOTTY)
        _exit(3);
}

const Deed attacks[] = {
    DEED(socket_unix),
    DEED(socket_inet),
    DEED(socket_vsock),
    DEED(send_descriptor),
    DEED(fork_by_clone),
    DEED(fork_by_clone3),
    DEED(execute),
    DEED(execute_nothing),
    DEED(kill_parent),
    DEED(kill_all),
    DEED(abort_parent),
    DEED(abort_process_1),
    DEED(stop_self),
    DEED(trace_parent),
    DEED(read_parent),
    DEED(writable_code),
    DEED(memory_to_code),
    DEED(memory_to_code_by_key),
    DEED(personality_exec),
    DEED(new_namespace),
    DEED(new_mount),
    DEED(raise_limit),
    DEED(be_traceable),
    DEED(another_filter),
    DEED(io_ring),
    DEED(kernel_program),
    DEED(performance_counter),
    DEED(kernel_keys),
    DEED(page_faults),
    DEED(shared_memory),
    DEED(more_descriptors),
    DEED(memory_file),
    DEED(new_session),
    DEED(doze),
    DEED(alarm_clock),
    DEED(remove_file),
    DEED(change_mode),
    DEED(look_at_file),
#ifdef __x86_64__
    DEED(call_of_i386),
    DEED(call_of_x32),
#endif
    DEED(open_file),
    DEED(push_input),
    {NULL, NULL},
};
