/* batch.c: see batch.h. */
#include "instructor/batch/batch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "instructor/batch/progress.h"
#include "result/words.h"

#define TICK (G_TIME_SPAN_SECOND / 4)

/* One grading. The main thread makes and finishes it; another thread fills in the result. */
typedef struct {
    const Submission *submission;
    char *fingerprint, *key;
    guint32 seed;
    Result *result;
} Task;

typedef struct {
    const Batch *batch;
    BatchOutcome *outcome;
    Progress *progress;
    char *producer; /* the part of each key that is not the submission's */
    GThreadPool *pool;
    GAsyncQueue *finished; /* Task * */
    guint next, running;
} Run;

static void task_free(Task *task)
{
    g_free(task->fingerprint);
    g_free(task->key);
    result_free(task->result);
    g_free(task);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Task, task_free)

/* ---- stopping -------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_asked;

/* The first signal resets the handler (SA_RESETHAND), so that the second one ends the program. */
static void ask_to_stop(int signal)
{
    stop_asked = signal;
}

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* A signal that is ignored, as by nohup, stays ignored. */
static void watch_signals(struct sigaction before[G_N_ELEMENTS(stop_signals)])
{
    const struct sigaction action = {.sa_handler = ask_to_stop,
                                     .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    for (gsize i = 0; i < G_N_ELEMENTS(stop_signals); i++) {
        sigaction(stop_signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(stop_signals[i], &action, NULL);
    }
}

static void unwatch_signals(const struct sigaction before[G_N_ELEMENTS(stop_signals)])
{
    for (gsize i = 0; i < G_N_ELEMENTS(stop_signals); i++)
        sigaction(stop_signals[i], &before[i], NULL);
}

/* The pool's threads inherit blocked signals, so that only the main thread is interrupted. */
static GThreadPool *start_pool(GFunc work, Run *run, GError **error)
{
    sigset_t ours, before;
    sigemptyset(&ours);
    for (gsize i = 0; i < G_N_ELEMENTS(stop_signals); i++)
        sigaddset(&ours, stop_signals[i]);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    GThreadPool *pool = g_thread_pool_new(work, run, (int)run->batch->jobs, TRUE, error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void add_file(GChecksum *sum, const char *path)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    if (file != NULL)
        g_checksum_update(sum, (const guchar *)g_mapped_file_get_contents(file),
                          (gssize)g_mapped_file_get_length(file));
}

/* A hash of the grader itself, of the versions that it found, and of how seeds are chosen. */
static char *describe_producer(const Batch *batch)
{
    const GradeContext *context = batch->context;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    add_file(sum, "/proc/self/exe");
    for (const char *const *name = kit_libexec; *name != NULL; name++) {
        g_autofree char *program = g_build_filename(context->kit->libexec, *name, NULL);
        add_file(sum, program);
    }
    g_autoptr(GList) names = g_hash_table_get_keys(context->versions);
    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (const GList *name = names; name != NULL; name = name->next) {
        const char *version = g_hash_table_lookup(context->versions, name->data);
        g_autofree char *line = g_strdup_printf("%s %s\n", (const char *)name->data, version);
        g_checksum_update(sum, (const guchar *)line, -1);
    }
    g_autofree char *seed =
        batch->fixed_seed ? g_strdup_printf("seed %u", batch->seed) : g_strdup("seed fresh");
    g_checksum_update(sum, (const guchar *)seed, -1);
    return g_strdup(g_checksum_get_string(sum));
}

static Task *task_new(const Run *run, const Submission *submission)
{
    const Rubric *rubric = run->batch->context->rubric;
    Task *task = g_new0(Task, 1);
    task->submission = submission;
    task->seed = run->batch->fixed_seed ? run->batch->seed : grade_fresh_seed();
    task->fingerprint = submission_fingerprint(submission, rubric->files, rubric->limits.file_kib);
    g_autofree char *both = g_strconcat(run->producer, task->fingerprint, NULL);
    /* With --again each grading is a record of its own, beside the one that is there. */
    g_autofree char *again =
        run->batch->again ? g_strdup_printf("%s again %u", both, task->seed) : NULL;
    task->key = g_compute_checksum_for_string(G_CHECKSUM_SHA256, again != NULL ? again : both, -1);
    return task;
}

/* ---- one grading ----------------------------------------------------------------------------- */

/* Runs in a thread of the pool. */
static void grade_task(gpointer data, gpointer user_data)
{
    Task *task = data;
    Run *run = user_data;
    task->result = grade_submission(run->batch->context, task->submission->name,
                                    task->submission->path, task->seed);
    g_async_queue_push(run->finished, task);
}

static char *outcome_words(const Result *result)
{
    if (result->status == SUBMISSION_UNGRADED)
        return g_strdup_printf("ungraded: %s", result->reason);
    g_autofree char *score = words_points(result->score);
    g_autofree char *max = words_points(result->max_score);
    return result->status == SUBMISSION_GRADED
               ? g_strdup_printf("%s/%s", score, max)
               : g_strdup_printf("%s/%s, %s", score, max, submission_status_word(result->status));
}

static gboolean finish(Run *run, const Task *task, GError **error)
{
    const Result *result = task->result;
    g_autofree char *words = outcome_words(result);
    run->running--;
    /* The gradebook stores a grading before it is printed, so that whatever was read is in it. */
    if (!gradebook_store(run->batch->book, task->submission, task->key, task->fingerprint, result,
                         error))
        return FALSE;
    progress_end(run->progress, task->submission->name, words);
    *(result->status == SUBMISSION_UNGRADED ? &run->outcome->ungraded : &run->outcome->graded) += 1;
    return TRUE;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Begin a grading, unless the gradebook has it. The task is no longer the caller's. */
static gboolean begin(Run *run, Task *task, GError **error)
{
    const Submission *submission = task->submission;
    gboolean done = FALSE;
    if (!gradebook_reuse(run->batch->book, submission, task->key, &done, error) || done) {
        task_free(task);
        run->outcome->reused += done;
        if (done)
            progress_skip(run->progress);
        return done;
    }
    progress_begin(run->progress, submission->name);
    run->running++;
    return g_thread_pool_push(run->pool, task, error);
}

static gboolean begin_next(Run *run, GError **error)
{
    const Submission *submission = run->batch->submissions->pdata[run->next++];
    return submission->path == NULL || begin(run, task_new(run, submission), error);
}

static gboolean fill(Run *run, GError **error)
{
    while (stop_asked == 0 && run->running < run->batch->jobs &&
           run->next < run->batch->submissions->len)
        if (!begin_next(run, error))
            return FALSE;
    return TRUE;
}

static gboolean work_off(Run *run, GError **error)
{
    gboolean told = FALSE;
    while (fill(run, error)) {
        if (run->running == 0)
            return TRUE;
        g_autoptr(Task) task = g_async_queue_timeout_pop(run->finished, TICK);
        if (stop_asked != 0 && !told) {
            progress_say(run->progress,
                         "stopping when the running ones are finished; once more to stop at once");
            told = TRUE;
        }
        if (task == NULL)
            progress_tick(run->progress);
        else if (!finish(run, task, error))
            return FALSE;
    }
    return FALSE;
}

/* After a fault of ours the running gradings end, and are stored if that is possible. */
static void drain(Run *run)
{
    while (run->running > 0) {
        g_autoptr(Task) task = g_async_queue_pop(run->finished);
        finish(run, task, NULL);
    }
}

static guint count_new(const Batch *batch)
{
    guint count = 0;
    for (guint i = 0; i < batch->submissions->len; i++)
        count += ((const Submission *)batch->submissions->pdata[i])->path != NULL;
    return count;
}

gboolean batch_run(const Batch *batch, BatchOutcome *outcome, GError **error)
{
    g_autoptr(Progress) progress = progress_new(count_new(batch), batch->quiet);
    g_autofree char *producer = describe_producer(batch);
    Run run = {.batch = batch, .outcome = outcome, .progress = progress, .producer = producer};
    run.finished = g_async_queue_new();
    run.pool = start_pool(grade_task, &run, error);
    gboolean good = run.pool != NULL;
    if (good) {
        struct sigaction before[G_N_ELEMENTS(stop_signals)];
        watch_signals(before);
        good = work_off(&run, error);
        drain(&run);
        unwatch_signals(before);
        g_thread_pool_free(run.pool, FALSE, TRUE);
    }
    g_async_queue_unref(run.finished);
    outcome->stopped = run.next < batch->submissions->len;
    return good;
}
