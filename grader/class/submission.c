/* submission.c: see submission.h. */
#include "submission.h"

#include <string.h>

#include "bounded.h"

/* As UTF-8. Two names of the bytes of another encoding must not become the same student. */
static char *as_text(const char *bytes)
{
    GString *text = g_string_new(NULL);
    const char *invalid;
    while (!g_utf8_validate(bytes, -1, &invalid)) {
        g_string_append_len(text, bytes, invalid - bytes);
        g_string_append_printf(text, "\\x%02x", (guchar)*invalid);
        bytes = invalid + 1;
    }
    g_string_append(text, bytes);
    return g_string_free(text, FALSE);
}

/* Macs write "é" in two characters, others in one: it is the same student. */
static char *as_key(const char *bytes)
{
    g_autofree char *text = as_text(bytes);
    return g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
}

Submission *submission_new(const char *student, const char *path)
{
    Submission *submission = g_new0(Submission, 1);
    submission->student = as_key(student);
    submission->name = g_strdup(submission->student);
    submission->path = g_strdup(path);
    submission->origin = path != NULL ? as_text(path) : NULL;
    submission->attempt = g_strdup("");
    return submission;
}

void submission_free(Submission *submission)
{
    if (submission == NULL)
        return;
    g_free(submission->student);
    g_free(submission->layout);
    g_free(submission->name);
    g_free(submission->lms_id);
    g_free(submission->email);
    g_free(submission->login);
    g_free(submission->sis_id);
    g_free(submission->section);
    g_free(submission->attempt);
    g_free(submission->path);
    g_free(submission->origin);
    g_free(submission->commit);
    g_free(submission);
}

gboolean submission_of_student(const GPtrArray *submissions, const char *student)
{
    for (guint i = 0; i < submissions->len; i++)
        if (strcmp(((const Submission *)submissions->pdata[i])->student, student) == 0)
            return TRUE;
    return FALSE;
}

gint submission_compare(gconstpointer a, gconstpointer b)
{
    const Submission *left = *(const Submission *const *)a;
    const Submission *right = *(const Submission *const *)b;
    int names = strcmp(left->student, right->student);
    if (names != 0)
        return names;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return strcmp(left->attempt, right->attempt);
}

char *submission_fingerprint(const Submission *submission, const GPtrArray *files, guint file_kib)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < files->len; i++) {
        const char *name = files->pdata[i];
        const char *fault = NULL;
        g_autoptr(GBytes) bytes = NULL;
        if (submission->path != NULL)
            bytes = bounded_read(submission->path, name, (gsize)file_kib * 1024 + 1, &fault);
        gsize length = 0;
        const guchar *data = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
        g_autofree char *head =
            g_strdup_printf("%s %" G_GSIZE_FORMAT " %s\n", name, length, fault ? fault : "");
        g_checksum_update(sum, (const guchar *)head, -1);
        if (length > 0)
            g_checksum_update(sum, data, (gssize)length);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- git ------------------------------------------------------------------------------------- */

/* The first line of a small file below the folder, or NULL. */
static char *first_line(const char *folder, const char *name)
{
    g_autoptr(GBytes) bytes = bounded_read(folder, name, 1 << 20, NULL);
    if (bytes == NULL)
        return NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    gsize line = 0;
    while (line < length && text[line] != '\n' && text[line] != '\r' && text[line] != '\0')
        line++;
    return g_strndup(text, line);
}

static gboolean is_commit(const char *text)
{
    gsize length = strlen(text);
    return (length == 40 || length == 64) && strspn(text, "0123456789abcdef") == length;
}

/* "COMMIT refs/heads/main" in packed-refs. */
static char *packed_commit(const char *git, const char *ref)
{
    g_autoptr(GBytes) bytes = bounded_read(git, "packed-refs", 4 << 20, NULL);
    if (bytes == NULL)
        return NULL;
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    g_autofree char *text = g_strndup(data, length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *blank = strchr(*line, ' ');
        if (blank == NULL || strcmp(blank + 1, ref) != 0)
            continue;
        *blank = '\0';
        return is_commit(*line) ? g_strdup(*line) : NULL;
    }
    return NULL;
}

char *submission_commit(const char *folder)
{
    g_autofree char *git = g_build_filename(folder, ".git", NULL);
    g_autofree char *head = first_line(git, "HEAD");
    if (head == NULL || is_commit(head))
        return g_steal_pointer(&head);
    if (!g_str_has_prefix(head, "ref: refs/"))
        return NULL;
    const char *ref = head + strlen("ref: ");
    g_autofree char *loose = first_line(git, ref);
    if (loose != NULL)
        return is_commit(loose) ? g_steal_pointer(&loose) : NULL;
    return packed_commit(git, ref);
}
