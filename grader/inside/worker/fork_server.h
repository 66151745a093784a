/*
 * fork_server.h: one process in the sandbox that makes a fresh worker for each test.
 *
 *     worker fork-server OBJECT CPU_SECONDS
 *
 * It loads the student's object once, without running any of it, and then listens on descriptor 3,
 * a SOCK_SEQPACKET socket to the grader:
 *
 *     to the grader     ForkServerReport id 0: started; what happens now is the object's doing
 *     to the grader     ForkServerReport id 0: loaded, ready
 *     from the grader   u32 id, with two descriptors: the connection of a test's proxy, and a file
 *                       for what the worker prints
 *     to the grader     ForkServerReport: the worker with this id has ended
 *
 * Each worker says WIRE_READY on its connection and then answers calls until the proxy closes it.
 * If it ends in any other way, the fork server says so on the connection (WIRE_DEATH). If the proxy
 * goes away, the worker is killed. Descriptor 4 holds the seccomp filter that each worker puts on
 * (inside/confine/lockdown.h).
 */
#pragma once

#include <stdint.h>

#define FORK_SERVER_CONTROL_FD 3
#define FORK_SERVER_FILTER_FD 4

/* Exit status of a worker that could not be set up: the kit's fault, not the student's. */
#define WORKER_BROKEN 125

typedef struct {
    uint32_t id;
    int32_t wait_status;
    uint64_t cpu_usec;
} ForkServerReport;

int fork_server_main(int argc, char **argv);
