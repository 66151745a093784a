/* trial.c: see trial.h. */
#include "class/trial.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "error.h"
#include "files.h"

Trial *trial_new(const char *name, const char *source, guint32 seed)
{
    Trial *trial = g_new0(Trial, 1);
    trial->name = g_strdup(name);
    trial->source = g_strdup(source);
    trial->seed = seed;
    return trial;
}

void trial_free(Trial *trial)
{
    g_free(trial->name);
    g_free(trial->source);
    g_clear_pointer(&trial->result, result_free);
    g_free(trial);
}

gboolean trial_failed(const Trial *trial, const char *suite, const char *name)
{
    const ItemResult *item = result_item(trial->result, suite);
    const TestResult *test = item != NULL ? item_test(item, name) : NULL;
    return test != NULL && (test->status == TEST_FAILED || test->status == TEST_CRASHED ||
                            test->status == TEST_TIMED_OUT);
}

/* ---- one ------------------------------------------------------------------------------------- */

/* The largest of the shares that the tests noted. */
static double read_margin(const char *path)
{
    g_autofree char *text = NULL;
    double largest = 0;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        largest = MAX(largest, g_ascii_strtod(lines[i], NULL));
    return largest;
}

static gboolean run_in(const GradeContext *context, Trial *trial, const char *folder,
                       GError **error)
{
    g_autofree char *submission = g_build_filename(folder, "submission", NULL);
    g_autofree char *file = g_build_filename(submission, "attention.c", NULL);
    g_autofree char *margins = g_build_filename(folder, "margins", NULL);
    if (g_mkdir(submission, 0755) < 0) {
        grader_set_errno(error, "cannot make the folder '%s'", submission);
        return FALSE;
    }
    if (!g_file_set_contents(file, trial->source, -1, error))
        return FALSE;
    GradeContext own = *context;
    own.memory = trial->memory;
    own.margins = trial->measure ? margins : NULL;
    trial->result = grade_submission(&own, trial->name, submission, trial->seed);
    trial->margin = read_margin(margins);
    return TRUE;
}

static gboolean run(const GradeContext *context, Trial *trial, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    g_autoptr(FilesScratch) folder = files_scratch_new(error);
    if (folder == NULL || !run_in(context, trial, folder, error))
        return FALSE;
    trial->usec = g_get_monotonic_time() - begin;
    return TRUE;
}

/* ---- all ------------------------------------------------------------------------------------- */

typedef struct {
    const GradeContext *context;
    const char *label;
    GMutex mutex; /* of what follows */
    guint done, all;
    GError *error; /* the first */
} Batch;

/* So few are done at once. */
#define PROGRESS_LEAST 20

/* On a terminal one line that changes; in a log, a line now and then. */
static void show_progress(const Batch *batch)
{
    gboolean last = batch->done == batch->all;
    if (batch->all < PROGRESS_LEAST)
        return;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r  %u of %u %s%s", batch->done, batch->all, batch->label,
                last ? "\n" : "");
    else if (last || batch->done % 50 == 0)
        fprintf(stderr, "  %u of %u %s\n", batch->done, batch->all, batch->label);
}

static void run_one(gpointer data, gpointer user_data)
{
    Batch *batch = user_data;
    g_autoptr(GError) error = NULL;
    run(batch->context, data, &error);
    g_mutex_lock(&batch->mutex);
    batch->done++;
    if (error != NULL && batch->error == NULL)
        batch->error = g_steal_pointer(&error);
    show_progress(batch);
    g_mutex_unlock(&batch->mutex);
}

gboolean trials_run(const GradeContext *context, const GPtrArray *trials, const char *label,
                    GError **error)
{
    Batch batch = {.context = context, .label = label, .all = trials->len};
    g_mutex_init(&batch.mutex);
    GThreadPool *pool =
        g_thread_pool_new(run_one, &batch, (gint)g_get_num_processors(), TRUE, error);
    if (pool == NULL)
        return FALSE;
    for (guint i = 0; i < trials->len; i++)
        g_thread_pool_push(pool, trials->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_mutex_clear(&batch.mutex);
    if (batch.error == NULL)
        return TRUE;
    g_propagate_error(error, batch.error);
    return FALSE;
}
