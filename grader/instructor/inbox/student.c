/* student.c: see student.h. */
#include "instructor/inbox/student.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "instructor/inbox/folder.h"
#include "instructor/inbox/git_commit.h"
#include "instructor/inbox/zip.h"

#define MAX_ATTEMPTS 100u /* of one student: each may cost a grading */

static void replace(char **text, char *by)
{
    g_free(*text);
    *text = by;
}

/* ---- a folder -------------------------------------------------------------------------------- */

/* The names of the folders in a student's folder that are submissions: the last ones, in order. */
static GPtrArray *find_attempts(Inbox *inbox, const Submission *student, const char *folder)
{
    g_autoptr(GPtrArray) names = folder_list(folder, NULL);
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = names != NULL ? names->len : 0; i > 0; i--) {
        const char *name = names->pdata[i - 1];
        g_autofree char *inner = g_build_filename(folder, name, NULL);
        if (!folder_has_kind(folder, name, S_IFDIR) || !folder_has_any(inner, inbox->rubric->files))
            continue;
        if (found->len == MAX_ATTEMPTS) {
            inbox_refuse(inbox, student->student, "has more than %u attempts: the last ones count",
                         MAX_ATTEMPTS);
            break;
        }
        g_ptr_array_insert(found, 0, g_strdup(name));
    }
    return found;
}

/* A single folder within the student's is no attempt, but what an archive wrapped. */
static gboolean add_attempts(Inbox *inbox, const Submission *student, const char *folder,
                             const char *root)
{
    g_autoptr(GPtrArray) found = find_attempts(inbox, student, folder);
    for (guint i = 0; i < found->len; i++) {
        g_autofree char *inner = g_build_filename(folder, found->pdata[i], NULL);
        Submission *attempt = submission_new_of(student, inner);
        attempt->order = i;
        attempt->commit = git_commit(root, inner);
        if (found->len > 1)
            replace(&attempt->attempt, g_utf8_make_valid(found->pdata[i], -1));
        inbox_add_attempt(inbox, attempt);
    }
    return found->len > 0;
}

/* The path of the only zip in a folder, or NULL. */
static char *find_only_archive(const char *folder)
{
    g_autoptr(GPtrArray) names = folder_list(folder, NULL);
    const char *archive = NULL;
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!archive_is_zip(name) || !folder_has_kind(folder, name, S_IFREG))
            continue;
        if (archive != NULL)
            return NULL;
        archive = name;
    }
    return archive != NULL ? g_build_filename(folder, archive, NULL) : NULL;
}

gboolean student_add_folder(Inbox *inbox, const Submission *student, const char *folder,
                            FolderOrigin origin, GError **error)
{
    gboolean given = origin == FOLDER_GIVEN;
    const char *root = given ? inbox->root : folder;
    if (!folder_has_any(folder, inbox->rubric->files)) {
        g_autofree char *archive = given ? find_only_archive(folder) : NULL;
        if (add_attempts(inbox, student, folder, root))
            return TRUE;
        if (archive != NULL)
            return student_add_archive(inbox, student, archive, error);
        /* Moodle has a folder of its own for a typed text: that is no later attempt. */
        if (given && student->lms_id != NULL) {
            inbox_add_unusable(inbox, student, folder);
            return TRUE;
        }
    }
    Submission *submission = submission_new_of(student, folder);
    submission->commit = git_commit(root, folder);
    submission->order = student->order;
    replace(&submission->attempt, g_strdup(student->attempt));
    inbox_add_attempt(inbox, submission);
    return TRUE;
}

/* ---- an archive ------------------------------------------------------------------------------ */

/*
 * A folder with nothing but an empty file of the archive's name, of which intake tells the student.
 */
static char *make_substitute(Inbox *inbox, const char *base, GError **error)
{
    g_autofree char *folder = inbox_new_folder(inbox, error);
    g_autofree char *empty = folder != NULL ? g_build_filename(folder, base, NULL) : NULL;
    return folder != NULL && g_file_set_contents(empty, "", 0, error) ? g_steal_pointer(&folder)
                                                                      : NULL;
}

/* A new folder with what is in the archive or, if it cannot be read, with a substitute. */
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
    return make_substitute(inbox, base, error);
}

gboolean student_add_archive(Inbox *inbox, const Submission *student, const char *path,
                             GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    /* Many students call it "homework.zip", so messages name the student too. */
    g_autofree char *label = strcmp(path, student->path) == 0
                                 ? g_strdup(base)
                                 : g_build_filename(student->student, base, NULL);
    g_autofree char *folder = unpack(inbox, path, label, error);
    return folder != NULL && student_add_folder(inbox, student, folder, FOLDER_UNPACKED, error);
}

/* ---- single files of an LMS ------------------------------------------------------------------ */

/* Copy a file into a folder of our own under its right name, as far as intake reads it. */
static gboolean stage(Inbox *inbox, const char *from, const char *name, const char *folder,
                      const char *as, GError **error)
{
    const char *fault;
    gsize limit = (gsize)inbox->rubric->limits.file_kib * 1024 + 1;
    g_autoptr(GBytes) bytes = folder_read(from, name, limit, &fault);
    g_autofree char *to = g_build_filename(folder, as, NULL);
    if (bytes == NULL) {
        /* Intake refuses a link that leads nowhere, in its own words. */
        if (symlink("/nonexistent", to) == 0)
            return TRUE;
        grader_set_errno(error, "cannot put aside '%s'", to);
        return FALSE;
    }
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    return g_file_set_contents(to, data, (gssize)length, error);
}

Submission *student_of_lms(const InboxName *name, const char *path)
{
    Submission *student = submission_new(name->student, path);
    replace(&student->name, g_strdup(name->name));
    student->lms_id = g_strdup(name->lms_id);
    student->days_late = name->late ? 1 : 0;
    return student;
}

gboolean student_add_lms_file(Inbox *inbox, const InboxName *name, const char *folder,
                              const char *entry, GError **error)
{
    guint copy;
    gboolean zip = archive_is_zip(name->file);
    const char *file = inbox_name_file(name->file, inbox->rubric->files, &copy);
    g_autofree char *path = g_build_filename(folder, entry, NULL);
    g_autoptr(Submission) student = student_of_lms(name, path);
    if (file == NULL && !zip)
        return inbox_add_unusable_file(inbox, student, name->file, error);
    /* Canvas numbers files, not attempts: if the rubric lists several, they belong together. */
    gboolean numbered = inbox->rubric->files->len == 1;
    replace(&student->attempt, g_strdup(numbered ? name->attempt : ""));
    student->order = (gint64)g_ascii_strtoull(name->attempt, NULL, 10) + copy;
    if (zip)
        return student_add_archive(inbox, student, path, error);
    Submission *attempt =
        numbered ? NULL : inbox_find_attempt(inbox, student->student, student->attempt);
    if (attempt == NULL) {
        replace(&student->path, inbox_new_folder(inbox, error));
        if (student->path == NULL)
            return FALSE;
        attempt = g_steal_pointer(&student);
        inbox_add_attempt(inbox, attempt);
    }
    return stage(inbox, folder, entry, attempt->path, file, error);
}
