/*
 * process_time.h: how much CPU time a program has used, its children and theirs included, while
 * they run. The kernel's own limit (RLIMIT_CPU) counts each process for itself.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* User and system time, in microseconds, of a session's processes and of those they waited for. */
gint64 process_time_of_session(pid_t session);
