/* trial.c: see trial.h. */
#include "instructor/proof/trial.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "base/files.h"

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

gboolean trial_misses_function(const TestResult *test)
{
    return g_strcmp0(test->failure, "not_defined") == 0;
}

gboolean trial_leaves_out(const ItemResult *item)
{
    for (guint i = 0; i < item->tests->len; i++)
        if (!trial_misses_function(item->tests->pdata[i]))
            return FALSE;
    return item->tests->len > 0;
}

gboolean trial_failed(const Trial *trial, const char *suite, const char *name)
{
    const ItemResult *item = result_item(trial->result, suite);
    const TestResult *test = item != NULL ? item_test(item, name) : NULL;
    return test != NULL && !trial_leaves_out(item) &&
           (test->status == TEST_FAILED || test->status == TEST_CRASHED ||
            test->status == TEST_TIMED_OUT);
}

/* ---- one ------------------------------------------------------------------------------------- */

/* The largest of the shares of the tolerance that the tests wrote. */
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

static char *write_submission(const Trial *trial, const char *folder, GError **error)
{
    g_autofree char *submission = g_build_filename(folder, "submission", NULL);
    g_autofree char *file = g_build_filename(submission, "attention.c", NULL);
    if (!files_make_folder(submission, 0755, error) ||
        !g_file_set_contents(file, trial->source, -1, error))
        return NULL;
    return g_steal_pointer(&submission);
}

static gboolean run(const GradeContext *context, Trial *trial, const char *submission,
                    const char *built, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    g_autoptr(FilesScratch) folder = files_scratch_new(error);
    if (folder == NULL)
        return FALSE;
    g_autofree char *margins = g_build_filename(folder, "margins", NULL);
    GradeContext own = *context;
    own.memory = trial->memory;
    own.margins = trial->measure ? margins : NULL;
    if (trial->memory == MEMORY_NEVER && built != NULL)
        trial->result = grade_repeat(&own, trial->name, submission, trial->seed, built);
    else
        trial->result = grade_submission(&own, trial->name, submission, trial->seed);
    trial->margin = read_margin(margins);
    trial->usec = g_get_monotonic_time() - begin;
    return TRUE;
}

/* ---- those of one source --------------------------------------------------------------------- */

/* Trials in a row with one source. Those whose memory is not checked share a build. */
typedef struct {
    Trial *const *trials;
    guint count;
} Group;

/* The size of a group is bounded, so that no processor is idle at the end. */
#define GROUP_MOST 25

static gboolean run_group(const GradeContext *context, const Group *group, GError **error)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(error);
    g_autofree char *submission =
        folder != NULL ? write_submission(group->trials[0], folder, error) : NULL;
    const char *built = folder;
    for (guint i = 0; submission != NULL && i < group->count; i++) {
        if (!run(context, group->trials[i], submission, built, error))
            return FALSE;
        if (group->trials[i]->result->status != SUBMISSION_GRADED)
            built = NULL; /* there is no build to share */
    }
    return submission != NULL;
}

static GPtrArray *list_groups(const GPtrArray *trials)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(g_free);
    Group *group = NULL;
    for (guint i = 0; i < trials->len; i++) {
        const Trial *trial = trials->pdata[i];
        if (group == NULL || group->count == GROUP_MOST ||
            !g_str_equal(group->trials[0]->source, trial->source)) {
            group = g_new0(Group, 1);
            group->trials = (Trial *const *)&trials->pdata[i];
            g_ptr_array_add(groups, group);
        }
        group->count++;
    }
    return groups;
}

/* ---- all ------------------------------------------------------------------------------------- */

typedef struct {
    const GradeContext *context;
    const char *label;
    GMutex mutex; /* guards what follows */
    guint done, all;
    GError *error; /* the first */
} Batch;

/* Fewer trials show no progress; a log gets a line for each PROGRESS_STEP. */
#define PROGRESS_LEAST 20
#define PROGRESS_STEP 50

static void show_progress(const Batch *batch, guint before)
{
    gboolean last = batch->done == batch->all;
    if (batch->all < PROGRESS_LEAST)
        return;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r  %u of %u %s%s", batch->done, batch->all, batch->label,
                last ? "\n" : "");
    else if (last || batch->done / PROGRESS_STEP > before / PROGRESS_STEP)
        fprintf(stderr, "  %u of %u %s\n", batch->done, batch->all, batch->label);
}

static void run_one(gpointer data, gpointer user_data)
{
    Batch *batch = user_data;
    const Group *group = data;
    g_autoptr(GError) error = NULL;
    run_group(batch->context, group, &error);
    g_mutex_lock(&batch->mutex);
    batch->done += group->count;
    if (error != NULL && batch->error == NULL)
        batch->error = g_steal_pointer(&error);
    show_progress(batch, batch->done - group->count);
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
    g_autoptr(GPtrArray) groups = list_groups(trials);
    for (guint i = 0; i < groups->len; i++)
        g_thread_pool_push(pool, groups->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_mutex_clear(&batch.mutex);
    if (batch.error == NULL)
        return TRUE;
    g_propagate_error(error, batch.error);
    return FALSE;
}
