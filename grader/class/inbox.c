/* inbox.c: see inbox.h. */
#include "inbox.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "bounded.h"
#include "error.h"
#include "escape.h"
#include "inbox_names.h"
#include "options.h"

#define MAX_ATTEMPTS 1000 /* folders looked into below one student's */

static const char *const litter[] = {"__MACOSX", "lost+found", NULL};

/* ---- life cycle ------------------------------------------------------------------------------ */

Inbox *inbox_new(const Rubric *rubric, const char *workspace)
{
    Inbox *inbox = g_new0(Inbox, 1);
    inbox->rubric = rubric;
    inbox->workspace = g_strdup(workspace);
    inbox->submissions = g_ptr_array_new_with_free_func((GDestroyNotify)submission_free);
    inbox->others =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)submission_free);
    inbox->refusals = g_ptr_array_new_with_free_func(g_free);
    return inbox;
}

void inbox_free(Inbox *inbox)
{
    if (inbox == NULL)
        return;
    g_free(inbox->workspace);
    g_ptr_array_unref(inbox->submissions);
    g_hash_table_unref(inbox->others);
    g_ptr_array_unref(inbox->refusals);
    g_free(inbox);
}

/* A new folder of ours. */
static char *new_folder(Inbox *inbox, GError **error)
{
    g_autofree char *name = g_strdup_printf("%u", inbox->folders++);
    g_autofree char *path = g_build_filename(inbox->workspace, name, NULL);
    if (g_mkdir(path, 0700) == 0)
        return g_steal_pointer(&path);
    grader_set_errno(error, "cannot make the folder '%s'", path);
    return NULL;
}

static Submission *find(const Inbox *inbox, const char *student, const char *attempt)
{
    for (guint i = inbox->submissions->len; i > 0; i--) {
        Submission *each = inbox->submissions->pdata[i - 1];
        if (strcmp(each->student, student) == 0 && strcmp(each->attempt, attempt) == 0)
            return each;
    }
    return NULL;
}

/* Add it. One that is there already, from another path, was an earlier attempt. */
static void add(Inbox *inbox, Submission *submission)
{
    g_autofree char *given = g_strdup(submission->attempt);
    for (guint n = 2; find(inbox, submission->student, submission->attempt) != NULL; n++) {
        g_free(submission->attempt);
        submission->attempt =
            *given != '\0' ? g_strdup_printf("%s-%u", given, n) : g_strdup_printf("%u", n);
        submission->order++;
    }
    g_ptr_array_add(inbox->submissions, submission);
}

/* ---- folders --------------------------------------------------------------------------------- */

/* Is there an entry of this name, of whatever kind? Links are not followed. */
static gboolean has_entry(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat info;
    return lstat(path, &info) == 0;
}

static gboolean has_submitted(const Inbox *inbox, const char *folder)
{
    for (guint i = 0; i < inbox->rubric->files->len; i++)
        if (has_entry(folder, inbox->rubric->files->pdata[i]))
            return TRUE;
    return FALSE;
}

static gboolean is_kind(const char *folder, const char *name, mode_t kind)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat info;
    return lstat(path, &info) == 0 && (info.st_mode & S_IFMT) == kind;
}

static gint compare_natural(gconstpointer a, gconstpointer b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted so that 10 comes after 9; hidden ones and litter left out. */
static GPtrArray *list_folder(const char *path, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &reason);
    if (folder == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "cannot look for submissions: %s",
                    reason->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(folder)) != NULL)
        if (*name != '.' && !g_strv_contains(litter, name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_natural);
    return names;
}

static Submission *copy_person(const Submission *from, const char *path)
{
    Submission *copy = submission_new(from->student, path);
    g_free(copy->name);
    copy->name = g_strdup(from->name);
    copy->lms_id = g_strdup(from->lms_id);
    copy->days_late = from->days_late;
    g_free(copy->origin);
    copy->origin = g_strdup(from->origin);
    return copy;
}

/* The folders in a student's folder that are submissions: attempts, or what an archive wrapped. */
static gboolean add_attempts(Inbox *inbox, const Submission *person, const char *folder)
{
    g_autoptr(GPtrArray) names = list_folder(folder, NULL);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (guint i = 0; names != NULL && i < MIN(names->len, MAX_ATTEMPTS); i++) {
        g_autofree char *inner = g_build_filename(folder, names->pdata[i], NULL);
        if (is_kind(folder, names->pdata[i], S_IFDIR) && has_submitted(inbox, inner))
            g_ptr_array_add(found, names->pdata[i]);
    }
    for (guint i = 0; i < found->len; i++) {
        g_autofree char *inner = g_build_filename(folder, found->pdata[i], NULL);
        Submission *attempt = copy_person(person, inner);
        attempt->order = i;
        attempt->commit = submission_commit(inner);
        if (found->len > 1) {
            g_free(attempt->attempt);
            attempt->attempt = g_utf8_make_valid(found->pdata[i], -1);
        }
        add(inbox, attempt);
    }
    return found->len > 0;
}

static gboolean add_archive(Inbox *inbox, const Submission *person, const char *path,
                            GError **error);

/* The only zip in a folder that has nothing else to grade. */
static char *only_archive(const char *folder)
{
    g_autoptr(GPtrArray) names = list_folder(folder, NULL);
    char *archive = NULL;
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!archive_is_zip(name) || !is_kind(folder, name, S_IFREG))
            continue;
        if (archive != NULL) {
            g_free(archive);
            return NULL;
        }
        archive = g_build_filename(folder, name, NULL);
    }
    return archive;
}

/* All that is in one student's folder. */
static gboolean add_folder(Inbox *inbox, const Submission *person, const char *folder,
                           gboolean archives, GError **error)
{
    if (!has_submitted(inbox, folder)) {
        g_autofree char *archive = archives ? only_archive(folder) : NULL;
        if (add_attempts(inbox, person, folder))
            return TRUE;
        if (archive != NULL)
            return add_archive(inbox, person, archive, error);
    }
    Submission *submission = copy_person(person, folder);
    submission->commit = submission_commit(folder);
    submission->order = person->order;
    g_free(submission->attempt);
    submission->attempt = g_strdup(person->attempt);
    add(inbox, submission);
    return TRUE;
}

/* A student's own archive. One that cannot be read leaves the student with nothing handed in. */
static gboolean add_archive(Inbox *inbox, const Submission *person, const char *path,
                            GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *folder = new_folder(inbox, error);
    if (folder == NULL)
        return FALSE;
    if (!archive_unpack(path, folder, inbox->rubric, inbox->refusals, &reason)) {
        if (!g_error_matches(reason, GRADER_ERROR, GRADER_ERROR_USAGE)) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        g_ptr_array_add(inbox->refusals, escape_text(reason->message, -1, 300, FALSE));
    }
    return add_folder(inbox, person, folder, FALSE, error);
}

/* ---- single files ---------------------------------------------------------------------------- */

/* Put a file of somebody into a folder of ours under its right name, as far as intake reads it. */
static gboolean stage(Inbox *inbox, const char *from, const char *name, const char *folder,
                      const char *as, GError **error)
{
    const char *fault;
    gsize limit = (gsize)inbox->rubric->limits.file_kib * 1024 + 1;
    g_autoptr(GBytes) bytes = bounded_read(from, name, limit, &fault);
    g_autofree char *to = g_build_filename(folder, as, NULL);
    if (bytes == NULL) {
        /* A link that leads nowhere: intake refuses it in its own words. */
        if (symlink("/nonexistent", to) == 0)
            return TRUE;
        grader_set_errno(error, "cannot put aside '%s'", to);
        return FALSE;
    }
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    return g_file_set_contents(to, data, (gssize)length, error);
}

static Submission *person_of(const InboxName *name, const char *folder, const char *entry)
{
    g_autofree char *path = g_build_filename(folder, entry, NULL);
    Submission *person = submission_new(name->student, path);
    g_free(person->name);
    person->name = g_strdup(name->name);
    person->lms_id = g_strdup(name->lms_id);
    person->days_late = name->late ? 1 : 0;
    return person;
}

/* Nothing that can be graded: remembered, in case nothing better comes from this student. */
static gboolean add_other(Inbox *inbox, Submission *person, const char *file, GError **error)
{
    if (g_hash_table_contains(inbox->others, person->student)) {
        submission_free(person);
        return TRUE;
    }
    g_free(person->path);
    person->path = new_folder(inbox, error);
    g_hash_table_insert(inbox->others, person->student, person);
    if (person->path == NULL)
        return FALSE;
    g_autofree char *base = g_path_get_basename(file);
    g_autofree char *empty = g_build_filename(person->path, base, NULL);
    return g_file_set_contents(empty, "", 0, error);
}

/* A flat file of Canvas or Moodle. */
static gboolean add_flat(Inbox *inbox, const InboxName *name, const char *folder, const char *entry,
                         GError **error)
{
    guint copy;
    gboolean zip = archive_is_zip(name->file);
    const char *file = inbox_name_file(name->file, inbox->rubric->files, &copy);
    g_autoptr(Submission) person = person_of(name, folder, entry);
    if (file == NULL && !zip)
        return add_other(inbox, g_steal_pointer(&person), name->file, error);
    /* Canvas numbers files, not attempts: with several files to hand in they belong together. */
    gboolean numbered = inbox->rubric->files->len == 1;
    g_free(person->attempt);
    person->attempt = g_strdup(numbered ? name->attempt : "");
    person->order = (gint64)g_ascii_strtoull(name->attempt, NULL, 10) + copy;
    if (zip)
        return add_archive(inbox, person, person->path, error);
    Submission *there = numbered ? NULL : find(inbox, person->student, person->attempt);
    if (there == NULL) {
        g_free(person->path);
        person->path = new_folder(inbox, error);
        if (person->path == NULL)
            return FALSE;
        there = person;
        add(inbox, g_steal_pointer(&person));
    }
    return stage(inbox, folder, entry, there->path, file, error);
}

/* ---- a class --------------------------------------------------------------------------------- */

static char *without_suffix(const char *name)
{
    return g_strndup(name, strlen(name) - strlen(".zip"));
}

static gboolean add_entry(Inbox *inbox, const char *folder, const char *entry, GError **error)
{
    g_auto(InboxName) name = {0};
    g_autofree char *path = g_build_filename(folder, entry, NULL);
    gboolean is_folder = is_kind(folder, entry, S_IFDIR);
    gboolean from_lms = inbox_name_parse(entry, &name);
    if (from_lms && !is_folder)
        return add_flat(inbox, &name, folder, entry, error);
    if (from_lms) {
        g_autoptr(Submission) person = person_of(&name, folder, entry);
        return add_folder(inbox, person, path, TRUE, error);
    }
    if (is_folder) {
        g_autoptr(Submission) person = submission_new(entry, path);
        return add_folder(inbox, person, path, TRUE, error);
    }
    if (!archive_is_zip(entry) || !is_kind(folder, entry, S_IFREG)) {
        if (is_kind(folder, entry, S_IFLNK)) {
            g_autofree char *shown = escape_text(entry, -1, 120, FALSE);
            g_ptr_array_add(inbox->refusals, g_strdup_printf("'%s' is refused: a link", shown));
        }
        return TRUE;
    }
    g_autofree char *stem = without_suffix(entry);
    g_autoptr(Submission) person = submission_new(stem, path);
    return add_archive(inbox, person, path, error);
}

/* An archive often wraps its class in one more folder: the only one, with several in it. */
static char *unwrap(const Inbox *inbox, const char *folder)
{
    g_autoptr(GPtrArray) names = list_folder(folder, NULL);
    if (names == NULL || names->len != 1 || !is_kind(folder, names->pdata[0], S_IFDIR))
        return NULL;
    g_auto(InboxName) name = {0};
    g_autofree char *inner = g_build_filename(folder, names->pdata[0], NULL);
    if (inbox_name_parse(names->pdata[0], &name) || has_submitted(inbox, inner))
        return NULL;
    g_autoptr(GPtrArray) below = list_folder(inner, NULL);
    for (guint i = 0; below != NULL && i < below->len; i++) {
        g_auto(InboxName) student = {0};
        if (inbox_name_parse(below->pdata[i], &student))
            return g_steal_pointer(&inner);
    }
    return below != NULL && below->len > 1 ? g_steal_pointer(&inner) : NULL;
}

static gboolean add_class(Inbox *inbox, const char *folder, const char *label, GError **error)
{
    g_autofree char *inner = unwrap(inbox, folder);
    const char *from = inner != NULL ? inner : folder;
    g_autoptr(GPtrArray) names = list_folder(from, error);
    if (names == NULL)
        return FALSE;
    guint before = inbox->submissions->len + g_hash_table_size(inbox->others);
    for (guint i = 0; i < names->len; i++)
        if (!add_entry(inbox, from, names->pdata[i], error))
            return FALSE;
    if (inbox->submissions->len + g_hash_table_size(inbox->others) > before)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "there is no submission in '%s': neither %s, nor a folder for each student, nor "
                "the files of Canvas or Moodle",
                label, (const char *)inbox->rubric->files->pdata[0]);
    return FALSE;
}

/* The path of a submission itself: its folder, or the file to hand in. */
static gboolean is_submission(const Inbox *inbox, const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return g_ptr_array_find_with_equal_func(inbox->rubric->files, base, g_str_equal, NULL);
    return has_submitted(inbox, path);
}

static gboolean add_zip(Inbox *inbox, const char *path, GError **error)
{
    g_autofree char *folder = new_folder(inbox, error);
    if (folder == NULL || !archive_unpack(path, folder, inbox->rubric, inbox->refusals, error))
        return FALSE;
    if (!has_submitted(inbox, folder))
        return add_class(inbox, folder, path, error);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *stem = archive_is_zip(base) ? without_suffix(base) : g_strdup(base);
    g_autoptr(Submission) person = submission_new(stem, path);
    return add_folder(inbox, person, folder, FALSE, error);
}

gboolean inbox_add(Inbox *inbox, const char *path, GError **error)
{
    gboolean first = inbox->submissions->len == 0;
    inbox->single = FALSE;
    if (is_submission(inbox, path)) {
        g_autofree char *folder =
            g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strdup(path) : g_path_get_dirname(path);
        g_autofree char *name = options_name(folder);
        Submission *submission = submission_new(name, folder);
        submission->commit = submission_commit(folder);
        add(inbox, submission);
        inbox->single = first;
        return TRUE;
    }
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return add_zip(inbox, path, error);
    return add_class(inbox, path, path, error);
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
