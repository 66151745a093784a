/* layout.c: see layout.h. */
#include "instructor/inbox/layout.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/escape.h"
#include "instructor/inbox/folder.h"
#include "instructor/inbox/student.h"
#include "instructor/inbox/zip.h"
#include "intake/near.h"

#define MAX_STUDENTS 20000u

/* ---- one entry ------------------------------------------------------------------------------- */

/* "ann" of "ann.zip" and of "ann.tar.gz". */
static char *strip_suffix(const char *archive)
{
    char *stem = g_strndup(archive, (gsize)(strrchr(archive, '.') - archive));
    if (!archive_is_zip(archive) && g_str_has_suffix(stem, ".tar"))
        stem[strlen(stem) - strlen(".tar")] = '\0';
    return stem;
}

/* Add a file that lies beside the students' folders: an archive is a student's. */
static gboolean add_file(Inbox *inbox, const char *entry, const char *path, GError **error)
{
    if (!archive_is_zip(entry) && !intake_is_archive(entry))
        return TRUE;
    g_autofree char *stem = strip_suffix(entry);
    g_autoptr(Submission) student = submission_new(stem, path);
    return archive_is_zip(entry) ? student_add_archive(inbox, student, path, error)
                                 : inbox_add_unusable_file(inbox, student, entry, error);
}

static gboolean add_entry(Inbox *inbox, const char *folder, const char *entry, GError **error)
{
    g_auto(InboxName) name = {0};
    g_autofree char *path = g_build_filename(folder, entry, NULL);
    gboolean is_folder = folder_has_kind(folder, entry, S_IFDIR);
    gboolean from_lms = inbox_name_parse(entry, &name);
    if (from_lms && !is_folder)
        return student_add_lms_file(inbox, &name, folder, entry, error);
    if (is_folder) {
        /* Only Moodle makes folders; a team may have called one "team_1_2_final". */
        gboolean moodle = from_lms && *name.attempt == '\0';
        g_autoptr(Submission) student =
            moodle ? student_of_lms(&name, path) : submission_new(entry, path);
        return student_add_folder(inbox, student, path, FOLDER_GIVEN, error);
    }
    if (folder_has_kind(folder, entry, S_IFREG))
        return add_file(inbox, entry, path, error);
    gboolean link = folder_has_kind(folder, entry, S_IFLNK);
    inbox_refuse(inbox, entry, "is refused: %s", link ? "a link" : "a device or a pipe");
    return TRUE;
}

/* ---- a folder of many ------------------------------------------------------------------------ */

/*
 * An archive often wraps everything in one more folder: that folder, if it holds several entries.
 */
static char *find_wrapped(const Inbox *inbox, const char *folder)
{
    g_autoptr(GPtrArray) names = folder_list(folder, NULL);
    if (names == NULL || names->len != 1 || !folder_has_kind(folder, names->pdata[0], S_IFDIR))
        return NULL;
    g_auto(InboxName) name = {0};
    g_autofree char *inner = g_build_filename(folder, names->pdata[0], NULL);
    if (inbox_name_parse(names->pdata[0], &name) || folder_has_any(inner, inbox->rubric->files))
        return NULL;
    g_autoptr(GPtrArray) below = folder_list(inner, NULL);
    for (guint i = 0; below != NULL && i < below->len; i++) {
        g_auto(InboxName) student = {0};
        if (inbox_name_parse(below->pdata[i], &student))
            return g_steal_pointer(&inner);
    }
    return below != NULL && below->len > 1 ? g_steal_pointer(&inner) : NULL;
}

/* How many students these entries of a folder belong to, if each belongs to one. */
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

static gboolean has_too_many(const GPtrArray *names, const char *label, GError **error)
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

/* Report sources that lie beside the folders: only a folder's name would say whose they are. */
static void report_loose_sources(Inbox *inbox, const char *folder, const GPtrArray *names)
{
    const char *first = NULL;
    guint count = 0;
    for (guint i = 0; i < names->len; i++) {
        g_auto(InboxName) student = {0};
        const char *name = names->pdata[i];
        if (!g_str_has_suffix(name, ".c") || !folder_has_kind(folder, name, S_IFREG) ||
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

static guint count_found(const Inbox *inbox)
{
    return inbox->submissions->len + g_hash_table_size(inbox->unusable);
}

static gboolean add_entries(Inbox *inbox, const char *folder, const char *label, GError **error)
{
    g_free(inbox->root);
    inbox->root = g_strdup(folder);
    g_autofree char *inner = find_wrapped(inbox, folder);
    const char *from = inner != NULL ? inner : folder;
    g_autoptr(GPtrArray) names = folder_list(from, error);
    if (names == NULL || has_too_many(names, label, error))
        return FALSE;
    report_loose_sources(inbox, from, names);
    guint before = count_found(inbox);
    for (guint i = 0; i < names->len; i++)
        if (!add_entry(inbox, from, names->pdata[i], error))
            return FALSE;
    if (count_found(inbox) > before)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "there is no submission in '%s': neither %s, nor a folder for each student, nor "
                "the files of Canvas or Moodle",
                label, (const char *)inbox->rubric->files->pdata[0]);
    return FALSE;
}

/*
 * An LMS's download that was put into a folder as it came: the only zip in it, beside nothing that
 * could be a student's. NULL: each entry is what it looks like.
 */
static char *find_lone_download(const Inbox *inbox, const char *folder)
{
    g_autoptr(GPtrArray) names = folder_list(folder, NULL);
    const char *zip = NULL;
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_auto(InboxName) student = {0};
        if (folder_has_kind(folder, name, S_IFDIR) || inbox_name_parse(name, &student) ||
            (intake_is_archive(name) && zip != NULL))
            return NULL;
        if (archive_is_zip(name) && folder_has_kind(folder, name, S_IFREG))
            zip = name;
    }
    g_autofree char *path = zip != NULL ? g_build_filename(folder, zip, NULL) : NULL;
    return path != NULL && archive_holds_class(path, inbox->rubric) ? g_steal_pointer(&path) : NULL;
}

gboolean layout_add_folder(Inbox *inbox, const char *path, GError **error)
{
    g_autofree char *download = find_lone_download(inbox, path);
    if (download == NULL)
        return add_entries(inbox, path, path, error);
    g_autofree char *shown = escape_text(download, -1, 200, FALSE);
    g_ptr_array_add(inbox->refusals,
                    g_strdup_printf("'%s' is all there is, and is taken for the class", shown));
    return layout_add_zip(inbox, download, error);
}

/* ---- a zip ----------------------------------------------------------------------------------- */

/*
 * Is there a submitted file at the top? A folder of that name does not make it one student's zip.
 */
static gboolean is_of_one_student(const Inbox *inbox, const char *folder)
{
    for (guint i = 0; i < inbox->rubric->files->len; i++) {
        const char *name = inbox->rubric->files->pdata[i];
        if (folder_has_kind(folder, name, S_IFREG) || folder_has_kind(folder, name, S_IFLNK))
            return TRUE;
    }
    return FALSE;
}

/* Instructors know the archive; the folder in which it was unpacked is soon gone. */
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
    GHashTableIter all;
    gpointer unusable;
    g_hash_table_iter_init(&all, inbox->unusable);
    while (g_hash_table_iter_next(&all, NULL, &unusable))
        set_origin(unusable, folder, archive);
}

gboolean layout_add_zip(Inbox *inbox, const char *path, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *folder = inbox_new_folder(inbox, error);
    if (folder == NULL || !archive_unpack(path, base, ARCHIVE_OF_CLASS, folder, inbox->rubric,
                                          inbox->refusals, error))
        return FALSE;
    if (is_of_one_student(inbox, folder)) {
        g_autofree char *stem = archive_is_zip(base) ? strip_suffix(base) : g_strdup(base);
        g_autoptr(Submission) student = submission_new(stem, path);
        return student_add_folder(inbox, student, folder, FOLDER_UNPACKED, error);
    }
    if (!add_entries(inbox, folder, path, error))
        return FALSE;
    set_origins(inbox, folder, path);
    return TRUE;
}
