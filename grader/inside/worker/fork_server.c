/* fork_server.c: see fork_server.h. */
#include "inside/worker/fork_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/confine/lockdown.h"
#include "inside/worker/calls.h"
#include "wire/wire.h"

#define MAX_WORKERS 64
#define ANSWER_FD 3 /* of a worker: its connection */

/* A running worker. Free slots have pid 0. */
typedef struct {
    pid_t pid;
    uint32_t id;
    int connection;
    bool killed; /* its proxy has gone */
} Worker;

static Worker workers[MAX_WORKERS];
static unsigned cpu_seconds;

/* ---- in the worker --------------------------------------------------------------------------- */

/* Answer one call, if student code has left memory for it. False when the proxy has gone. */
static bool answer_one(int fd)
{
    WireHeader request, reply;
    if (!wire_read_all(fd, &request, sizeof request) || request.length > WIRE_MAX_PAYLOAD)
        return false;
    void *payload = malloc(request.length + 1);
    if (payload == NULL)
        _exit(WIRE_EXIT_NO_MEMORY);
    if (!wire_read_all(fd, payload, request.length))
        return false;
    WireBuffer answer = {0};
    calls_perform(&request, payload, &reply, &answer);
    free(payload);
    if (answer.failed)
        _exit(WIRE_EXIT_NO_MEMORY);
    bool sent =
        wire_write_all(fd, &reply, sizeof reply) && wire_write_all(fd, answer.bytes, answer.length);
    wire_buffer_release(&answer);
    return sent;
}

static _Noreturn void be_worker(int connection, int output)
{
    /* Through high numbers first: neither descriptor may be overwritten before it is moved. */
    int answer = fcntl(connection, F_DUPFD, ANSWER_FD + 2);
    int filter = fcntl(FORK_SERVER_FILTER_FD, F_DUPFD, ANSWER_FD + 2);
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
        dup2(answer, ANSWER_FD) < 0 || dup2(filter, ANSWER_FD + 1) < 0)
        _exit(WORKER_BROKEN);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    const WireHeader ready = {.magic = WIRE_MAGIC, .kind = WIRE_READY};
    if (!lockdown_apply(ANSWER_FD + 1, cpu_seconds, ANSWER_FD + 1) ||
        !wire_write_all(ANSWER_FD, &ready, sizeof ready))
        _exit(WORKER_BROKEN);
    while (answer_one(ANSWER_FD))
        fflush(stdout);
    _exit(0);
}

/* ---- in the fork server ---------------------------------------------------------------------- */

static void report(uint32_t id, int wait_status, uint64_t cpu_usec)
{
    ForkServerReport message = {.id = id, .wait_status = wait_status, .cpu_usec = cpu_usec};
    if (send(FORK_SERVER_CONTROL_FD, &message, sizeof message, MSG_NOSIGNAL) < 0)
        exit(EXIT_FAILURE);
}

/* Receive an order with its two descriptors. False when the grader has gone. */
static bool receive_order(uint32_t *id, int fds[2])
{
    char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec data = {.iov_base = id, .iov_len = sizeof *id};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    if (recvmsg(FORK_SERVER_CONTROL_FD, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *id)
        return false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return false;
    memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
    return true;
}

static Worker *free_slot(void)
{
    for (Worker *worker = workers; worker < workers + MAX_WORKERS; worker++)
        if (worker->pid == 0)
            return worker;
    return NULL;
}

static bool start_worker(void)
{
    uint32_t id;
    int fds[2];
    if (!receive_order(&id, fds))
        return false;
    Worker *worker = free_slot();
    pid_t pid = worker != NULL ? fork() : -1;
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        be_worker(fds[0], fds[1]);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return false;
    }
    *worker = (Worker){.pid = pid, .id = id, .connection = fds[0]};
    return true;
}

/* Tell the proxy, if it still waits, that no reply will come. */
static void announce_death(int connection, int wait_status)
{
    struct {
        WireHeader header;
        int32_t wait_status;
    } death = {.header = {.magic = WIRE_MAGIC, .kind = WIRE_DEATH, .length = sizeof(int32_t)},
               .wait_status = wait_status};
    send(connection, &death, sizeof death.header + sizeof death.wait_status,
         MSG_NOSIGNAL | MSG_DONTWAIT);
    close(connection);
}

/*
 * A worker that ignores the signal of its limit is killed a second later. Say then what it was
 * killed for: SIGKILL alone would mean that there was no memory left.
 */
static int explain(int wait_status, uint64_t cpu_usec)
{
    bool killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
    return killed && cpu_usec >= (uint64_t)cpu_seconds * 1000000 ? SIGXCPU : wait_status;
}

static void reap_workers(void)
{
    int wait_status;
    struct rusage usage;
    pid_t pid;
    while ((pid = wait4(-1, &wait_status, WNOHANG, &usage)) > 0) {
        for (Worker *worker = workers; worker < workers + MAX_WORKERS; worker++) {
            if (worker->pid != pid)
                continue;
            uint64_t seconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
            uint64_t usec = (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
            usec += seconds * 1000000;
            wait_status = explain(wait_status, usec);
            announce_death(worker->connection, wait_status);
            report(worker->id, wait_status, usec);
            *worker = (Worker){0};
        }
    }
}

/* Wait until something happens: an order, the end of a worker, a proxy that goes away. */
static bool serve_once(int children)
{
    struct pollfd fds[2 + MAX_WORKERS] = {{.fd = FORK_SERVER_CONTROL_FD, .events = POLLIN},
                                          {.fd = children, .events = POLLIN}};
    for (int i = 0; i < MAX_WORKERS; i++)
        fds[2 + i].fd = workers[i].pid != 0 && !workers[i].killed ? workers[i].connection : -1;
    if (poll(fds, 2 + MAX_WORKERS, -1) < 0)
        return errno == EINTR;
    for (int i = 0; i < MAX_WORKERS; i++) {
        if ((fds[2 + i].revents & (POLLHUP | POLLERR)) == 0)
            continue;
        kill(workers[i].pid, SIGKILL);
        workers[i].killed = true;
    }
    if (fds[1].revents != 0) {
        struct signalfd_siginfo ignored;
        if (read(children, &ignored, sizeof ignored) < 0)
            return false;
    }
    reap_workers();
    if (fds[0].revents == 0)
        return true;
    return (fds[0].revents & POLLIN) != 0 && start_worker();
}

int fork_server_main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: worker fork-server OBJECT CPU_SECONDS\n");
        return EXIT_FAILURE;
    }
    cpu_seconds = (unsigned)atoi(argv[2]);
    /* A worker of the same user must not be able to attach to this process or read its memory. */
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    report(0, 0, 0);
    if (!calls_load(argv[1]))
        return EXIT_FAILURE;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int children = signalfd(-1, &child, SFD_CLOEXEC);
    if (children < 0)
        return EXIT_FAILURE;
    report(0, 0, 0);
    while (serve_once(children))
        continue;
    return EXIT_SUCCESS;
}
