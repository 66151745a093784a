/* attempts.c: see attempts.h. */
#include "instructor/inbox/attempts.h"

#include <string.h>

#include "base/escape.h"
#include "base/files.h"

Inbox *inbox_new(const Rubric *rubric, const char *workspace)
{
    Inbox *inbox = g_new0(Inbox, 1);
    inbox->rubric = rubric;
    inbox->workspace = g_strdup(workspace);
    inbox->submissions = g_ptr_array_new_with_free_func((GDestroyNotify)submission_free);
    inbox->attempts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->unusable =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)submission_free);
    inbox->given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->refusals = g_ptr_array_new_with_free_func(g_free);
    return inbox;
}

void inbox_free(Inbox *inbox)
{
    if (inbox == NULL)
        return;
    g_free(inbox->workspace);
    g_free(inbox->root);
    g_hash_table_unref(inbox->attempts);
    g_ptr_array_unref(inbox->submissions);
    g_hash_table_unref(inbox->unusable);
    g_hash_table_unref(inbox->given);
    g_ptr_array_unref(inbox->refusals);
    g_free(inbox);
}

char *inbox_new_folder(Inbox *inbox, GError **error)
{
    g_autofree char *name = g_strdup_printf("%u", inbox->folders++);
    g_autofree char *path = g_build_filename(inbox->workspace, name, NULL);
    return files_make_folder(path, 0700, error) ? g_steal_pointer(&path) : NULL;
}

void inbox_refuse(Inbox *inbox, const char *entry, const char *why, ...)
{
    va_list arguments;
    va_start(arguments, why);
    g_autofree char *reason = g_strdup_vprintf(why, arguments);
    va_end(arguments);
    g_autofree char *name = escape_text(entry, -1, 120, FALSE);
    g_ptr_array_add(inbox->refusals, g_strdup_printf("'%s' %s", name, reason));
}

/* The length goes first, so that no two pairs have one key, whatever is in the names. */
static char *attempt_key(const char *student, const char *attempt)
{
    return g_strdup_printf("%" G_GSIZE_FORMAT " %s %s", strlen(student), student, attempt);
}

Submission *inbox_find_attempt(const Inbox *inbox, const char *student, const char *attempt)
{
    g_autofree char *key = attempt_key(student, attempt);
    return g_hash_table_lookup(inbox->attempts, key);
}

void inbox_add_attempt(Inbox *inbox, Submission *submission)
{
    g_autofree char *given = g_strdup(submission->attempt);
    const char *student = submission->student;
    for (guint n = 2; inbox_find_attempt(inbox, student, submission->attempt) != NULL; n++) {
        g_free(submission->attempt);
        submission->attempt =
            *given != '\0' ? g_strdup_printf("%s-%u", given, n) : g_strdup_printf("%u", n);
        submission->order++;
    }
    g_hash_table_insert(inbox->attempts, attempt_key(student, submission->attempt), submission);
    g_ptr_array_add(inbox->submissions, submission);
}

void inbox_add_unusable(Inbox *inbox, const Submission *student, const char *path)
{
    if (g_hash_table_contains(inbox->unusable, student->student))
        return;
    Submission *unusable = submission_new_of(student, path);
    g_hash_table_insert(inbox->unusable, unusable->student, unusable);
}

gboolean inbox_add_unusable_file(Inbox *inbox, const Submission *student, const char *file,
                                 GError **error)
{
    g_autofree char *folder = inbox_new_folder(inbox, error);
    if (folder == NULL)
        return FALSE;
    inbox_add_unusable(inbox, student, folder);
    g_autofree char *base = g_path_get_basename(file);
    g_autofree char *empty = g_build_filename(folder, base, NULL);
    return g_file_set_contents(empty, "", 0, error);
}
