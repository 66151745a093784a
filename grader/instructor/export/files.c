/* files.c: see files.h. */
#include "instructor/export/files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/files.h"
#include "report/text.h"
#include "result/json.h"

char *student_file_name(const char *student)
{
    GString *name = g_string_new(NULL);
    for (const char *at = student; *at != '\0' && name->len < 100; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean plain = c >= 0x80 ? g_unichar_isalnum(c)
                                   : g_ascii_isalnum((char)c) || strchr("-_+=@", (int)c) != NULL;
        plain = plain || (c == '.' && name->len > 0) || (c == ' ' && name->len > 0);
        if (plain)
            g_string_append_unichar(name, c);
        else
            g_string_append_c(name, '_');
    }
    if (strcmp(name->str, student) != 0) {
        g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, student, -1);
        g_string_append_printf(name, "-%.8s", sum);
    }
    return g_string_free(name, FALSE);
}

static gboolean is_current(const char *path, const char *text)
{
    g_autofree char *there = NULL;
    return g_file_get_contents(path, &there, NULL, NULL) && strcmp(there, text) == 0;
}

static gboolean write_student(const char *reports, const Grade *grade, const Result *result,
                              GError **error)
{
    const ReportStyle style = {.show = DISCLOSE_ALL};
    g_autofree char *name = student_file_name(grade->student);
    g_autofree char *folder = g_build_filename(reports, name, NULL);
    g_autofree char *report = g_build_filename(folder, "report.txt", NULL);
    g_autofree char *record = g_build_filename(folder, "result.json", NULL);
    g_autofree char *json = result_to_json(result);
    /* The report is written before the record, so if the record is current, so is the report. */
    if (is_current(record, json) && g_file_test(report, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autofree char *text = report_text(result, &style);
    return files_make_folder(folder, 0700, error) && g_file_set_contents(report, text, -1, error) &&
           g_file_set_contents(record, json, -1, error);
}

gboolean student_files_write(Gradebook *book, const char *folder, const GHashTable *only,
                             GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(book, error);
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        if (grade->record == 0 ||
            (only != NULL && !g_hash_table_contains((GHashTable *)only, grade->student)))
            continue;
        g_autoptr(Result) result = gradebook_result(book, grade->record, error);
        if (result == NULL || !write_student(folder, grade, result, error))
            return FALSE;
    }
    return grades != NULL;
}
