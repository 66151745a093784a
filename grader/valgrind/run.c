/* run.c: see run.h. */
#include "valgrind/run.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/files.h"
#include "compile/compile.h"
#include "inside/worker/replay.h"
#include "valgrind/listen.h"

#define WALL_FACTOR 10    /* the limit is one of CPU time; a busy machine takes longer */
#define MAX_COPIES 64     /* of the student's object */
#define OUTPUT_LIMIT 4096 /* of the student's prints, which nobody reads here */

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
    "--log-fd=" G_STRINGIFY(REPLAY_LOG_FD), "--vex-guest-chase=no", /* see jumps.h */
};

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

static void append_test(GByteArray *script, const ObservedTest *test, guint index)
{
    const GArray *calls = test->test->log->calls;
    const guint *ends = test->test->series.end;
    ReplayTest head = {.index = index,
                       .isolated = test->isolated,
                       .calls = calls->len,
                       .series = {ends[0], ends[1]}};
    g_byte_array_append(script, (const guint8 *)&head, sizeof head);
    for (guint i = 0; i < calls->len; i++) {
        const LoggedCall *call = &g_array_index(calls, LoggedCall, i);
        g_byte_array_append(script, (const guint8 *)&call->request, sizeof call->request);
        g_byte_array_append(script, call->payload, call->request.length);
    }
}

/* The isolated tests come last, so that nothing has happened before them that could matter. */
static gboolean write_script(const char *box, const char *name, const ReplayScript *head,
                             const GPtrArray *tests, GError **error)
{
    g_autoptr(GByteArray) script = g_byte_array_new();
    g_byte_array_append(script, (const guint8 *)head, sizeof *head);
    for (int isolated = 0; isolated <= 1; isolated++) {
        for (guint i = 0; i < tests->len; i++) {
            const ObservedTest *test = tests->pdata[i];
            if (test->isolated == isolated)
                append_test(script, test, i);
        }
    }
    g_autofree char *path = g_build_filename(box, name, "script", NULL);
    return files_write_for_all(path, (const char *)script->data, script->len, error);
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

/* ---- the run --------------------------------------------------------------------------------- */

static gboolean is_started(const ValgrindEvidence *evidence, GError **error)
{
    if (evidence->seen->ready)
        return TRUE;
    const char *complaint = evidence->log->complaint;
    const char *said = complaint != NULL ? complaint : evidence->outcome->err->str;
    g_autofree char *line = g_strndup(said, strcspn(said, "\n"));
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                "cannot check memory: valgrind does not start: %s",
                *line != '\0' ? line : "it says nothing");
    return FALSE;
}

/* The box is writable: Valgrind makes a file in it when it starts, and removes it. */
static Process *start(const ValgrindSpec *valgrind, ValgrindListener *listener, GPtrArray *argv,
                      GError **error)
{
    g_ptr_array_add(argv, NULL);
    ProcessFd fds[LISTENER_SOCKETS];
    valgrind_listener_fds(listener, fds);
    SandboxSpec spec = {
        .profile = SANDBOX_MEMCHECK,
        .box = valgrind->box,
        .box_writable = TRUE,
        .argv = (const char *const *)argv->pdata,
        .fds = fds,
        .n_fds = G_N_ELEMENTS(fds),
        .wall_seconds = WALL_FACTOR * valgrind->cpu_seconds,
        .cpu_seconds = valgrind->cpu_seconds,
        .output_limit = OUTPUT_LIMIT,
    };
    Process *process = sandbox_start(valgrind->sandbox, &spec, error);
    valgrind_listener_hand_over(listener);
    return process;
}

/* Wait until the process ends, or kill it when the alarm says that it is of no more use. */
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

/* Listen to the process to its end, and judge what it has said. */
static gboolean finish(ValgrindRun *run, const ValgrindSpec *spec, const ReplayScript *script,
                       Process *process, ValgrindListener *listener, GError **error)
{
    const ProcessOutcome *outcome = wait_for(process, listener->alarm);
    g_auto(Observation) seen = {0};
    valgrind_listener_finish(listener);
    run->cpu_usec = outcome->cpu_usec;
    run->document = valgrind_document_read(listener->document->str, listener->document->len);
    observation_read(&seen, run->document, script->token, run->tests);
    const ValgrindEvidence evidence = {.script = script,
                                       .tests = run->tests,
                                       .seen = &seen,
                                       .document = run->document,
                                       .log = &listener->log,
                                       .outcome = outcome,
                                       .cpu_seconds = spec->cpu_seconds};
    if (!is_started(&evidence, error))
        return FALSE;
    run->verdict = valgrind_judge(&evidence);
    run->jumps = listener->log.jumps;
    listener->log.jumps = (ValgrindJumps){0};
    return TRUE;
}

static ValgrindRun *run_new(const ValgrindSpec *spec)
{
    ValgrindRun *run = g_new0(ValgrindRun, 1);
    run->tests = g_ptr_array_new_with_free_func((GDestroyNotify)observed_test_free);
    for (guint i = 0; i < spec->tests->len; i++) {
        const ReplayedTest *test = spec->tests->pdata[i];
        gboolean isolated = test->died || g_hash_table_contains(spec->isolated, test);
        g_ptr_array_add(run->tests, observed_test_new(test, isolated));
    }
    return run;
}

void valgrind_run_free(ValgrindRun *run)
{
    if (run == NULL)
        return;
    g_free(run->verdict.reason);
    g_ptr_array_unref(run->tests);
    valgrind_document_free(run->document);
    valgrind_jumps_clear(&run->jumps);
    g_free(run);
}

ValgrindRun *valgrind_run(const ValgrindSpec *spec, guint number, GError **error)
{
    g_autoptr(ValgrindRun) run = run_new(spec);
    g_autofree char *name = g_strdup_printf("memory-%u", number);
    const ReplayScript script = {.magic = REPLAY_MAGIC,
                                 .tests = run->tests->len,
                                 .token = random_token(),
                                 .lost_bytes = (guint32)g_random_int_range(1000, 9000),
                                 .read_bytes = (guint32)g_random_int_range(1000, 9000)};
    g_autoptr(GPtrArray) argv = make_arguments(name, error);
    if (argv == NULL || !make_folder(spec->box, name, error) ||
        !write_script(spec->box, name, &script, run->tests, error) ||
        !write_copies(spec->box, name, MIN(run->tests->len, MAX_COPIES), argv, error))
        return NULL;
    g_autofree char *worker = g_build_filename(spec->libexec, "worker", NULL);
    g_autoptr(ValgrindListener) listener = valgrind_listener_open(worker, run->tests, error);
    g_autoptr(Process) process = listener != NULL ? start(spec, listener, argv, error) : NULL;
    if (process == NULL || !finish(run, spec, &script, process, listener, error))
        return NULL;
    return g_steal_pointer(&run);
}

/* ---- the control ----------------------------------------------------------------------------- */

static gboolean put_in_box(const char *folder, const char *name, const char *box, const char *as)
{
    g_autofree char *from = g_build_filename(folder, name, NULL);
    g_autofree char *to = g_build_filename(box, as, NULL);
    return files_copy(from, to, 0755, NULL);
}

ValgrindRun *valgrind_run_control(const ValgrindSpec *spec)
{
    g_autoptr(FilesScratch) scratch = files_scratch_new(NULL);
    if (scratch == NULL)
        return NULL;
    g_autofree char *box = g_build_filename(scratch, "box", NULL);
    if (g_mkdir(box, 0755) != 0 || !put_in_box(spec->libexec, "worker", box, "worker") ||
        !put_in_box(spec->libexec, "control.so", box, COMPILE_OBJECT))
        return NULL;
    ValgrindSpec control = *spec;
    control.box = box;
    g_autoptr(ValgrindRun) run = valgrind_run(&control, 1, NULL);
    return run != NULL && run->verdict.trust == VALGRIND_TRUSTED ? g_steal_pointer(&run) : NULL;
}
