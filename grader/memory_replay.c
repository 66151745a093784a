/* memory_replay.c: one run of the worker under Valgrind; see memory_replay.h. */
#include "memory_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "error.h"
#include "files.h"
#include "memory_trace.h"
#include "replay.h"

#define OUT "out"                /* the folder for what the run writes */
#define MAX_COPIES 64            /* of the student's object */
#define MAX_DOCUMENT (8u << 20)  /* bytes of XML; more is not read */
#define MAX_RESULTS (256u << 20) /* bytes of replies */
#define MAX_LOG 65536
#define HARMLESS_OBJECT "libm.so.6" /* in place of the student's, and of anybody's code */
#define OUTPUT_LIMIT 4096           /* of the student's prints, which nobody reads here */

static const char *const options[] = {
    "--tool=memcheck",
    "--command-line-only=yes", /* no .valgrindrc */
    "--vgdb=no",
    "--xml=yes",
    "--child-silent-after-fork=no",
    "--leak-check=full",
    /*
     * What a variable still points to, at its start or inside, may be a buffer that an honest
     * student uses again in the next call; nobody can use or free what is definitely lost.
     */
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
    "--num-callers=20",
    "--error-limit=no",
    /*
     * Tests are short, so little pays off but a fast translation. And a loop must not be unrolled:
     * its errors would be found in the line of its condition.
     */
    "--vex-iropt-level=1",
    "--max-stackframe=8388608", /* big local arrays are legal C */
    "--sigill-diagnostics=no",
    "--read-inline-info=no", /* 60 ms; the student's object has no inlined functions */
    "--run-libc-freeres=no",
    "--run-cxx-freeres=no",
    /* With --log-file, Valgrind 3.19 does not open a new --xml-file for a child process. */
    "--log-fd=" G_STRINGIFY(REPLAY_LOG_FD),
};

/* ---- life cycle ------------------------------------------------------------------------------ */

ReplayedTest *replayed_test_new(const MemoryTest *test, MemoryRecord *record)
{
    ReplayedTest *replayed = g_new0(ReplayedTest, 1);
    replayed->test = test;
    replayed->record = record;
    replayed->isolated = test->died;
    replayed->events = g_ptr_array_new();
    replayed->undefined = g_array_new(FALSE, FALSE, sizeof(ReplayUndefined));
    return replayed;
}

void replayed_test_free(ReplayedTest *test)
{
    memory_record_free(test->record);
    g_ptr_array_unref(test->events);
    g_array_unref(test->undefined);
    g_free(test);
}

void memory_replay_free(MemoryReplay *replay)
{
    if (replay == NULL)
        return;
    g_free(replay->reason);
    g_clear_pointer(&replay->documents, g_ptr_array_unref);
    g_clear_pointer(&replay->results, g_bytes_unref);
    g_free(replay);
}

/* ---- what goes into the box ------------------------------------------------------------------ */

/* The superuser's sandbox runs as nobody, which may write into `out` and nowhere else. */
static gboolean make_folders(const char *folder, const char *out, GError **error)
{
    if (g_mkdir(folder, 0755) == 0 && g_mkdir(out, 0777) == 0 && g_chmod(out, 0777) == 0)
        return TRUE;
    grader_set_errno(error, "cannot make '%s'", out);
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
    ReplayTest head = {.index = index, .isolated = test->isolated, .calls = calls->len};
    g_byte_array_append(script, (const guint8 *)&head, sizeof head);
    for (guint i = 0; i < calls->len; i++) {
        const RecordedCall *call = &g_array_index(calls, RecordedCall, i);
        g_byte_array_append(script, (const guint8 *)&call->request, sizeof call->request);
        g_byte_array_append(script, call->payload, call->request.length);
    }
}

/* The isolated tests come last, so that nothing has happened before them that could matter. */
static gboolean write_script(const char *folder, const ReplayScript *head, GPtrArray *tests,
                             GError **error)
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
    g_autofree char *path = g_build_filename(folder, "script", NULL);
    return g_file_set_contents_full(path, (const char *)script->data, script->len,
                                    G_FILE_SET_CONTENTS_NONE, 0644, error);
}

/* Add `n` copies of the student's object to the folder and to the arguments. */
static gboolean write_copies(const char *box, const char *name, guint n, GPtrArray *argv,
                             GError **error)
{
    g_autofree char *object = g_build_filename(box, BUILD_OBJECT, NULL);
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

static GPtrArray *make_arguments(const char *name, const char *object, GError **error)
{
    const char *valgrind = find_valgrind(error);
    if (valgrind == NULL)
        return NULL;
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(valgrind));
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        g_ptr_array_add(argv, g_strdup(options[i]));
    g_ptr_array_add(argv, g_strdup_printf("--xml-file=%s/" OUT "/%%p.xml", name));
    g_ptr_array_add(argv, g_strdup("./worker"));
    g_ptr_array_add(argv, g_strdup("replay"));
    g_ptr_array_add(argv, g_strdup_printf("%s/script", name));
    g_ptr_array_add(argv, g_strdup_printf("%s/" OUT "/results", name));
    g_ptr_array_add(argv, g_strdup(object));
    return argv;
}

/* ---- what comes out of it -------------------------------------------------------------------- */

/* The first bytes of a regular file, at most `limit`; NULL if it is something else. */
static GBytes *read_descriptor(int fd, gsize limit)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new_from_fd(fd, FALSE, NULL);
    if (file == NULL)
        return NULL;
    g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
    return g_bytes_new_from_bytes(bytes, 0, MIN(limit, g_bytes_get_size(bytes)));
}

/* A file in the folder in which student code could write. */
static GBytes *read_file(const char *folder, const char *name, gsize limit)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    GBytes *bytes = read_descriptor(fd, limit);
    close(fd);
    return bytes;
}

static void read_document(MemoryReplay *replay, const char *folder, const char *name)
{
    g_autoptr(GBytes) bytes = read_file(folder, name, MAX_DOCUMENT);
    gsize length = 0;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
    ValgrindDocument *document = valgrind_document_read(text != NULL ? text : "", length);
    gint64 pid = g_ascii_strtoll(name, NULL, 10);
    if (document->incomplete == NULL && document->pid != pid)
        document->incomplete = g_strdup("it is that of another process");
    document->pid = pid;
    g_ptr_array_add(replay->documents, document);
}

static gboolean read_documents(MemoryReplay *replay, const char *folder, GError **error)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, error);
    if (directory == NULL)
        return FALSE;
    replay->documents = g_ptr_array_new_with_free_func((GDestroyNotify)valgrind_document_free);
    for (const char *name; (name = g_dir_read_name(directory)) != NULL;)
        if (g_str_has_suffix(name, ".xml"))
            read_document(replay, folder, name);
    replay->results = read_file(folder, "results", MAX_RESULTS);
    return TRUE;
}

/* The beginning of the log as text. */
static char *read_log(int fd)
{
    g_autoptr(GBytes) bytes = read_descriptor(fd, MAX_LOG);
    gsize length = 0;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
    return g_utf8_make_valid(text != NULL ? text : "", (gssize)length);
}

/* ---- the run --------------------------------------------------------------------------------- */

/* Did Valgrind and the worker come to the point from which on student code runs? */
static gboolean is_started(const MemoryTrace *trace, const ProcessOutcome *outcome, GError **error)
{
    if (trace->ready)
        return TRUE;
    const char *said = *trace->log != '\0' ? trace->log : outcome->err->str;
    g_autofree char *line = g_strndup(said, strcspn(said, "\n"));
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                "cannot check memory: valgrind does not start: %s",
                *line != '\0' ? line : "it says nothing");
    return FALSE;
}

static Process *start(const Sandbox *sandbox, const RubricLimits *limits, const char *box, int log,
                      GPtrArray *argv, GError **error)
{
    g_ptr_array_add(argv, NULL);
    SandboxSpec spec = {
        .profile = SANDBOX_MEMCHECK,
        .box = box,
        .box_writable = TRUE,
        .argv = (const char *const *)argv->pdata,
        .fds = &(ProcessFd){log, REPLAY_LOG_FD},
        .n_fds = 1,
        /* The limit is one of CPU time; a machine that is busy may take longer. */
        .wall_seconds = 2 * limits->memory_seconds,
        .output_limit = OUTPUT_LIMIT,
    };
    return sandbox_start(sandbox, &spec, error);
}

/* Start Valgrind in the folder that is prepared, wait, and read what it left. */
static gboolean run_valgrind(MemoryReplay *replay, MemoryTrace *trace, Process *process, int log,
                             const char *out, guint cpu_seconds, GError **error)
{
    const ProcessOutcome *outcome = process_wait(process);
    replay->cpu_usec = outcome->cpu_usec;
    if (!read_documents(replay, out, error))
        return FALSE;
    trace->log = read_log(log);
    memory_trace_read(trace, replay->documents);
    if (!is_started(trace, outcome, error))
        return FALSE;
    memory_trace_judge(trace, outcome, cpu_seconds, replay);
    return TRUE;
}

static void close_descriptor(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Run the tests on this object: a path in the box, or the name of a library. */
static MemoryReplay *replay_object(const Sandbox *sandbox, const RubricLimits *limits,
                                   const char *box, const char *object, guint number,
                                   GPtrArray *tests, GError **error)
{
    g_autoptr(MemoryReplay) replay = g_new0(MemoryReplay, 1);
    g_autofree char *name = g_strdup_printf("memory-%u", number);
    g_autofree char *folder = g_build_filename(box, name, NULL);
    g_autofree char *out = g_build_filename(folder, OUT, NULL);
    const ReplayScript script = {.magic = REPLAY_MAGIC,
                                 .tests = tests->len,
                                 .token = random_token(),
                                 .lost_bytes = (guint32)g_random_int_range(1000, 9000),
                                 .read_bytes = (guint32)g_random_int_range(1000, 9000)};
    g_autoptr(GPtrArray) argv = make_arguments(name, object, error);
    if (argv == NULL || !make_folders(folder, out, error) ||
        !write_script(folder, &script, tests, error) ||
        !write_copies(box, name, MIN(tests->len, MAX_COPIES), argv, error))
        return NULL;
    int log __attribute__((cleanup(close_descriptor))) = memfd_create("log", MFD_CLOEXEC);
    if (log < 0) {
        grader_set_errno(error, "cannot make a file in memory");
        return NULL;
    }
    g_autoptr(Process) process = start(sandbox, limits, box, log, argv, error);
    g_auto(MemoryTrace) trace = {.script = &script, .tests = tests};
    if (process == NULL ||
        !run_valgrind(replay, &trace, process, log, out, limits->memory_seconds, error))
        return NULL;
    return g_steal_pointer(&replay);
}

MemoryReplay *memory_replay_run(const Sandbox *sandbox, const RubricLimits *limits, const char *box,
                                guint number, GPtrArray *tests, GError **error)
{
    return replay_object(sandbox, limits, box, "./" BUILD_OBJECT, number, tests, error);
}

gboolean memory_replay_works(const Sandbox *sandbox, const RubricLimits *limits, GBytes *worker)
{
    g_autoptr(FilesScratch) scratch = files_scratch_new(NULL);
    if (scratch == NULL)
        return FALSE;
    g_autofree char *box = g_build_filename(scratch, "box", NULL);
    g_autofree char *program = g_build_filename(box, "worker", NULL);
    gsize length;
    const char *bytes = g_bytes_get_data(worker, &length);
    if (g_mkdir(box, 0755) != 0 || !g_file_set_contents_full(program, bytes, (gssize)length,
                                                             G_FILE_SET_CONTENTS_NONE, 0755, NULL))
        return FALSE;
    g_autoptr(GPtrArray) tests = g_ptr_array_new();
    g_autoptr(MemoryReplay) replay =
        replay_object(sandbox, limits, box, HARMLESS_OBJECT, 1, tests, NULL);
    return replay != NULL && replay->state == REPLAY_TRUSTED;
}
