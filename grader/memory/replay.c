/* replay.c: one run of the worker under Valgrind; see replay.h. */
#include "memory/replay.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "compile/compile.h"
#include "inside/worker/replay.h"
#include "memory/results.h"
#include "memory/trace.h"
#include "valgrind/channel.h"
#include "valgrind/log.h"

#define WALL_FACTOR 10          /* the limit is one of CPU time; a busy machine takes longer */
#define MAX_COPIES 64           /* of the student's object */
#define MAX_DOCUMENT (8u << 20) /* bytes of XML; what is more is dropped */
#define OUTPUT_LIMIT 4096       /* of the student's prints, which nobody reads here */

static const char *const options[] = {
    "--tool=memcheck", "--command-line-only=yes", /* no .valgrindrc */
    "--vgdb=no", "--xml=yes", "--child-silent-after-fork=no", "--leak-check=full",
    /*
     * What a variable still points to, at its start or inside, may be a buffer that an honest
     * student uses again in the next call; nobody can use or free what is definitely lost.
     */
    "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--num-callers=20",
    "--error-limit=no",
    "--redzone-size=512", /* some rows past the end of a tensor is not yet in another one */
    /*
     * Tests are short, so little pays off but a fast translation. And a loop must not be unrolled:
     * its errors would be found in the line of its condition.
     */
    "--vex-iropt-level=1", "--max-stackframe=16777216", /* big local arrays are legal C */
    "--sigill-diagnostics=no", "--demangle=no", /* a name may be made so that this takes minutes */
    "--read-inline-info=no", /* 60 ms; the student's object has no inlined functions */
    "--run-libc-freeres=no", "--run-cxx-freeres=no", "--xml-fd=" G_STRINGIFY(REPLAY_XML_FD),
    "--log-fd=" G_STRINGIFY(REPLAY_LOG_FD), "--vex-guest-chase=no", /* see valgrind/code.h */
};

/* ---- life cycle ------------------------------------------------------------------------------ */

ReplayedTest *replayed_test_new(const MemoryTest *test, CallLog *record)
{
    ReplayedTest *replayed = g_new0(ReplayedTest, 1);
    replayed->test = test;
    replayed->record = record;
    replayed->isolated = test->died;
    replayed->events = g_ptr_array_new();
    replayed->undefined = g_array_new(FALSE, FALSE, sizeof(ReplayUndefined));
    replayed->alike = call_log_series(record);
    replayed->kept = g_ptr_array_new();
    return replayed;
}

void replayed_test_free(ReplayedTest *test)
{
    g_clear_pointer(&test->record, call_log_free);
    g_ptr_array_unref(test->events);
    g_array_unref(test->undefined);
    g_ptr_array_unref(test->kept);
    g_free(test->difference);
    g_free(test);
}

/* Forget an earlier run. */
static void reset_test(gpointer data, gpointer nothing)
{
    (void)nothing;
    ReplayedTest *test = data;
    test->begun = test->ended = FALSE;
    test->errors = test->milliseconds = 0;
    g_ptr_array_set_size(test->events, 0);
    g_array_set_size(test->undefined, 0);
    test->alike_ends = 0;
    g_ptr_array_set_size(test->kept, 0);
    test->compared = test->compared_kind = 0;
    g_clear_pointer(&test->difference, g_free);
}

void memory_replay_free(MemoryReplay *replay)
{
    if (replay == NULL)
        return;
    g_free(replay->reason);
    valgrind_document_free(replay->document);
    memory_code_clear(&replay->code);
    g_free(replay);
}

/* ---- what goes into the box ------------------------------------------------------------------ */

static gboolean make_folder(const char *box, const char *name, GError **error)
{
    g_autofree char *folder = g_build_filename(box, name, NULL);
    if (g_mkdir(folder, 0755) == 0)
        return TRUE;
    grader_set_errno(error, "cannot make '%s'", folder);
    return FALSE;
}

static guint64 random_token(void)
{
    guint64 token;
    if (getrandom(&token, sizeof token, 0) != sizeof token)
        token = (guint64)g_random_int() << 32 | g_random_int();
    return token;
}

static void append_test(GByteArray *script, const ReplayedTest *test, guint index)
{
    const GArray *calls = test->record->calls;
    ReplayTest head = {.index = index,
                       .isolated = test->isolated,
                       .calls = calls->len,
                       .alike = {test->alike.end[0], test->alike.end[1]}};
    g_byte_array_append(script, (const guint8 *)&head, sizeof head);
    for (guint i = 0; i < calls->len; i++) {
        const LoggedCall *call = &g_array_index(calls, LoggedCall, i);
        g_byte_array_append(script, (const guint8 *)&call->request, sizeof call->request);
        g_byte_array_append(script, call->payload, call->request.length);
    }
}

/* The isolated tests come last, so that nothing has happened before them that could matter. */
static gboolean write_script(const char *box, const char *name, const ReplayScript *head,
                             GPtrArray *tests, GError **error)
{
    g_autoptr(GByteArray) script = g_byte_array_new();
    g_byte_array_append(script, (const guint8 *)head, sizeof *head);
    for (int isolated = 0; isolated <= 1; isolated++) {
        for (guint i = 0; i < tests->len; i++) {
            const ReplayedTest *test = tests->pdata[i];
            if (test->isolated == isolated)
                append_test(script, test, i);
        }
    }
    g_autofree char *path = g_build_filename(box, name, "script", NULL);
    return g_file_set_contents_full(path, (const char *)script->data, script->len,
                                    G_FILE_SET_CONTENTS_NONE, 0644, error);
}

/* Add `n` copies of the student's object to the folder and to the arguments. */
static gboolean write_copies(const char *box, const char *name, guint n, GPtrArray *argv,
                             GError **error)
{
    g_autofree char *object = g_build_filename(box, COMPILE_OBJECT, NULL);
    for (guint i = 1; i <= n; i++) {
        char *relative = g_strdup_printf("%s/attention-%u.so", name, i);
        g_ptr_array_add(argv, relative);
        g_autofree char *path = g_build_filename(box, relative, NULL);
        if (!files_copy(object, path, 0755, error))
            return FALSE;
    }
    return TRUE;
}

/* Debian's and Ubuntu's `valgrind` is a shell script around the program; we need no shell. */
static const char *find_valgrind(GError **error)
{
    static const char *const paths[] = {"/usr/bin/valgrind.bin", "/usr/bin/valgrind"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        if (g_file_test(paths[i], G_FILE_TEST_IS_EXECUTABLE))
            return paths[i];
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                "valgrind is not installed; run 'make setup'");
    return NULL;
}

static GPtrArray *make_arguments(const char *name, GError **error)
{
    const char *valgrind = find_valgrind(error);
    if (valgrind == NULL)
        return NULL;
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(valgrind));
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        g_ptr_array_add(argv, g_strdup(options[i]));
    g_ptr_array_add(argv, g_strdup("./worker"));
    g_ptr_array_add(argv, g_strdup("replay"));
    g_ptr_array_add(argv, g_strdup_printf("%s/script", name));
    g_ptr_array_add(argv, g_strdup("./" COMPILE_OBJECT));
    return argv;
}

/* ---- what comes out of it -------------------------------------------------------------------- */

/* What a run says, while and after it says it. */
typedef struct {
    char *worker;
    int alarm; /* readable once it has made a forbidden system call */
    MemoryChannel channels[3];
    GString *document;
    MemoryLog log;
    MemoryResults results;
} Listener;

static void take_document(gpointer data, const char *bytes, gsize length)
{
    GString *document = data;
    gsize room = MAX_DOCUMENT - MIN(document->len, MAX_DOCUMENT);
    g_string_append_len(document, bytes, (gssize)MIN(length, room));
}

/* Whatever comes now changes nothing, and may never come: student code may be waiting for ever. */
static void take_log(gpointer data, const char *bytes, gsize length)
{
    Listener *listener = data;
    gboolean quiet = listener->log.forbidden == NULL;
    memory_log_take(&listener->log, bytes, length);
    if (quiet && listener->log.forbidden != NULL)
        eventfd_write(listener->alarm, 1);
}

static void listener_finish(Listener *listener)
{
    for (guint i = 0; i < G_N_ELEMENTS(listener->channels); i++)
        memory_channel_finish(&listener->channels[i]);
}

static void listener_clear(Listener *listener)
{
    listener_finish(listener);
    if (listener->alarm >= 0)
        close(listener->alarm);
    g_string_free(listener->document, TRUE);
    memory_log_clear(&listener->log);
    g_free(listener->worker);
    g_byte_array_unref(listener->results.message);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listener, listener_clear)

/* In the order of the descriptors, see inside/worker/replay.h. */
static gboolean listen_to(Listener *listener, const char *libexec, GPtrArray *tests, GError **error)
{
    MemoryChannel *channels = listener->channels;
    listener->document = g_string_new(NULL);
    listener->worker = g_build_filename(libexec, "worker", NULL);
    memory_log_init(&listener->log, listener->worker);
    listener->results = (MemoryResults){.tests = tests, .message = g_byte_array_new()};
    listener->alarm = eventfd(0, EFD_CLOEXEC);
    if (listener->alarm < 0) {
        grader_set_errno(error, "cannot make an event");
        return FALSE;
    }
    return memory_channel_open(&channels[0], take_document, listener->document, error) &&
           memory_channel_open(&channels[1], take_log, listener, error) &&
           memory_channel_open(&channels[2], memory_results_take, &listener->results, error);
}

/* ---- the run --------------------------------------------------------------------------------- */

/* Did Valgrind and the worker come to the point from which on student code runs? */
static gboolean is_started(const MemoryTrace *trace, const ProcessOutcome *outcome, GError **error)
{
    if (trace->ready)
        return TRUE;
    const char *said = trace->log->complaint != NULL ? trace->log->complaint : outcome->err->str;
    g_autofree char *line = g_strndup(said, strcspn(said, "\n"));
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                "cannot check memory: valgrind does not start: %s",
                *line != '\0' ? line : "it says nothing");
    return FALSE;
}

/* Valgrind makes a file in the box when it starts, and removes it. */
static Process *start(const Sandbox *sandbox, const RubricLimits *limits, const char *box,
                      Listener *listener, GPtrArray *argv, GError **error)
{
    g_ptr_array_add(argv, NULL);
    const MemoryChannel *channels = listener->channels;
    const ProcessFd fds[] = {{channels[0].theirs, REPLAY_XML_FD},
                             {channels[1].theirs, REPLAY_LOG_FD},
                             {channels[2].theirs, REPLAY_RESULTS_FD}};
    SandboxSpec spec = {
        .profile = SANDBOX_MEMCHECK,
        .box = box,
        .box_writable = TRUE,
        .argv = (const char *const *)argv->pdata,
        .fds = fds,
        .n_fds = G_N_ELEMENTS(fds),
        .wall_seconds = WALL_FACTOR * limits->memory_seconds,
        .cpu_seconds = limits->memory_seconds,
        .output_limit = OUTPUT_LIMIT,
    };
    Process *process = sandbox_start(sandbox, &spec, error);
    for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
        memory_channel_hand_over(&listener->channels[i]);
    return process;
}

/* To its end, or to that of its use. */
static const ProcessOutcome *wait_for(Process *process, int alarm)
{
    while (process_pump(process)) {
        struct pollfd fds[1 + PROCESS_POLLFDS] = {{.fd = alarm, .events = POLLIN}};
        process_pollfds(process, fds + 1);
        poll(fds, G_N_ELEMENTS(fds), process_time_left(process));
        if (fds[0].revents == 0)
            continue;
        process_kill(process);
        alarm = -1;
    }
    return process_wait(process);
}

/* Start Valgrind on what is prepared, listen to its end, and judge. */
static gboolean run_valgrind(MemoryReplay *replay, MemoryTrace *trace, Process *process,
                             Listener *listener, guint cpu_seconds, GError **error)
{
    const ProcessOutcome *outcome = wait_for(process, listener->alarm);
    replay->cpu_usec = outcome->cpu_usec;
    listener_finish(listener);
    replay->document = valgrind_document_read(listener->document->str, listener->document->len);
    memory_trace_read(trace, replay->document);
    if (!is_started(trace, outcome, error))
        return FALSE;
    memory_trace_judge(trace, outcome, cpu_seconds, replay);
    replay->code = listener->log.code_run;
    listener->log.code_run = (MemoryCode){0};
    return TRUE;
}

MemoryReplay *memory_replay_run(const Sandbox *sandbox, const RubricLimits *limits,
                                const char *libexec, const char *box, guint number,
                                GPtrArray *tests, GError **error)
{
    g_autoptr(MemoryReplay) replay = g_new0(MemoryReplay, 1);
    g_autofree char *name = g_strdup_printf("memory-%u", number);
    const ReplayScript script = {.magic = REPLAY_MAGIC,
                                 .tests = tests->len,
                                 .token = random_token(),
                                 .lost_bytes = (guint32)g_random_int_range(1000, 9000),
                                 .read_bytes = (guint32)g_random_int_range(1000, 9000)};
    g_autoptr(GPtrArray) argv = make_arguments(name, error);
    if (argv == NULL || !make_folder(box, name, error) ||
        !write_script(box, name, &script, tests, error) ||
        !write_copies(box, name, MIN(tests->len, MAX_COPIES), argv, error))
        return NULL;
    g_ptr_array_foreach(tests, reset_test, NULL);
    g_auto(Listener) listener = {.alarm = -1};
    g_auto(MemoryTrace) trace = {.script = &script, .tests = tests, .log = &listener.log};
    gboolean listening = listen_to(&listener, libexec, tests, error);
    g_autoptr(Process) process =
        listening ? start(sandbox, limits, box, &listener, argv, error) : NULL;
    if (process == NULL ||
        !run_valgrind(replay, &trace, process, &listener, limits->memory_seconds, error))
        return NULL;
    return g_steal_pointer(&replay);
}

static gboolean put_in_box(const char *folder, const char *name, const char *box, const char *as)
{
    g_autofree char *from = g_build_filename(folder, name, NULL);
    g_autofree char *to = g_build_filename(box, as, NULL);
    return files_copy(from, to, 0755, NULL);
}

static void forget_record(gpointer data, gpointer nothing)
{
    (void)nothing;
    ((ReplayedTest *)data)->record = NULL;
}

/* The same tests, not yet run, with the same records: what was seen in an earlier run stays there. */
static GPtrArray *repeat_tests(const GPtrArray *tests)
{
    GPtrArray *again = g_ptr_array_new_with_free_func((GDestroyNotify)replayed_test_free);
    for (guint i = 0; i < tests->len; i++) {
        const ReplayedTest *test = tests->pdata[i];
        ReplayedTest *same = replayed_test_new(test->test, test->record);
        same->isolated = test->isolated;
        g_ptr_array_add(again, same);
    }
    return again;
}

MemoryReplay *memory_replay_control(const Sandbox *sandbox, const RubricLimits *limits,
                                    const char *libexec, GPtrArray *tests)
{
    g_autoptr(FilesScratch) scratch = files_scratch_new(NULL);
    if (scratch == NULL)
        return NULL;
    g_autofree char *box = g_build_filename(scratch, "box", NULL);
    if (g_mkdir(box, 0755) != 0 || !put_in_box(libexec, "worker", box, "worker") ||
        !put_in_box(libexec, "control.so", box, COMPILE_OBJECT))
        return NULL;
    g_autoptr(GPtrArray) again = repeat_tests(tests);
    g_autoptr(MemoryReplay) replay =
        memory_replay_run(sandbox, limits, libexec, box, 1, again, NULL);
    g_ptr_array_foreach(again, forget_record, NULL);
    return replay != NULL && replay->state == REPLAY_TRUSTED ? g_steal_pointer(&replay) : NULL;
}
