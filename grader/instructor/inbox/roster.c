/* roster.c: see roster.h. */
#include "instructor/inbox/roster.h"

#include <string.h>

#include "base/error.h"
#include "instructor/inbox/roster_rows.h"

/* ---- matching -------------------------------------------------------------------------------- */

/* Reduce a name to lower-case letters and digits, without accents: "O'Neil, Zoë" is "oneilzoe". */
static char *plain(const char *text)
{
    g_autofree char *split = g_utf8_normalize(text, -1, G_NORMALIZE_ALL);
    g_autofree char *folded = split != NULL ? g_utf8_casefold(split, -1) : g_strdup("");
    GString *out = g_string_new(NULL);
    for (const char *at = folded; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_isalnum(g_utf8_get_char(at)))
            g_string_append_unichar(out, g_utf8_get_char(at));
    return g_string_free(out, FALSE);
}

static gboolean same(const char *cell, const char *text)
{
    return cell != NULL && text != NULL && *text != '\0' && strcmp(cell, text) == 0;
}

static gboolean plain_same(const char *cell, const char *wanted)
{
    if (cell == NULL || *wanted == '\0')
        return FALSE;
    g_autofree char *ours = plain(cell);
    return strcmp(ours, wanted) == 0;
}

/* Canvas's file names have the last name first. */
static gboolean turned_same(const RosterRow *row, const char *wanted)
{
    if (row->cells[FIRST] != NULL && row->cells[LAST] != NULL) {
        g_autofree char *turned = g_strconcat(row->cells[LAST], row->cells[FIRST], NULL);
        return plain_same(turned, wanted);
    }
    const char *blank = row->cells[NAME] != NULL ? strrchr(row->cells[NAME], ' ') : NULL;
    if (blank == NULL)
        return FALSE;
    g_autofree char *first = g_strndup(row->cells[NAME], (gsize)(blank - row->cells[NAME]));
    g_autofree char *turned = g_strconcat(blank, first, NULL);
    return plain_same(turned, wanted);
}

static gboolean mail_same(const RosterRow *row, const char *text)
{
    const char *mail = row->cells[EMAIL];
    const char *at = mail != NULL ? strchr(mail, '@') : NULL;
    return at != NULL && strlen(text) == (gsize)(at - mail) &&
           strncmp(mail, text, strlen(text)) == 0;
}

/* GitHub Classroom names a clone after assignment and login: "attention-ann". */
static gboolean clone_same(const RosterRow *row, const Submission *submission)
{
    const char *login = row->cells[LOGIN];
    if (login == NULL || submission->commit == NULL)
        return FALSE;
    g_autofree char *end = g_strconcat("-", login, NULL);
    return g_str_has_suffix(submission->student, end);
}

/* The ways to match, the surest first; each is tried on the whole roster before the next. */
enum { WAYS = 4 };

static gboolean matches(const RosterRow *row, const Submission *submission, guint way)
{
    char *const *cells = row->cells;
    const char *student = submission->student;
    g_autofree char *name = plain(submission->name);
    switch (way) {
    case 0:
        return same(cells[LMS_ID], submission->lms_id);
    case 1:
        return submission->lms_id == NULL &&
               (same(cells[KEY], student) || same(cells[LOGIN], student) ||
                same(cells[EMAIL], student) || same(cells[SIS_ID], student) ||
                same(cells[LMS_ID], student));
    case 2:
        return plain_same(cells[NAME], name) || turned_same(row, name);
    default:
        return mail_same(row, student) || clone_same(row, submission);
    }
}

static RosterRow *find_row(const GPtrArray *rows, const Submission *submission)
{
    for (guint way = 0; way < WAYS; way++) {
        RosterRow *found = NULL;
        guint count = 0;
        for (guint i = 0; i < rows->len; i++)
            if (matches(rows->pdata[i], submission, way)) {
                found = rows->pdata[i];
                count++;
            }
        if (count == 1)
            return found;
        if (count > 1)
            return NULL; /* two students share the name: no match is better than the wrong one */
    }
    return NULL;
}

/* ---- what a row says ------------------------------------------------------------------------- */

/* The days that have begun since the due time, or 0 within the hours of grace. */
static guint count_days_late(const RubricLate *late, GDateTime *submitted)
{
    if (late->due == NULL)
        return 0;
    g_autoptr(GDateTime) due = g_date_time_new_from_iso8601(late->due, NULL);
    GTimeSpan over = g_date_time_difference(submitted, due);
    if (over <= late->grace_hours * G_TIME_SPAN_HOUR)
        return 0;
    return (guint)MIN((over + G_TIME_SPAN_DAY - 1) / G_TIME_SPAN_DAY, 10000);
}

static gboolean bad_cell(GError **error, const char *path, const RosterRow *row, const char *column,
                         const char *what)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "the roster '%s', row %u: %s %s", path,
                row->line, column, what);
    return FALSE;
}

static gboolean read_late(const char *path, const RosterRow *row, const RubricLate *late,
                          Submission *submission, GError **error)
{
    if (row->cells[DAYS_LATE] != NULL) {
        guint64 days;
        if (!g_ascii_string_to_unsigned(row->cells[DAYS_LATE], 10, 0, 10000, &days, NULL))
            return bad_cell(error, path, row, "days_late", "must be a whole number");
        submission->days_late = (guint)days;
    } else if (row->cells[SUBMITTED] != NULL) {
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(row->cells[SUBMITTED], NULL);
        if (time == NULL)
            return bad_cell(error, path, row, "submitted_at",
                            "must be a time with its zone, such as 2026-11-20T23:59:00+01:00");
        submission->days_late = count_days_late(late, time);
    }
    return TRUE;
}

static void set(char **text, const char *cell)
{
    if (cell == NULL)
        return;
    g_free(*text);
    *text = g_strdup(cell);
}

/* The columns that can be a student's key, the best first. Only names can be shared. */
static const RosterColumn keys[] = {KEY, LOGIN, SIS_ID, EMAIL, LMS_ID, NAME};

static const char *first_cell(const RosterRow *row, gsize columns)
{
    for (gsize i = 0; i < columns; i++)
        if (row->cells[keys[i]] != NULL)
            return row->cells[keys[i]];
    return NULL;
}

static const char *key_of(const RosterRow *row)
{
    const char *key = first_cell(row, G_N_ELEMENTS(keys));
    if (key != NULL)
        return key;
    return row->cells[LAST] != NULL ? row->cells[LAST] : row->cells[FIRST];
}

/* A student listed twice, as in two sections, is one student: the first row counts. */
static void leave_out_doubles(GPtrArray *rows)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < rows->len;) {
        const RosterRow *row = rows->pdata[i];
        const char *key = first_cell(row, G_N_ELEMENTS(keys) - 1);
        if (key != NULL && !g_hash_table_add(seen, g_strdup(key)))
            g_ptr_array_remove_index(rows, i);
        else
            i++;
    }
}

static gboolean fill_in(const char *path, const RosterRow *row, const RubricLate *late,
                        Submission *submission, GError **error)
{
    if (submission->path != NULL) {
        g_free(submission->layout);
        submission->layout = g_strdup(submission->student);
    }
    set(&submission->student, key_of(row));
    set(&submission->name, row->cells[NAME] != NULL ? row->cells[NAME] : key_of(row));
    set(&submission->email, row->cells[EMAIL]);
    set(&submission->login, row->cells[LOGIN]);
    set(&submission->lms_id, row->cells[LMS_ID]);
    set(&submission->sis_id, row->cells[SIS_ID]);
    set(&submission->section, row->cells[SECTION]);
    submission->listed = TRUE;
    return submission->path == NULL || read_late(path, row, late, submission, error);
}

/* If the roster gives two folders to one student, they become two attempts. */
static void separate(GPtrArray *submissions)
{
    guint same = 0;
    for (guint i = 1; i < submissions->len; i++) {
        const Submission *before = submissions->pdata[i - 1];
        Submission *each = submissions->pdata[i];
        const Submission *first = submissions->pdata[i - 1 - same];
        gboolean twice = strcmp(before->student, each->student) == 0 &&
                         strcmp(first->attempt, each->attempt) == 0;
        same = twice ? same + 1 : 0;
        if (!twice)
            continue;
        char *attempt =
            g_strdup_printf("%s%s%u", each->attempt, *each->attempt != '\0' ? "-" : "", same + 1);
        g_free(each->attempt);
        each->attempt = attempt;
        each->order += same;
    }
}

static gboolean apply(const GPtrArray *rows, const char *path, const Rubric *rubric,
                      GPtrArray *submissions, GError **error)
{
    for (guint i = 0; i < submissions->len; i++) {
        RosterRow *row = find_row(rows, submissions->pdata[i]);
        if (row == NULL)
            continue;
        row->taken = TRUE;
        if (!fill_in(path, row, &rubric->late, submissions->pdata[i], error))
            return FALSE;
    }
    for (guint i = 0; i < rows->len; i++) {
        const RosterRow *row = rows->pdata[i];
        if (row->taken || key_of(row) == NULL || submission_of_student(submissions, key_of(row)))
            continue;
        Submission *absent = submission_new(key_of(row), NULL);
        g_ptr_array_add(submissions, absent);
        if (!fill_in(path, row, &rubric->late, absent, error))
            return FALSE;
    }
    g_ptr_array_sort(submissions, submission_compare);
    separate(submissions);
    return TRUE;
}

gboolean roster_apply(const char *path, const Rubric *rubric, GPtrArray *submissions,
                      GError **error)
{
    g_autoptr(GPtrArray) rows = roster_rows_read(path, error);
    if (rows != NULL)
        leave_out_doubles(rows);
    return rows != NULL && apply(rows, path, rubric, submissions, error);
}
