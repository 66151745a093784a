/* slurm.c: see slurm.h. */
#include "instructor/batch/slurm.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"

enum { STUDENTS_PER_TASK = 25, MOST_TASKS = 64 };

static guint count_tasks(const BatchWork *work, guint submissions)
{
    if (work->options->tasks > 0)
        return (guint)work->options->tasks;
    return CLAMP((submissions + STUDENTS_PER_TASK - 1) / STUDENTS_PER_TASK, 1, MOST_TASKS);
}

static char *shard_book(const char *folder, guint task, guint tasks)
{
    g_autofree char *name = g_strdup_printf("%u-of-%u.db", task, tasks);
    return g_build_filename(folder, name, NULL);
}

/* ---- the job --------------------------------------------------------------------------------- */

/* Append an argument for the shell. Paths become absolute: a job may start elsewhere. */
static void argument(GString *script, const char *option, const char *value, gboolean is_path)
{
    if (value == NULL)
        return;
    g_autofree char *absolute = is_path ? g_canonicalize_filename(value, NULL) : g_strdup(value);
    g_autofree char *quoted = g_shell_quote(absolute);
    g_string_append_printf(script, " %s%s", option, quoted);
}

/*
 * The script of each task. The grader's exit status 1 (points were lost) is no failure of the job.
 */
static char *job_script(const BatchWork *work, const char *shards, guint tasks, GError **error)
{
    const BatchOptions *options = work->options;
    g_autofree char *program = g_file_read_link("/proc/self/exe", error);
    if (program == NULL)
        return NULL;
    GString *script = g_string_new("#!/bin/sh\nexec 2>&1\n");
    argument(script, "", program, TRUE);
    g_string_append(script, " grade --quiet --format=text");
    g_string_append_printf(script, " --shard=\"$SLURM_ARRAY_TASK_ID/%u\"", tasks);
    argument(script, "--grades=", work->folder, TRUE);
    argument(script, "--rubric=", options->common.rubric, TRUE);
    argument(script, "--roster=", options->roster, TRUE);
    argument(script, "--seed=", options->common.seed, FALSE);
    if (options->again)
        g_string_append(script, " --again");
    if (options->jobs > 0)
        g_string_append_printf(script, " --jobs=%d", options->jobs);
    else
        g_string_append(script, " --jobs=\"${SLURM_CPUS_PER_TASK:-1}\"");
    argument(script, "--gradebook=", shards, TRUE);
    g_string_append_printf(script, "/\"$SLURM_ARRAY_TASK_ID-of-%u.db\" --", tasks);
    for (char **path = work->paths; *path != NULL; path++)
        argument(script, "", *path, TRUE);
    g_string_append(script, "\nstatus=$?\n[ $status -eq 1 ] || exit $status\n");
    return g_string_free(script, FALSE);
}

/* sbatch waits for the whole array, and ends with the worst status of a task. */
static gboolean submit(const char *script, const char *shards, guint tasks, guint jobs,
                       gboolean *failed, GError **error)
{
    g_autofree char *array = g_strdup_printf("--array=1-%u", tasks);
    g_autofree char *cpus = g_strdup_printf("--cpus-per-task=%u", MAX(jobs, 1));
    g_autofree char *logs = g_strconcat("--output=", shards, "/%a.log", NULL);
    const char *const argv[] = {"sbatch", "--wait", "--parsable", "--job-name=attention",
                                array,    cpus,     logs,         "--open-mode=truncate",
                                NULL};
    g_autoptr(GSubprocess) job = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
    if (job == NULL || !g_subprocess_communicate_utf8(job, script, NULL, NULL, NULL, error))
        return FALSE;
    *failed = !g_subprocess_get_successful(job);
    return TRUE;
}

/* ---- before and after ------------------------------------------------------------------------ */

/* Each shard begins with a copy of the gradebook, so that it does not grade again what is in it. */
static gboolean fill_shards(const char *main_book, const char *shards, guint tasks, GError **error)
{
    for (guint task = 1; task <= tasks; task++) {
        g_autofree char *path = shard_book(shards, task, tasks);
        g_autoptr(Gradebook) book = gradebook_open(path, TRUE, error);
        if (book == NULL || !gradebook_merge(book, main_book, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean merge_shards(Gradebook *book, const char *shards, guint tasks, GError **error)
{
    for (guint task = 1; task <= tasks; task++) {
        g_autofree char *path = shard_book(shards, task, tasks);
        if (!gradebook_merge(book, path, error))
            return FALSE;
    }
    return TRUE;
}

/* How many were not graded: sbatch calls a job a success that is cancelled before it begins. */
static guint count(const BatchWork *work, gint64 before, gint64 after, guint chosen,
                   BatchOutcome *outcome)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(work->book, NULL);
    guint waiting = 0;
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        outcome->ungraded += grade->record != 0 && g_str_equal(grade->status, "ungraded");
        waiting += g_str_equal(grade->status, "waiting");
    }
    outcome->graded = (guint)(after - before);
    guint done = outcome->graded + waiting;
    outcome->reused = chosen > done ? chosen - done : 0;
    return waiting;
}

gboolean slurm_grade(BatchWork *work, BatchOutcome *outcome, GError **error)
{
    g_autofree char *sbatch = g_find_program_in_path("sbatch");
    if (sbatch == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "there is no sbatch: --slurm needs Slurm's commands (apt-get install "
                    "slurm-client); any other scheduler can run --shard K/N");
        return FALSE;
    }
    g_autoptr(GPtrArray) chosen = batch_work_chosen(work);
    guint tasks = count_tasks(work, chosen->len);
    g_autofree char *folder = g_canonicalize_filename(work->folder, NULL);
    g_autofree char *shards = g_build_filename(folder, "shards", NULL);
    g_autofree char *book = instructor_options_gradebook(&work->options->instructor);
    gint64 before, after;
    gboolean failed = FALSE;
    if (!files_make_folder(shards, 0700, error))
        return FALSE;
    g_autofree char *script = job_script(work, shards, tasks, error);
    if (script == NULL || !gradebook_count(work->book, &before, error) ||
        !fill_shards(book, shards, tasks, error) ||
        !submit(script, shards, tasks, (guint)work->options->jobs, &failed, error) ||
        !merge_shards(work->book, shards, tasks, error) ||
        !gradebook_count(work->book, &after, error))
        return FALSE;
    failed |= count(work, before, after, chosen->len, outcome) > 0;
    if (failed)
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "a task of the job failed or was cancelled: see the logs in '%s'; what the "
                    "others graded is "
                    "kept, run it again to go on",
                    shards);
    return !failed;
}
