/* submission.c: see submission.h. */
#include "instructor/inbox/submission.h"

#include <string.h>

#include "instructor/inbox/folder.h"

/*
 * Convert bytes to UTF-8. Invalid bytes stay distinct, so that two names do not become one student.
 */
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

/* Macs write "é" in two characters, other systems in one; both give the same key. */
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

Submission *submission_new_of(const Submission *student, const char *path)
{
    Submission *other = submission_new(student->student, path);
    g_free(other->name);
    other->name = g_strdup(student->name);
    other->lms_id = g_strdup(student->lms_id);
    other->days_late = student->days_late;
    g_free(other->origin);
    other->origin = g_strdup(student->origin);
    return other;
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
            bytes = folder_read(submission->path, name, (gsize)file_kib * 1024 + 1, &fault);
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
