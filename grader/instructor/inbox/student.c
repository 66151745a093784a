/* student.c: see student.h. */
#include "instructor/inbox/student.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "instructor/inbox/bounded.h"
#include "instructor/inbox/git_commit.h"
#include "instructor/inbox/zip.h"

#define MAX_ATTEMPTS 100u /* of one student: each may cost a grading */

static const char *const litter[] = {"__MACOSX", "lost+found", NULL};

/* A new folder of ours. */
char *inbox_new_folder(Inbox *inbox, GError **error)
{
    g_autofree char *name = g_strdup_printf("%u", inbox->folders++);
    g_autofree char *path = g_build_filename(inbox->workspace, name, NULL);
    if (g_mkdir(path, 0700) == 0)
        return g_steal_pointer(&path);
    grader_set_errno(error, "cannot make the folder '%s'", path);
    return NULL;
}

/* No two pairs are written alike, whatever is in the names. */
static char *attempt_key(const char *student, const char *attempt)
{
    return g_strdup_printf("%" G_GSIZE_FORMAT " %s %s", strlen(student), student, attempt);
}

void inbox_set_root(Inbox *inbox, const char *folder)
{
    g_free(inbox->root);
    inbox->root = g_strdup(folder);
}

static Submission *find(const Inbox *inbox, const char *student, const char *attempt)
{
    g_autofree char *key = attempt_key(student, attempt);
    return g_hash_table_lookup(inbox->attempts, key);
}

/* Add it. One that is there already, from another path, was an earlier attempt. */
void inbox_put(Inbox *inbox, Submission *submission)
{
    g_autofree char *given = g_strdup(submission->attempt);
    for (guint n = 2; find(inbox, submission->student, submission->attempt) != NULL; n++) {
        g_free(submission->attempt);
        submission->attempt =
            *given != '\0' ? g_strdup_printf("%s-%u", given, n) : g_strdup_printf("%u", n);
        submission->order++;
    }
    g_hash_table_insert(inbox->attempts, attempt_key(submission->student, submission->attempt),
                        submission);
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

gboolean inbox_has_submitted(const Inbox *inbox, const char *folder)
{
    for (guint i = 0; i < inbox->rubric->files->len; i++)
        if (has_entry(folder, inbox->rubric->files->pdata[i]))
            return TRUE;
    return FALSE;
}

gboolean inbox_is_kind(const char *folder, const char *name, guint kind)
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
GPtrArray *inbox_list(const char *path, GError **error)
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

/* The names of the folders in a student's folder that are submissions: the last ones, in order. */
static GPtrArray *find_attempts(Inbox *inbox, const Submission *person, const char *folder)
{
    g_autoptr(GPtrArray) names = inbox_list(folder, NULL);
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = names != NULL ? names->len : 0; i > 0; i--) {
        const char *name = names->pdata[i - 1];
        g_autofree char *inner = g_build_filename(folder, name, NULL);
        if (!inbox_is_kind(folder, name, S_IFDIR) || !inbox_has_submitted(inbox, inner))
            continue;
        if (found->len == MAX_ATTEMPTS) {
            g_autofree char *shown = escape_text(person->student, -1, 120, FALSE);
            g_ptr_array_add(inbox->refusals,
                            g_strdup_printf("'%s' has more than %u attempts: the last ones count",
                                            shown, MAX_ATTEMPTS));
            break;
        }
        g_ptr_array_insert(found, 0, g_strdup(name));
    }
    return found;
}

/* Attempts, or what an archive wrapped. */
static gboolean add_attempts(Inbox *inbox, const Submission *person, const char *folder)
{
    g_autoptr(GPtrArray) found = find_attempts(inbox, person, folder);
    for (guint i = 0; i < found->len; i++) {
        g_autofree char *inner = g_build_filename(folder, found->pdata[i], NULL);
        Submission *attempt = copy_person(person, inner);
        attempt->order = i;
        attempt->commit = git_commit(inbox->root, inner);
        if (found->len > 1) {
            g_free(attempt->attempt);
            attempt->attempt = g_utf8_make_valid(found->pdata[i], -1);
        }
        inbox_put(inbox, attempt);
    }
    return found->len > 0;
}

gboolean inbox_add_archive(Inbox *inbox, const Submission *person, const char *path,
                           GError **error);

/* The only zip in a folder that has nothing else to grade. */
static char *only_archive(const char *folder)
{
    g_autoptr(GPtrArray) names = inbox_list(folder, NULL);
    char *archive = NULL;
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!archive_is_zip(name) || !inbox_is_kind(folder, name, S_IFREG))
            continue;
        if (archive != NULL) {
            g_free(archive);
            return NULL;
        }
        archive = g_build_filename(folder, name, NULL);
    }
    return archive;
}

/* Nothing that can be graded: remembered, in case nothing better comes from this student. */
static void add_other(Inbox *inbox, Submission *person)
{
    if (g_hash_table_contains(inbox->others, person->student))
        submission_free(person);
    else
        g_hash_table_insert(inbox->others, person->student, person);
}

/* All that is in one student's folder. */
gboolean inbox_add_folder(Inbox *inbox, const Submission *person, const char *folder,
                          gboolean archives, GError **error)
{
    if (!inbox_has_submitted(inbox, folder)) {
        g_autofree char *archive = archives ? only_archive(folder) : NULL;
        if (add_attempts(inbox, person, folder))
            return TRUE;
        if (archive != NULL)
            return inbox_add_archive(inbox, person, archive, error);
        /* Moodle has a folder of its own for what was typed: that is no later attempt. */
        if (archives && person->lms_id != NULL) {
            add_other(inbox, copy_person(person, folder));
            return TRUE;
        }
    }
    Submission *submission = copy_person(person, folder);
    submission->commit = git_commit(inbox->root, folder);
    submission->order = person->order;
    g_free(submission->attempt);
    submission->attempt = g_strdup(person->attempt);
    inbox_put(inbox, submission);
    return TRUE;
}

/* A folder in which an empty file of the archive's name is all that is there: intake tells the
   student of it. */
static char *instead_of_archive(Inbox *inbox, const char *base, GError **error)
{
    g_autofree char *folder = inbox_new_folder(inbox, error);
    g_autofree char *empty = folder != NULL ? g_build_filename(folder, base, NULL) : NULL;
    return folder != NULL && g_file_set_contents(empty, "", 0, error) ? g_steal_pointer(&folder)
                                                                      : NULL;
}

/* A new folder with what is in the archive. A refusal: it cannot be read. */
static char *unpack(Inbox *inbox, const char *path, const char *label, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *folder = inbox_new_folder(inbox, error);
    if (folder == NULL)
        return NULL;
    if (archive_unpack(path, label, ARCHIVE_OF_STUDENT, folder, inbox->rubric, inbox->refusals,
                       &reason))
        return g_steal_pointer(&folder);
    files_remove_tree(folder);
    if (!g_error_matches(reason, GRADER_ERROR, GRADER_ERROR_USAGE)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    g_ptr_array_add(inbox->refusals, escape_text(reason->message, -1, 300, FALSE));
    return instead_of_archive(inbox, base, error);
}

/* A student's own archive. One that cannot be read leaves the student with nothing handed in. */
gboolean inbox_add_archive(Inbox *inbox, const Submission *person, const char *path, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    /* "homework.zip" is what half of the class calls it: whose is it? */
    g_autofree char *label = strcmp(path, person->path) == 0
                                 ? g_strdup(base)
                                 : g_build_filename(person->student, base, NULL);
    g_autofree char *folder = unpack(inbox, path, label, error);
    if (folder == NULL)
        return FALSE;
    g_autofree char *around = g_strdup(inbox->root);
    inbox_set_root(inbox, folder);
    gboolean good = inbox_add_folder(inbox, person, folder, FALSE, error);
    inbox_set_root(inbox, around);
    return good;
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

Submission *inbox_person(const InboxName *name, const char *folder, const char *entry)
{
    g_autofree char *path = g_build_filename(folder, entry, NULL);
    Submission *person = submission_new(name->student, path);
    g_free(person->name);
    person->name = g_strdup(name->name);
    person->lms_id = g_strdup(name->lms_id);
    person->days_late = name->late ? 1 : 0;
    return person;
}

gboolean inbox_add_other(Inbox *inbox, const Submission *person, const char *file, GError **error)
{
    g_autofree char *folder = inbox_new_folder(inbox, error);
    if (folder == NULL)
        return FALSE;
    add_other(inbox, copy_person(person, folder));
    g_autofree char *base = g_path_get_basename(file);
    g_autofree char *empty = g_build_filename(folder, base, NULL);
    return g_file_set_contents(empty, "", 0, error);
}

/* A flat file of Canvas or Moodle. */
gboolean inbox_add_flat(Inbox *inbox, const InboxName *name, const char *folder, const char *entry,
                        GError **error)
{
    guint copy;
    gboolean zip = archive_is_zip(name->file);
    const char *file = inbox_name_file(name->file, inbox->rubric->files, &copy);
    g_autoptr(Submission) person = inbox_person(name, folder, entry);
    if (file == NULL && !zip)
        return inbox_add_other(inbox, person, name->file, error);
    /* Canvas numbers files, not attempts: with several files to hand in they belong together. */
    gboolean numbered = inbox->rubric->files->len == 1;
    g_free(person->attempt);
    person->attempt = g_strdup(numbered ? name->attempt : "");
    person->order = (gint64)g_ascii_strtoull(name->attempt, NULL, 10) + copy;
    if (zip)
        return inbox_add_archive(inbox, person, person->path, error);
    Submission *there = numbered ? NULL : find(inbox, person->student, person->attempt);
    if (there == NULL) {
        g_free(person->path);
        person->path = inbox_new_folder(inbox, error);
        if (person->path == NULL)
            return FALSE;
        there = person;
        inbox_put(inbox, g_steal_pointer(&person));
    }
    return stage(inbox, folder, entry, there->path, file, error);
}
