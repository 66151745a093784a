/* roster.c: see roster.h. */
#include "roster.h"

#include <string.h>

#include "error.h"
#include "options.h"

static void submission_free(Submission *submission)
{
    g_free(submission->name);
    g_free(submission->path);
    g_free(submission);
}

static void add(GPtrArray *submissions, const char *path)
{
    Submission *submission = g_new0(Submission, 1);
    submission->name = options_name(path);
    submission->path = g_strdup(path);
    g_ptr_array_add(submissions, submission);
}

static gboolean is_submission(const char *path, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        g_autofree char *file = g_build_filename(path, files->pdata[i], NULL);
        if (g_file_test(file, G_FILE_TEST_EXISTS))
            return TRUE;
    }
    return FALSE;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    const Submission *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

GPtrArray *roster_find(const char *path, const GPtrArray *files, GError **error)
{
    g_autoptr(GPtrArray) submissions =
        g_ptr_array_new_with_free_func((GDestroyNotify)submission_free);
    if (is_submission(path, files)) {
        add(submissions, path);
        return g_steal_pointer(&submissions);
    }
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);
    if (folder == NULL)
        return NULL;
    const char *name;
    while ((name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (name[0] != '.' && g_file_test(inner, G_FILE_TEST_IS_DIR))
            add(submissions, inner);
    }
    if (submissions->len == 0) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "there is no submission in '%s': neither %s nor a folder for each student",
                    path, (const char *)files->pdata[0]);
        return NULL;
    }
    g_ptr_array_sort(submissions, compare_names);
    return g_steal_pointer(&submissions);
}
