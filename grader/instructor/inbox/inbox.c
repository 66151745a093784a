/* inbox.c: see inbox.h. */
#include "instructor/inbox/inbox.h"

#include <stdlib.h>

#include "commands/options.h"
#include "instructor/inbox/folder.h"
#include "instructor/inbox/git_commit.h"
#include "instructor/inbox/layout.h"

/* With "class class/" everybody would have handed in twice. */
static gboolean is_given_again(Inbox *inbox, const char *path)
{
    char *real = realpath(path, NULL);
    gboolean again = real != NULL && !g_hash_table_add(inbox->given, g_strdup(real));
    free(real);
    if (again)
        inbox_refuse(inbox, path, "is given twice: once counts");
    return again;
}

/* Is it one submission's folder, or the file itself? */
static gboolean is_submission(const Inbox *inbox, const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return g_ptr_array_find_with_equal_func(inbox->rubric->files, base, g_str_equal, NULL);
    return folder_has_any(path, inbox->rubric->files);
}

static void add_submission(Inbox *inbox, const char *path)
{
    g_autofree char *folder =
        g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strdup(path) : g_path_get_dirname(path);
    g_autofree char *name = options_name(folder);
    Submission *submission = submission_new(name, folder);
    submission->commit = git_commit(folder, folder);
    inbox_add_attempt(inbox, submission);
}

gboolean inbox_add(Inbox *inbox, const char *path, GError **error)
{
    if (is_given_again(inbox, path))
        return TRUE;
    gboolean submission = is_submission(inbox, path);
    inbox->single = submission && inbox->submissions->len == 0;
    if (submission) {
        add_submission(inbox, path);
        return TRUE;
    }
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return layout_add_zip(inbox, path, error);
    return layout_add_folder(inbox, path, error);
}

void inbox_finish(Inbox *inbox)
{
    GHashTableIter all;
    gpointer student, unusable;
    for (guint i = 0; i < inbox->submissions->len; i++)
        g_hash_table_remove(inbox->unusable,
                            ((const Submission *)inbox->submissions->pdata[i])->student);
    g_hash_table_iter_init(&all, inbox->unusable);
    while (g_hash_table_iter_next(&all, &student, &unusable)) {
        g_hash_table_iter_steal(&all);
        g_ptr_array_add(inbox->submissions, unusable);
    }
    g_ptr_array_sort(inbox->submissions, submission_compare);
}
