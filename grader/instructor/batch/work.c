/* work.c: see work.h. */
#include "instructor/batch/work.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/files.h"
#include "instructor/inbox/roster.h"

void batch_options_clear(BatchOptions *options)
{
    options_clear(&options->common);
    instructor_options_clear(&options->instructor);
    g_free(options->roster);
    g_free(options->shard);
}

/* Each is freed before what it uses. */
void batch_work_clear(BatchWork *work)
{
    gradebook_close(work->book);
    inbox_free(work->inbox);
    if (work->workspace != NULL)
        workspace_free(work->workspace);
    workbench_free(work->bench);
    if (work->before != NULL)
        g_ptr_array_unref(work->before);
    g_free(work->folder);
}

/* Keep every Nth student, with all attempts, which lie next to each other. */
static void keep_shard(GPtrArray *submissions, guint index, guint shards)
{
    guint student = 0;
    g_autofree char *last = NULL;
    for (guint i = 0; i < submissions->len;) {
        const Submission *submission = submissions->pdata[i];
        gboolean next = g_strcmp0(last, submission->student) != 0;
        student += next && last != NULL ? 1 : 0;
        g_free(last);
        last = g_strdup(submission->student);
        if (student % shards == index)
            i++;
        else
            g_ptr_array_remove_index(submissions, i);
    }
}

gboolean batch_work_collect(BatchWork *work, GError **error)
{
    if ((work->bench = workbench_new(work->options->common.rubric, error)) == NULL ||
        (work->workspace = workspace_new(error)) == NULL)
        return FALSE;
    work->inbox = inbox_new(work->bench->rubric, work->workspace->inbox);
    for (char **path = work->paths; *path != NULL; path++)
        if (!inbox_add(work->inbox, *path, error))
            return FALSE;
    inbox_finish(work->inbox);
    if (work->options->roster != NULL &&
        !roster_apply(work->options->roster, work->bench->rubric, work->inbox->submissions, error))
        return FALSE;
    keep_shard(work->inbox->submissions, work->options->shard_index, work->options->shards);
    return TRUE;
}

/* Copy built programs of the kit into the workspace, and let `folder` name the copy. */
static gboolean copy_programs(const BatchWork *work, char **folder, const char *const *names,
                              GError **error)
{
    g_autofree char *base = g_path_get_basename(*folder);
    g_autofree char *into = g_build_filename(work->workspace->path, base, NULL);
    if (!files_make_folder(into, 0755, error))
        return FALSE;
    for (; *names != NULL; names++) {
        g_autofree char *from = g_build_filename(*folder, *names, NULL);
        g_autofree char *to = g_build_filename(into, *names, NULL);
        if (!files_copy(from, to, 0755, error))
            return FALSE;
    }
    g_free(*folder);
    *folder = g_steal_pointer(&into);
    return TRUE;
}

/* A batch may take hours, in which `make` may be run: the copies grade all submissions alike. */
static gboolean freeze_programs(BatchWork *work, GError **error)
{
    const char *const tests[] = {"hidden", NULL};
    return copy_programs(work, &work->bench->kit->libexec, kit_libexec, error) &&
           copy_programs(work, &work->bench->kit->tests, tests, error);
}

gboolean batch_work_prepare(BatchWork *work, GError **error)
{
    if (!work->inbox->single && !freeze_programs(work, error))
        return FALSE;
    const Workbench *bench = work->bench;
    return workbench_prepare(work->bench, "hidden", error) &&
           sandbox_require(bench->sandbox, bench->rubric->sandbox, error);
}

static gboolean is_last_attempt(const GPtrArray *submissions, guint index)
{
    const Submission *submission = submissions->pdata[index];
    if (index + 1 == submissions->len)
        return TRUE;
    const Submission *next = submissions->pdata[index + 1];
    return strcmp(next->student, submission->student) != 0;
}

GPtrArray *batch_work_chosen(const BatchWork *work)
{
    const GPtrArray *all = work->inbox->submissions;
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++)
        if (work->bench->rubric->attempts == ATTEMPTS_BEST || is_last_attempt(all, i))
            g_ptr_array_add(chosen, all->pdata[i]);
    return chosen;
}

gboolean batch_work_open_gradebook(BatchWork *work, GError **error)
{
    work->folder = instructor_options_folder(&work->options->instructor);
    g_autofree char *path = instructor_options_gradebook(&work->options->instructor);
    g_autofree char *above = g_path_get_dirname(path);
    if (!files_make_folder(work->folder, 0700, error) || !files_make_folder(above, 0700, error))
        return FALSE;
    work->book = gradebook_open(path, TRUE, error);
    if (work->book == NULL || !gradebook_set_class(work->book, work->bench->rubric, error) ||
        !gradebook_match_students(work->book, work->inbox->submissions, error) ||
        (work->before = gradebook_grades(work->book, error)) == NULL)
        return FALSE;
    return gradebook_set_submissions(work->book, work->inbox->submissions, error);
}
