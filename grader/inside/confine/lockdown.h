/*
 * lockdown.h: the last and tightest layer around student code.
 *
 * There is a worker for each test. Before it touches student code it calls lockdown_apply(). From
 * then on it may compute, use memory, and read and write the descriptors it has, and nothing else.
 * What it was given by `confine` at the start (memory, file and stack limits, file system, no
 * network) holds for it as well.
 *
 * The filter is made by libseccomp in the grader (sandbox_lockdown_filter()) and arrives here as
 * the bytes of a file, so that nothing beside student code needs a library.
 *
 * Plain C without GLib.
 */
#pragma once

#include <stdbool.h>

/*
 * In the filter this number stands for the process's own id, which only the process knows: abort()
 * sends SIGABRT to it, and to nobody else.
 */
#define LOCKDOWN_OWN_PID 0x4c4f434bu /* "LOCK" */

/*
 * Limit the CPU time of the calling process (SIGXCPU then, SIGKILL a second later) and its
 * descriptors to those below `descriptors`, close the others, and put on the filter. False, with
 * errno, if any of it fails: then no student code may run.
 */
bool lockdown_apply(int filter_fd, unsigned cpu_seconds, unsigned descriptors);

/* Put on the seccomp filter in this file: an array of struct sock_filter. False with errno. */
bool lockdown_load_filter(int filter_fd);
