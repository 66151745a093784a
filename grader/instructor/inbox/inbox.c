/* inbox.c: see inbox.h. */
#include "instructor/inbox/inbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/escape.h"
#include "commands/options.h"
#include "instructor/inbox/git_commit.h"
#include "instructor/inbox/names.h"
#include "instructor/inbox/student.h"
#include "instructor/inbox/zip.h"
#include "intake/near.h"

#define MAX_STUDENTS 20000u

/* ---- life cycle ------------------------------------------------------------------------------ */

Inbox *inbox_new(const Rubric *rubric, const char *workspace)
{
    Inbox *inbox = g_new0(Inbox, 1);
    inbox->rubric = rubric;
    inbox->workspace = g_strdup(workspace);
    inbox->submissions = g_ptr_array_new_with_free_func((GDestroyNotify)submission_free);
    inbox->attempts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->others =
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
    g_hash_table_unref(inbox->others);
    g_hash_table_unref(inbox->given);
    g_ptr_array_unref(inbox->refusals);
    g_free(inbox);
}

/* ---- a class --------------------------------------------------------------------------------- */

static char *without_suffix(const char *name)
{
    return g_strndup(name, strlen(name) - strlen(".zip"));
}

static void leave_out(Inbox *inbox, const char *entry, const char *why)
{
    g_autofree char *shown = escape_text(entry, -1, 120, FALSE);
    g_ptr_array_add(inbox->refusals, g_strdup_printf("'%s' %s", shown, why));
}

/* A file between the students' folders: an archive of another kind is somebody's. */
static gboolean add_loose(Inbox *inbox, const char *entry, const char *path, GError **error)
{
    if (!intake_is_archive(entry))
        return TRUE;
    g_autofree char *stem = g_strndup(entry, (gsize)(strrchr(entry, '.') - entry));
    if (g_str_has_suffix(stem, ".tar"))
        stem[strlen(stem) - strlen(".tar")] = '\0';
    g_autoptr(Submission) person = submission_new(stem, path);
    return inbox_add_other(inbox, person, entry, error);
}

static gboolean add_entry(Inbox *inbox, const char *folder, const char *entry, GError **error)
{
    g_auto(InboxName) name = {0};
    g_autofree char *path = g_build_filename(folder, entry, NULL);
    gboolean is_folder = inbox_is_kind(folder, entry, S_IFDIR);
    gboolean from_lms = inbox_name_parse(entry, &name);
    if (from_lms && !is_folder)
        return inbox_add_flat(inbox, &name, folder, entry, error);
    /* Only Moodle makes folders; "team_1_2_final" is what somebody called one. */
    if (from_lms && *name.attempt == '\0') {
        g_autoptr(Submission) person = inbox_person(&name, folder, entry);
        return inbox_add_folder(inbox, person, path, TRUE, error);
    }
    if (is_folder) {
        g_autoptr(Submission) person = submission_new(entry, path);
        return inbox_add_folder(inbox, person, path, TRUE, error);
    }
    if (!inbox_is_kind(folder, entry, S_IFREG)) {
        gboolean link = inbox_is_kind(folder, entry, S_IFLNK);
        leave_out(inbox, entry, link ? "is refused: a link" : "is refused: a device or a pipe");
        return TRUE;
    }
    if (!archive_is_zip(entry))
        return add_loose(inbox, entry, path, error);
    g_autofree char *stem = without_suffix(entry);
    g_autoptr(Submission) person = submission_new(stem, path);
    return inbox_add_archive(inbox, person, path, error);
}

/* An archive often wraps its class in one more folder: the only one, with several in it. */
static char *unwrap(const Inbox *inbox, const char *folder)
{
    g_autoptr(GPtrArray) names = inbox_list(folder, NULL);
    if (names == NULL || names->len != 1 || !inbox_is_kind(folder, names->pdata[0], S_IFDIR))
        return NULL;
    g_auto(InboxName) name = {0};
    g_autofree char *inner = g_build_filename(folder, names->pdata[0], NULL);
    if (inbox_name_parse(names->pdata[0], &name) || inbox_has_submitted(inbox, inner))
        return NULL;
    g_autoptr(GPtrArray) below = inbox_list(inner, NULL);
    for (guint i = 0; below != NULL && i < below->len; i++) {
        g_auto(InboxName) student = {0};
        if (inbox_name_parse(below->pdata[i], &student))
            return g_steal_pointer(&inner);
    }
    return below != NULL && below->len > 1 ? g_steal_pointer(&inner) : NULL;
}

/* How many students these entries of a folder are of, if each is somebody's. */
static guint count_students(const GPtrArray *names)
{
    g_autoptr(GHashTable) students = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < names->len; i++) {
        g_auto(InboxName) name = {0};
        const char *entry = names->pdata[i];
        g_hash_table_add(students, g_strdup(inbox_name_parse(entry, &name) ? name.student : entry));
    }
    return g_hash_table_size(students);
}

static gboolean too_many(const GPtrArray *names, const char *label, GError **error)
{
    guint count = names->len > MAX_STUDENTS ? count_students(names) : 0;
    if (count <= MAX_STUDENTS)
        return FALSE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "'%s' would be a class of %u, and a class has at most %u: give the folder or zip "
                "of one class",
                label, count, MAX_STUDENTS);
    return TRUE;
}

/* Sources that are no LMS's: whose they are only a folder's name would say. */
static void tell_loose_sources(Inbox *inbox, const char *folder, const GPtrArray *names)
{
    const char *first = NULL;
    guint count = 0;
    for (guint i = 0; i < names->len; i++) {
        g_auto(InboxName) student = {0};
        const char *name = names->pdata[i];
        if (!g_str_has_suffix(name, ".c") || !inbox_is_kind(folder, name, S_IFREG) ||
            inbox_name_parse(name, &student))
            continue;
        first = count++ == 0 ? name : first;
    }
    if (count == 0)
        return;
    g_autofree char *shown = escape_text(first, -1, 120, FALSE);
    g_ptr_array_add(
        inbox->refusals,
        g_strdup_printf("%u source%s between the folders, '%s'%s left out: put each into a folder "
                        "that is called like its author, as %s",
                        count, count == 1 ? "" : "s", shown, count == 1 ? ", is" : " first, are",
                        (const char *)inbox->rubric->files->pdata[0]));
}

static gboolean no_submission(const Inbox *inbox, const char *label, GError **error)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "there is no submission in '%s': neither %s, nor a folder for each student, nor "
                "the files of Canvas or Moodle",
                label, (const char *)inbox->rubric->files->pdata[0]);
    return FALSE;
}

static gboolean add_class(Inbox *inbox, const char *folder, const char *label, GError **error)
{
    inbox_set_root(inbox, folder);
    g_autofree char *inner = unwrap(inbox, folder);
    const char *from = inner != NULL ? inner : folder;
    g_autoptr(GPtrArray) names = inbox_list(from, error);
    if (names == NULL || too_many(names, label, error))
        return FALSE;
    tell_loose_sources(inbox, from, names);
    guint before = inbox->submissions->len + g_hash_table_size(inbox->others);
    for (guint i = 0; i < names->len; i++)
        if (!add_entry(inbox, from, names->pdata[i], error))
            return FALSE;
    return inbox->submissions->len + g_hash_table_size(inbox->others) > before ||
           no_submission(inbox, label, error);
}

/* The path of a submission itself: its folder, or the file to hand in. */
static gboolean is_submission(const Inbox *inbox, const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return g_ptr_array_find_with_equal_func(inbox->rubric->files, base, g_str_equal, NULL);
    return inbox_has_submitted(inbox, path);
}

/* Has a class in an archive a folder that is called like the file, it is still a class. */
static gboolean has_file(const Inbox *inbox, const char *folder)
{
    for (guint i = 0; i < inbox->rubric->files->len; i++) {
        const char *name = inbox->rubric->files->pdata[i];
        if (inbox_is_kind(folder, name, S_IFREG) || inbox_is_kind(folder, name, S_IFLNK))
            return TRUE;
    }
    return FALSE;
}

/* People know the archive; the folder in which it was unpacked is soon gone. */
static void set_origin(Submission *submission, const char *folder, const char *archive)
{
    gsize length = strlen(folder);
    if (!g_str_has_prefix(submission->origin, folder) || submission->origin[length] != '/')
        return;
    char *origin = g_strconcat(archive, submission->origin + length, NULL);
    g_free(submission->origin);
    submission->origin = origin;
}

static void set_origins(Inbox *inbox, const char *folder, const char *archive)
{
    for (guint i = 0; i < inbox->submissions->len; i++)
        set_origin(inbox->submissions->pdata[i], folder, archive);
    GHashTableIter others;
    gpointer other;
    g_hash_table_iter_init(&others, inbox->others);
    while (g_hash_table_iter_next(&others, NULL, &other))
        set_origin(other, folder, archive);
}

static gboolean add_zip(Inbox *inbox, const char *path, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *folder = inbox_new_folder(inbox, error);
    if (folder == NULL || !archive_unpack(path, base, ARCHIVE_OF_CLASS, folder, inbox->rubric,
                                          inbox->refusals, error))
        return FALSE;
    if (!has_file(inbox, folder)) {
        if (!add_class(inbox, folder, path, error))
            return FALSE;
        set_origins(inbox, folder, path);
        return TRUE;
    }
    g_autofree char *stem = archive_is_zip(base) ? without_suffix(base) : g_strdup(base);
    g_autoptr(Submission) person = submission_new(stem, path);
    inbox_set_root(inbox, folder);
    return inbox_add_folder(inbox, person, folder, FALSE, error);
}

/*
 * The download as the LMS gave it, put into a folder: the only zip in it, and nothing else that
 * could be somebody's. NULL: each entry is what it looks like.
 */
static char *lone_download(const Inbox *inbox, const char *folder)
{
    g_autoptr(GPtrArray) names = inbox_list(folder, NULL);
    const char *zip = NULL;
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_auto(InboxName) student = {0};
        if (inbox_is_kind(folder, name, S_IFDIR) || inbox_name_parse(name, &student) ||
            (intake_is_archive(name) && zip != NULL))
            return NULL;
        if (archive_is_zip(name) && inbox_is_kind(folder, name, S_IFREG))
            zip = name;
    }
    g_autofree char *path = zip != NULL ? g_build_filename(folder, zip, NULL) : NULL;
    return path != NULL && archive_holds_class(path, inbox->rubric) ? g_steal_pointer(&path) : NULL;
}

static gboolean add_folder(Inbox *inbox, const char *path, GError **error)
{
    g_autofree char *download = lone_download(inbox, path);
    if (download == NULL)
        return add_class(inbox, path, path, error);
    g_autofree char *shown = escape_text(download, -1, 200, FALSE);
    g_ptr_array_add(inbox->refusals,
                    g_strdup_printf("'%s' is all there is, and is taken for the class", shown));
    return add_zip(inbox, download, error);
}

/* "class class/": everybody would have handed in twice. */
static gboolean is_given_again(Inbox *inbox, const char *path)
{
    char *real = realpath(path, NULL);
    gboolean again = real != NULL && !g_hash_table_add(inbox->given, g_strdup(real));
    free(real);
    if (again) {
        g_autofree char *shown = escape_text(path, -1, 120, FALSE);
        g_ptr_array_add(inbox->refusals,
                        g_strdup_printf("'%s' is given twice: once counts", shown));
    }
    return again;
}

gboolean inbox_add(Inbox *inbox, const char *path, GError **error)
{
    if (is_given_again(inbox, path))
        return TRUE;
    gboolean first = inbox->submissions->len == 0;
    inbox->single = FALSE;
    if (is_submission(inbox, path)) {
        g_autofree char *folder =
            g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strdup(path) : g_path_get_dirname(path);
        g_autofree char *name = options_name(folder);
        Submission *submission = submission_new(name, folder);
        submission->commit = git_commit(folder, folder);
        inbox_put(inbox, submission);
        inbox->single = first;
        return TRUE;
    }
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return add_zip(inbox, path, error);
    return add_folder(inbox, path, error);
}

void inbox_finish(Inbox *inbox)
{
    GHashTableIter others;
    gpointer student, other;
    for (guint i = 0; i < inbox->submissions->len; i++)
        g_hash_table_remove(inbox->others,
                            ((const Submission *)inbox->submissions->pdata[i])->student);
    g_hash_table_iter_init(&others, inbox->others);
    while (g_hash_table_iter_next(&others, &student, &other)) {
        g_hash_table_iter_steal(&others);
        g_ptr_array_add(inbox->submissions, other);
    }
    g_ptr_array_sort(inbox->submissions, submission_compare);
}
