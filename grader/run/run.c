/* run.c: run a Criterion program against one submission; see run.h. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "compile/compile.h"
#include "inside/worker/fork_server.h"
#include "run/report.h"
#include "wire/wire.h"

/* A worker normally ends by its CPU limit. On a busy machine that takes longer by the clock. */
#define WALL_FACTOR 20
/*
 * Code that waits uses no CPU time, and only the clock ends its test. After so many of those the
 * other tests are not run, or one submission could hold up a class for many minutes. A busy machine
 * gives a worker more than this share of its time; whether one that had more was kept waiting or
 * has waited now and then cannot be seen, so it counts half.
 */
#define MAX_WAITED 3
#define SHARE_OF_WAITING 0.02
/* Of what a test printed, the report keeps this much. */
#define PRINTED_KEPT 2048
/* What the worker's own messages begin with. */
#define OF_WORKER "worker: "
/* What the test program itself says; shown only when it breaks. */
#define PROGRAM_OUTPUT 4096

/* Everything that is open during a run. */
typedef struct {
    const TestRun *spec;
    const Rubric *rubric;
    Result *result;
    GPtrArray *wanted; /* TestResult *, not owned: those that run; a worker's id is index + 1 */
    GPtrArray *suites; /* char *, not owned: the suite of each */
    int *printed;      /* per wanted test: the file that its worker prints to, or -1 */
    gint64 *started;   /* per wanted test: when it got its worker, on the monotonic clock */
    double waited;     /* workers that waited until their time was up by the clock */
    int listening;     /* the proxies connect here */
    int control;       /* to the fork server */
    guint running;     /* workers */
    Process *server;
    Process *program;
} Run;

static void run_clear(Run *run)
{
    g_clear_pointer(&run->program, process_free);
    g_clear_pointer(&run->server, process_free);
    for (guint i = 0; run->printed != NULL && i < run->wanted->len; i++)
        files_close(&run->printed[i]);
    g_free(run->printed);
    g_free(run->started);
    g_clear_pointer(&run->wanted, g_ptr_array_unref);
    g_clear_pointer(&run->suites, g_ptr_array_unref);
    files_close(&run->listening);
    files_close(&run->control);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

char *run_call_log_path(const char *scratch, const char *suite, const char *test)
{
    return g_strdup_printf("%s/calls/%s.%s", scratch, suite, test);
}

/* ---- what there is to run -------------------------------------------------------------------- */

/* Enter each wanted test into its item, as one that has not been reported yet. */
static gboolean enter_tests(Run *run, GError **error)
{
    const TestRun *asked = run->spec;
    for (guint i = 0; i < asked->tests->len; i++) {
        const ListedTest *listed = asked->tests->pdata[i];
        g_autofree char *full = g_strdup_printf("%s/%s", listed->suite, listed->name);
        if (asked->filter != NULL && !g_pattern_match_simple(asked->filter, full))
            continue;
        ItemResult *item = result_item(run->result, listed->suite);
        if (item == NULL)
            continue;
        TestResult *test = test_result_new(listed->name, listed->title);
        test->status = TEST_BROKEN;
        g_ptr_array_add(item->tests, test);
        g_ptr_array_add(run->wanted, test);
        g_ptr_array_add(run->suites, listed->suite);
    }
    if (run->wanted->len == 0) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "no test is called '%s'",
                    asked->filter);
        return FALSE;
    }
    run->started = g_new0(gint64, run->wanted->len);
    run->printed = g_new(int, run->wanted->len);
    for (guint i = 0; i < run->wanted->len; i++)
        run->printed[i] = -1;
    return TRUE;
}

/* ---- the fork server ------------------------------------------------------------------------- */

static gboolean start_server(Run *run, const Sandbox *sandbox, GError **error)
{
    const RubricLimits *limits = &run->rubric->limits;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        grader_set_errno(error, "cannot make a socket");
        return FALSE;
    }
    run->control = pair[0];
    files_autofd int other_end = pair[1], filter = sandbox_lockdown_filter(sandbox, error);
    g_autofree char *seconds = g_strdup_printf("%u", limits->test_seconds);
    const SandboxSpec spec = {
        .profile = SANDBOX_WORKER,
        .box = run->spec->box,
        .argv = (const char *[]){"./worker", "fork-server", "./" COMPILE_OBJECT, seconds, NULL},
        .fds = (const ProcessFd[]){{other_end, FORK_SERVER_CONTROL_FD},
                                   {filter, FORK_SERVER_FILTER_FD}},
        .n_fds = 2,
        .output_limit = PROGRAM_OUTPUT,
    };
    if (filter >= 0)
        run->server = sandbox_start(sandbox, &spec, error);
    return run->server != NULL;
}

/* What a program of ours said before it ended, in one line. */
static char *last_words(Process *process)
{
    const ProcessOutcome *outcome = process_wait(process);
    g_strchomp(outcome->err->str);
    return escape_text(outcome->err->str, -1, 300, FALSE);
}

/* Wait for the fork server's next word. What it prints is read, so that it cannot block on that. */
static gboolean hear_server(Run *run)
{
    gint64 seconds = (gint64)run->rubric->limits.test_seconds * WALL_FACTOR;
    gint64 end = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND, left;
    ForkServerReport report;
    while ((left = end - g_get_monotonic_time()) > 0) {
        struct pollfd fds[1 + PROCESS_POLLFDS] = {{.fd = run->control, .events = POLLIN}};
        process_pollfds(run->server, fds + 1);
        poll(fds, G_N_ELEMENTS(fds), (int)(left / 1000) + 1);
        if (fds[0].revents != 0)
            return recv(run->control, &report, sizeof report, 0) == (ssize_t)sizeof report;
        process_pump(run->server);
    }
    return FALSE;
}

/*
 * Wait until the object is loaded. A worker that does not start is our fault. What the dynamic
 * linker then says of the object, or that it comes to grief over it, is the submission's.
 */
static gboolean await_server(Run *run, GError **error)
{
    gboolean started = hear_server(run);
    if (started && hear_server(run))
        return TRUE;
    process_kill(run->server);
    g_autofree char *words = last_words(run->server);
    if (!started) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SANDBOX, "the worker did not start: %s",
                    words);
        return FALSE;
    }
    const char *why = words + (g_str_has_prefix(words, OF_WORKER) ? strlen(OF_WORKER) : 0);
    run->result->status = SUBMISSION_REFUSED;
    run->result->reason = g_strdup_printf("the compiled attention.c cannot be loaded: %s",
                                          *why != '\0' ? why : "the dynamic linker crashes");
    return FALSE;
}

/* Hand the connection of a proxy to the fork server, with a fresh file for what is printed. */
static gboolean send_order(Run *run, guint32 id, int connection, int printed)
{
    char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec data = {.iov_base = &id, .iov_len = sizeof id};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), (int[]){connection, printed}, 2 * sizeof(int));
    return sendmsg(run->control, &message, MSG_NOSIGNAL) == (ssize_t)sizeof id;
}

/* ---- the proxies ----------------------------------------------------------------------------- */

static gboolean listen_for_proxies(Run *run, const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "the path '%s' is too long for a socket: set TMPDIR to a shorter one", path);
        return FALSE;
    }
    run->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (run->listening >= 0 &&
        bind(run->listening, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(run->listening, 64) == 0)
        return TRUE;
    grader_set_errno(error, "cannot listen at '%s'", path);
    return FALSE;
}

static gboolean find_wanted(const Run *run, const WireHello *hello, guint *index)
{
    for (*index = 0; *index < run->wanted->len; ++*index) {
        const TestResult *test = run->wanted->pdata[*index];
        if (strncmp(test->name, hello->test, sizeof hello->test) == 0 &&
            strncmp(run->suites->pdata[*index], hello->suite, sizeof hello->suite) == 0)
            return run->printed[*index] < 0;
    }
    return FALSE;
}

static void refuse_worker(int connection)
{
    const WireHeader word = {.magic = WIRE_MAGIC, .kind = WIRE_NO_MORE};
    send(connection, &word, sizeof word, MSG_NOSIGNAL);
}

static void give_worker(Run *run, guint index, int connection)
{
    run->printed[index] = memfd_create("printed", MFD_CLOEXEC);
    run->started[index] = g_get_monotonic_time();
    if (run->printed[index] >= 0 && send_order(run, index + 1, connection, run->printed[index]))
        run->running++;
}

/* A test has begun to talk: give it a worker. Without a word the proxy reports a broken test. */
static void accept_proxy(Run *run)
{
    files_autofd int connection = accept4(run->listening, NULL, NULL, SOCK_CLOEXEC);
    WireHello hello;
    guint index;
    if (connection < 0)
        return;
    gboolean ours = recv(connection, &hello, sizeof hello, MSG_WAITALL) == (ssize_t)sizeof hello &&
                    find_wanted(run, &hello, &index);
    if (ours && run->waited < MAX_WAITED)
        give_worker(run, index, connection);
    else if (ours)
        refuse_worker(connection);
}

/* ---- the run --------------------------------------------------------------------------------- */

static gboolean start_program(Run *run, const char *socket_path, const char *report, GError **error)
{
    const TestRun *asked = run->spec;
    const RubricLimits *limits = &run->rubric->limits;
    g_autofree char *jobs = g_strdup_printf("-j%u", asked->jobs);
    g_autofree char *filter = g_strdup_printf("--filter=%s", asked->filter ? asked->filter : "*/*");
    g_auto(GStrv) envp = g_new0(char *, 9);
    envp[0] = g_strconcat("ATTENTION_SOCKET=", socket_path, NULL);
    envp[1] = g_strdup_printf("ATTENTION_CALL_LOGS=%s/calls", asked->scratch);
    envp[2] = g_strconcat("ATTENTION_REPORT=", report, NULL);
    envp[3] = g_strdup_printf("ATTENTION_SEED=%u", asked->seed);
    envp[4] = g_strdup_printf("ATTENTION_WALL_SECONDS=%u", limits->test_seconds * WALL_FACTOR);
    envp[5] = g_strdup_printf("ATTENTION_TEST_SECONDS=%u", limits->test_seconds);
    envp[6] = g_strdup_printf("ATTENTION_OUTPUT_KIB=%u", limits->output_kib);
    if (asked->margins != NULL)
        envp[7] = g_strconcat("ATTENTION_MARGINS=", asked->margins, NULL);
    const ProcessSpec spec = {
        .argv = (const char *[]){asked->program, jobs, filter, NULL},
        .envp = (const char *const *)envp,
        .wall_seconds = limits->test_seconds * WALL_FACTOR * run->wanted->len + 60,
        .output_limit = PROGRAM_OUTPUT,
    };
    run->program = process_start(&spec, error);
    return run->program != NULL;
}

/* 1: it has done nothing but wait; 0: its end was not that of its time by the clock. */
static double has_waited(const Run *run, const ForkServerReport *report)
{
    gint64 limit = (gint64)run->rubric->limits.test_seconds * WALL_FACTOR * G_TIME_SPAN_SECOND;
    if (g_get_monotonic_time() - run->started[report->id - 1] < limit)
        return 0;
    return (double)report->cpu_usec < SHARE_OF_WAITING * (double)limit ? 1 : 0.5;
}

static void receive_report(Run *run)
{
    ForkServerReport report;
    if (recv(run->control, &report, sizeof report, MSG_DONTWAIT) != (ssize_t)sizeof report)
        return;
    run->running--;
    if (report.id == 0 || report.id > run->wanted->len)
        return;
    ((TestResult *)run->wanted->pdata[report.id - 1])->cpu_usec = (gint64)report.cpu_usec;
    run->waited += has_waited(run, &report);
}

/* Serve proxies until the test program has ended and every worker with it. */
static void serve(Run *run)
{
    enum { LISTENING, CONTROL, PROGRAM, SERVER = PROGRAM + PROCESS_POLLFDS };
    gboolean program_runs = TRUE, server_runs = TRUE;
    while (program_runs || (server_runs && run->running > 0)) {
        struct pollfd fds[SERVER + PROCESS_POLLFDS] = {
            [LISTENING] = {.fd = run->listening, .events = POLLIN},
            [CONTROL] = {.fd = server_runs ? run->control : -1, .events = POLLIN},
        };
        process_pollfds(run->program, fds + PROGRAM);
        process_pollfds(run->server, fds + SERVER);
        if (poll(fds, G_N_ELEMENTS(fds), process_time_left(run->program)) < 0 && errno != EINTR)
            break;
        if ((fds[LISTENING].revents & POLLIN) != 0)
            accept_proxy(run);
        if ((fds[CONTROL].revents & POLLIN) != 0)
            receive_report(run);
        program_runs = process_pump(run->program);
        server_runs = process_pump(run->server);
    }
}

/* What the worker of a test printed, made harmless and cut; NULL if nothing. */
static char *read_printed(int file)
{
    char bytes[PRINTED_KEPT + 1];
    ssize_t got = file >= 0 ? pread(file, bytes, sizeof bytes, 0) : 0;
    return got > 0 ? escape_text(bytes, got, PRINTED_KEPT, TRUE) : NULL;
}

static gboolean collect(Run *run, const char *report, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GPtrArray) reported = run_report_load(report, &reason);
    if (reported == NULL) {
        g_autofree char *words = last_words(run->program);
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "the test program left no report: %s",
                    *words != '\0' ? words : reason->message);
        return FALSE;
    }
    for (guint i = 0; i < run->wanted->len; i++) {
        TestResult *test = run->wanted->pdata[i];
        run_report_apply(run_report_find(reported, run->suites->pdata[i], test->name), test);
        test->printed = read_printed(run->printed[i]);
    }
    return TRUE;
}

static void add_cost(Run *run)
{
    files_close(&run->control);
    run->result->cpu_usec += process_wait(run->program)->cpu_usec;
    run->result->cpu_usec += process_wait(run->server)->cpu_usec;
}

gboolean run_test_program(const TestRun *spec, const Rubric *rubric, const Sandbox *sandbox,
                          Result *result, GError **error)
{
    g_auto(Run) run = {.spec = spec,
                       .rubric = rubric,
                       .result = result,
                       .wanted = g_ptr_array_new(),
                       .suites = g_ptr_array_new(),
                       .listening = -1,
                       .control = -1};
    g_autofree char *socket_path = g_build_filename(spec->scratch, "socket", NULL);
    g_autofree char *report = g_build_filename(spec->scratch, "tests.json", NULL);
    g_autofree char *logs = g_build_filename(spec->scratch, "calls", NULL);
    if (!enter_tests(&run, error))
        return FALSE;
    if (g_mkdir(logs, 0700) < 0) {
        grader_set_errno(error, "cannot make the folder '%s'", logs);
        return FALSE;
    }
    if (!listen_for_proxies(&run, socket_path, error) || !start_server(&run, sandbox, error))
        return FALSE;
    if (!await_server(&run, error)) {
        for (guint i = 0; i < result->items->len; i++)
            g_ptr_array_set_size(((ItemResult *)result->items->pdata[i])->tests, 0);
        return result->status == SUBMISSION_REFUSED;
    }
    if (!start_program(&run, socket_path, report, error))
        return FALSE;
    serve(&run);
    add_cost(&run);
    return collect(&run, report, error);
}
