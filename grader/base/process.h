/*
 * process.h: a child process with a deadline and bounded output.
 *
 * The child gets an environment and descriptors that are listed, and nothing else. Whatever it
 * prints is drained to the end and kept up to a limit, so it neither blocks nor fills memory. When
 * its time is up, by the clock or by what all of its session has used, when it ends, or when the
 * Process is freed, its whole process group is killed.
 *
 * Safe to use from several threads: no fork() of ours runs code between fork and exec.
 */
#pragma once

#include <glib.h>
#include <poll.h>
#include <sys/types.h>

/* A descriptor for the child: `fd` of ours becomes `number` there. Both stay open here. */
typedef struct {
    int fd, number;
} ProcessFd;

typedef struct {
    const char *const *argv; /* argv[0] is a path */
    const char *const *envp; /* NULL: empty */
    const char *directory;   /* to start in; NULL: "/" */
    const ProcessFd *fds;    /* numbers 3 and up, ascending without gaps; 0 is /dev/null */
    guint n_fds;
    guint wall_seconds;           /* 0: no deadline */
    guint cpu_seconds;            /* of all its processes together; 0: no limit */
    gsize output_limit;           /* bytes kept of each of standard output and standard error */
    gboolean status_128;          /* an exit status of 128 + n means signal n, as with shells */
    void (*ended)(gpointer data); /* called once when it was reaped, or could not be started */
    gpointer ended_data;
} ProcessSpec;

typedef struct Process Process;

typedef struct {
    int wait_status;           /* as of waitpid() */
    gboolean timed_out;        /* killed by us because of these seconds */
    gint64 cpu_usec;           /* user and system, of it and of the children that it waited for */
    GString *out, *err;        /* what was kept; owned by the Process */
    gboolean out_cut, err_cut; /* there was more */
} ProcessOutcome;

/* NULL and an error if it cannot be started. */
Process *process_start(const ProcessSpec *spec, GError **error);

/* Run to the end. The outcome lives as long as the Process. */
const ProcessOutcome *process_wait(Process *process);

/*
 * For a caller with a poll() loop of its own: fill three entries, poll, then pump. Pump drains what
 * is there and answers whether the process still runs; then process_wait() returns at once.
 */
#define PROCESS_POLLFDS 3
void process_pollfds(const Process *process, struct pollfd fds[PROCESS_POLLFDS]);
gboolean process_pump(Process *process);

/* The longest that a poll() for it may take, in milliseconds; -1: for ever. */
int process_time_left(const Process *process);

pid_t process_pid(const Process *process);

/* Is there no process, anybody's, of this number? FALSE for what is no number of one. */
gboolean process_is_gone(gint64 pid);

/* Kill its process group, as at the deadline. */
void process_kill(Process *process);

/* Kill it if it runs, reap it, free it. */
void process_free(Process *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Process, process_free)
