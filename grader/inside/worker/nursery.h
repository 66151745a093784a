/*
 * nursery.h: one process in the sandbox that makes a fresh worker for each test.
 *
 *     worker nursery OBJECT CPU_SECONDS
 *
 * It loads the student's object once, without running any of it, and then listens on descriptor 3,
 * a SOCK_SEQPACKET socket to the grader:
 *
 *     nursery -> grader   NurseryReport id 0: started; what happens now is the object's doing
 *     nursery -> grader   NurseryReport id 0: loaded, ready
 *     grader -> nursery   u32 id, with two descriptors: the connection of a test's proxy, and a
 *                         file for what the worker prints
 *     nursery -> grader   NurseryReport: that worker has ended
 *
 * Each worker says WIRE_READY on its connection and then answers calls until the proxy closes it. If
 * it ends in any other way, the nursery says so on the connection (WIRE_DEATH). If the proxy goes away, the worker is
 * killed. Descriptor 4 holds the seccomp filter that each worker puts on (inside/confine/leaf.h).
 */
#pragma once

#include <stdint.h>

#define NURSERY_CONTROL_FD 3
#define NURSERY_FILTER_FD 4

/* Exit status of a worker that could not be set up: the kit's fault, not the student's. */
#define WORKER_BROKEN 125

typedef struct {
    uint32_t id;
    int32_t wait_status;
    uint64_t cpu_usec;
} NurseryReport;

int nursery_main(int argc, char **argv);
