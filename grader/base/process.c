#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process_time.h"

/* What one pump reads at most from one pipe, so that a flood cannot keep us from the deadline. */
#define PUMP_BYTES (1u << 20)
#define CHUNK_BYTES (64u << 10)

/* Valgrind, under which the grader may run, knows no pidfd: then we look every few milliseconds. */
#define LOOK_AGAIN 10

/* How often the time is added up that a session has used. */
#define LOOK_AT_TIME G_TIME_SPAN_SECOND

/* How long the outputs of a group that was killed may take to end, in microseconds. */
#define LAST_WORDS (500 * G_TIME_SPAN_MILLISECOND)

/* One of the child's two outputs. */
typedef struct {
    int fd; /* -1 once it is at its end */
    GString *text;
    gboolean cut;
} Output;

struct Process {
    pid_t pid; /* also the id of its group and session */
    int pidfd; /* readable when it has ended */
    Output out, err;
    gsize output_limit;
    gint64 deadline;            /* of g_get_monotonic_time(), 0: none */
    gint64 cpu_limit, cpu_seen; /* of the whole session, in microseconds; 0: no limit */
    gint64 next_look;           /* of g_get_monotonic_time(): when to see what it has used */
    gboolean status_128;
    gboolean ended; /* and reaped */
    void (*on_end)(gpointer data);
    gpointer on_end_data;
    ProcessOutcome outcome;
};

/* ---- starting -------------------------------------------------------------------------------- */

/* A copy of `fd` at `above` or higher: no mapping to a lower number can overwrite it there. */
static int copy_above(int fd, int above, GError **error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, above);
    if (copy < 0)
        grader_set_errno(error, "cannot copy descriptor %d", fd);
    return copy;
}

/* What the child does with one descriptor: the copy, closed here after the start. */
static gboolean map_fd(posix_spawn_file_actions_t *actions, GArray *copies, int fd, int number,
                       int above, GError **error)
{
    int copy = copy_above(fd, above, error);
    if (copy < 0)
        return FALSE;
    g_array_append_val(copies, copy);
    posix_spawn_file_actions_adddup2(actions, copy, number);
    return TRUE;
}

static gboolean add_actions(posix_spawn_file_actions_t *actions, GArray *copies,
                            const ProcessSpec *spec, int out, int err, GError **error)
{
    int above = 3 + (int)spec->n_fds;
    if (!map_fd(actions, copies, out, STDOUT_FILENO, above, error) ||
        !map_fd(actions, copies, err, STDERR_FILENO, above, error))
        return FALSE;
    for (guint i = 0; i < spec->n_fds; i++) {
        g_assert(spec->fds[i].number == 3 + (int)i);
        if (!map_fd(actions, copies, spec->fds[i].fd, spec->fds[i].number, above, error))
            return FALSE;
    }
    posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(actions, above);
    posix_spawn_file_actions_addchdir_np(actions, spec->directory ? spec->directory : "/");
    return TRUE;
}

/* A session of its own: no terminal to push input into, and a group that can be killed whole. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static gboolean spawn(Process *process, const ProcessSpec *spec, int out, int err, GError **error)
{
    static const char *const no_environment[] = {NULL};
    const char *const *envp = spec->envp ? spec->envp : no_environment;
    g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(int));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    set_attributes(&attributes);
    gboolean ready = add_actions(&actions, copies, spec, out, err, error);
    if (ready) {
        errno = posix_spawn(&process->pid, spec->argv[0], &actions, &attributes,
                            (char *const *)spec->argv, (char *const *)envp);
        ready = errno == 0;
        if (!ready)
            grader_set_errno(error, "cannot start '%s'", spec->argv[0]);
    }
    for (guint i = 0; i < copies->len; i++)
        close(g_array_index(copies, int, i));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return ready;
}

/* Our end of a pipe does not block: a child that keeps its end open cannot keep us waiting. */
static gboolean open_output(Output *output, int *child_end, GError **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        grader_set_errno(error, "cannot make a pipe");
        return FALSE;
    }
    output->fd = ends[0];
    *child_end = ends[1];
    fcntl(output->fd, F_SETFL, O_NONBLOCK);
    return TRUE;
}

static gboolean start(Process *process, const ProcessSpec *spec, GError **error)
{
    int out = -1, err = -1;
    gboolean started = open_output(&process->out, &out, error) &&
                       open_output(&process->err, &err, error) &&
                       spawn(process, spec, out, err, error);
    files_close(&out);
    files_close(&err);
    if (started)
        process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    return started;
}

Process *process_start(const ProcessSpec *spec, GError **error)
{
    Process *process = g_new0(Process, 1);
    process->pid = -1;
    process->pidfd = process->out.fd = process->err.fd = -1;
    process->out.text = g_string_new(NULL);
    process->err.text = g_string_new(NULL);
    process->output_limit = spec->output_limit;
    process->status_128 = spec->status_128;
    process->on_end = spec->ended;
    process->on_end_data = spec->ended_data;
    if (!start(process, spec, error)) {
        process_free(process);
        return NULL;
    }
    if (spec->wall_seconds > 0)
        process->deadline = g_get_monotonic_time() + spec->wall_seconds * G_TIME_SPAN_SECOND;
    process->cpu_limit = spec->cpu_seconds * G_TIME_SPAN_SECOND;
    process->next_look = g_get_monotonic_time() +
                         MAX(process->cpu_limit / (gint64)g_get_num_processors(), LOOK_AT_TIME);
    return process;
}

/* ---- running --------------------------------------------------------------------------------- */

static void keep(Output *output, const char *bytes, gsize length, gsize limit)
{
    gsize room = limit - output->text->len;
    if (length > room)
        output->cut = TRUE;
    g_string_append_len(output->text, bytes, (gssize)MIN(length, room));
}

static void drain(Output *output, gsize limit)
{
    char chunk[CHUNK_BYTES];
    gsize total = 0;
    while (output->fd >= 0 && total < PUMP_BYTES) {
        ssize_t got = read(output->fd, chunk, sizeof chunk);
        if (got > 0) {
            keep(output, chunk, (gsize)got, limit);
            total += (gsize)got;
        } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
            files_close(&output->fd);
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static gboolean has_ended(const Process *process)
{
    siginfo_t info = {0};
    int flags = WEXITED | WNOHANG | WNOWAIT;
    return waitid(P_PID, (id_t)process->pid, &info, flags) == 0 && info.si_pid != 0;
}

/* As a shell says it, and bubblewrap: exit status 128 + n stands for a death by signal n. */
static int undo_128(int status)
{
    int signal_number = WIFEXITED(status) ? WEXITSTATUS(status) - 128 : 0;
    return signal_number > 0 && signal_number < NSIG ? signal_number : status;
}

static void reap(Process *process)
{
    struct rusage usage = {0};
    int status = 0;
    while (wait4(process->pid, &status, 0, &usage) < 0 && errno == EINTR)
        continue;
    process->ended = TRUE;
    process->outcome.wait_status = process->status_128 ? undo_128(status) : status;
    process->outcome.cpu_usec =
        (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_TIME_SPAN_SECOND +
        usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    /* Nobody has waited for those that were killed with it. */
    process->outcome.cpu_usec = MAX(process->outcome.cpu_usec, process->cpu_seen);
}

static void call_on_end(Process *process)
{
    if (process->on_end)
        process->on_end(process->on_end_data);
    process->on_end = NULL;
}

/* What was still on its way when the group was killed. No one is left to write for long. */
static void drain_rest(Process *process)
{
    gint64 end = g_get_monotonic_time() + LAST_WORDS;
    gint64 left = LAST_WORDS;
    drain(&process->out, process->output_limit);
    drain(&process->err, process->output_limit);
    while ((process->out.fd >= 0 || process->err.fd >= 0) && left > 0) {
        struct pollfd fds[PROCESS_POLLFDS];
        process_pollfds(process, fds);
        poll(fds + 1, 2, (int)(left / 1000) + 1);
        drain(&process->out, process->output_limit);
        drain(&process->err, process->output_limit);
        left = end - g_get_monotonic_time();
    }
    files_close(&process->out.fd);
    files_close(&process->err.fd);
}

/* The rest of its group dies before it is reaped: until then nobody else can get its number. */
static void finish(Process *process)
{
    process_kill(process);
    drain_rest(process);
    reap(process);
    call_on_end(process);
    process->outcome.out = process->out.text;
    process->outcome.err = process->err.text;
    process->outcome.out_cut = process->out.cut;
    process->outcome.err_cut = process->err.cut;
}

/* When process_pump() has to look next, of g_get_monotonic_time(); G_MAXINT64: never. */
static gint64 next_time(const Process *process)
{
    gint64 next = G_MAXINT64;
    if (process->outcome.timed_out)
        return next;
    if (process->deadline > 0)
        next = process->deadline;
    return process->cpu_limit > 0 ? MIN(next, process->next_look) : next;
}

int process_time_left(const Process *process)
{
    int most = process->pidfd >= 0 ? -1 : LOOK_AGAIN;
    gint64 next = next_time(process);
    if (next == G_MAXINT64)
        return most;
    gint64 left = next - g_get_monotonic_time();
    int milliseconds = (int)CLAMP((left + 999) / 1000, 0, G_MAXINT);
    return most < 0 ? milliseconds : MIN(milliseconds, most);
}

/*
 * Before the first look it has hardly used up its limit, and most have ended by then; after that
 * it is looked at often.
 */
static gboolean is_time_up(Process *process)
{
    gint64 now = g_get_monotonic_time();
    if (process->outcome.timed_out || now < next_time(process))
        return FALSE;
    if (process->deadline > 0 && now >= process->deadline)
        return TRUE;
    process->next_look = now + LOOK_AT_TIME;
    process->cpu_seen = process_time_of_session(process->pid);
    return process->cpu_seen >= process->cpu_limit;
}

void process_pollfds(const Process *process, struct pollfd fds[PROCESS_POLLFDS])
{
    fds[0] = (struct pollfd){.fd = process->pidfd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = process->out.fd, .events = POLLIN};
    fds[2] = (struct pollfd){.fd = process->err.fd, .events = POLLIN};
}

gboolean process_pump(Process *process)
{
    if (process->ended)
        return FALSE;
    if (has_ended(process)) {
        finish(process);
        return FALSE;
    }
    drain(&process->out, process->output_limit);
    drain(&process->err, process->output_limit);
    if (is_time_up(process)) {
        process->outcome.timed_out = TRUE;
        process_kill(process);
    }
    return TRUE;
}

const ProcessOutcome *process_wait(Process *process)
{
    while (process_pump(process)) {
        struct pollfd fds[PROCESS_POLLFDS];
        process_pollfds(process, fds);
        poll(fds, PROCESS_POLLFDS, process_time_left(process));
    }
    return &process->outcome;
}

gboolean process_is_gone(gint64 pid)
{
    return pid > 0 && pid <= G_MAXINT && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

pid_t process_pid(const Process *process)
{
    return process->pid;
}

void process_kill(Process *process)
{
    if (!process->ended && process->pid > 0)
        kill(-process->pid, SIGKILL);
}

void process_free(Process *process)
{
    if (!process)
        return;
    process_kill(process);
    if (!process->ended && process->pid > 0)
        reap(process);
    call_on_end(process);
    files_close(&process->pidfd);
    files_close(&process->out.fd);
    files_close(&process->err.fd);
    g_string_free(process->out.text, TRUE);
    g_string_free(process->err.text, TRUE);
    g_free(process);
}
