/* read.c: what is read from a gradebook; see gradebook.h. */
#include "instructor/gradebook/gradebook.h"

#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "instructor/gradebook/schema.h"
#include "result/json.h"
#include "result/words.h"

#define CANDIDATES_SHOWN 5

/* Propagate `reason` if it is an error; TRUE if it is none. */
static gboolean fine(GError *reason, GError **error)
{
    if (reason != NULL)
        g_propagate_error(error, reason);
    return reason == NULL;
}

/* ---- grades ---------------------------------------------------------------------------------- */

void grade_free(Grade *grade)
{
    char *texts[] = {grade->student, grade->name,   grade->email,   grade->login,
                     grade->sis_id,  grade->lms_id, grade->section, grade->status,
                     grade->attempt, grade->origin, grade->commit,  grade->graded_at};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(grade);
}

#define GRADE_COLUMNS                                                                              \
    "student, name, email, login, sis_id, lms_id, section, status, attempt, origin, commit_id,"    \
    " graded_at, record, score, max_score, extra, days_late, late_penalty, adjustment, final,"     \
    " listed"

static Grade *read_grade(Statement *row)
{
    Grade *grade = g_new0(Grade, 1);
    char **texts[] = {&grade->student, &grade->name,   &grade->email,   &grade->login,
                      &grade->sis_id,  &grade->lms_id, &grade->section, &grade->status,
                      &grade->attempt, &grade->origin, &grade->commit,  &grade->graded_at};
    int column = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = statement_text(row, column++);
    grade->record = sqlite3_column_int64(row, column++);
    grade->score = sqlite3_column_double(row, column++);
    grade->max_score = sqlite3_column_double(row, column++);
    grade->extra = sqlite3_column_double(row, column++);
    grade->days_late = (guint)sqlite3_column_int(row, column++);
    grade->late_penalty = sqlite3_column_double(row, column++);
    grade->adjusted = sqlite3_column_type(row, column) != SQLITE_NULL;
    grade->adjustment = sqlite3_column_double(row, column++);
    grade->graded = sqlite3_column_type(row, column) != SQLITE_NULL;
    grade->final = sqlite3_column_double(row, column++);
    grade->listed = sqlite3_column_int(row, column) != 0;
    return grade;
}

static GPtrArray *select_grades(Gradebook *book, const char *student, GError **error)
{
    GError *reason = NULL;
    g_autoptr(GPtrArray) grades = g_ptr_array_new_with_free_func((GDestroyNotify)grade_free);
    g_autoptr(Statement) rows =
        database_prepare(&book->database, error,
                         "SELECT " GRADE_COLUMNS " FROM grade WHERE ?1 IS NULL OR student = ?1"
                         " ORDER BY name COLLATE NOCASE, student",
                         "t", student);
    if (rows == NULL)
        return NULL;
    while (database_step(&book->database, rows, &reason))
        g_ptr_array_add(grades, read_grade(rows));
    return fine(reason, error) ? g_steal_pointer(&grades) : NULL;
}

GPtrArray *gradebook_grades(Gradebook *book, GError **error)
{
    return select_grades(book, NULL, error);
}

Grade *gradebook_grade(Gradebook *book, const char *student, GError **error)
{
    g_autoptr(GPtrArray) grades = select_grades(book, student, error);
    if (grades == NULL)
        return NULL;
    if (grades->len == 1)
        return g_ptr_array_steal_index(grades, 0);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "there is no student '%s'", student);
    return NULL;
}

void gradebook_class_clear(GradebookClass *class)
{
    g_free(class->assignment);
    g_free(class->title);
}

gboolean gradebook_class(Gradebook *book, GradebookClass *class, GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(&book->database, &row, error,
                       "SELECT assignment, title, max_score FROM class", ""))
        return FALSE;
    if (row == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "the gradebook '%s' is empty",
                    book->database.path);
        return FALSE;
    }
    class->assignment = statement_text(row, 0);
    class->title = statement_text(row, 1);
    class->max_score = sqlite3_column_double(row, 2);
    return TRUE;
}

gboolean gradebook_count(Gradebook *book, gint64 *records, GError **error)
{
    return database_number(&book->database, "SELECT count(*) FROM record", 0, records, error);
}

/* SQLite cannot notice this: its pages are consistent, but the JSON in one of them is not. */
static void damaged_record(Gradebook *book, gint64 record, GError **error)
{
    g_autoptr(Statement) row = NULL;
    database_find(&book->database, &row, NULL, "SELECT student FROM record WHERE id = ?", "i",
                  record);
    g_autofree char *student = row != NULL ? statement_text(row, 0) : NULL;
    g_autofree char *shown = escape_text(student != NULL ? student : "?", -1, 120, FALSE);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                "the gradebook '%s' is damaged, in a record of '%s': restore a copy, or move it "
                "away and grade again",
                book->database.path, shown);
}

Result *gradebook_result(Gradebook *book, gint64 record, GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(&book->database, &row, error, "SELECT result FROM record WHERE id = ?", "i",
                       record))
        return NULL;
    if (row == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_BUG, "there is no record %" G_GINT64_FORMAT,
                    record);
        return NULL;
    }
    const char *json = (const char *)sqlite3_column_text(row, 0);
    Result *result =
        result_from_json(json != NULL ? json : "", json != NULL ? strlen(json) : 0, NULL);
    if (result == NULL)
        damaged_record(book, record, error);
    return result;
}

gboolean gradebook_result_of(Gradebook *book, const Grade *grade, Result **result, GError **error)
{
    *result = grade->record != 0 ? gradebook_result(book, grade->record, error) : NULL;
    return *result != NULL || grade->record == 0;
}

/* ---- one student ----------------------------------------------------------------------------- */

static char *name_candidates(Gradebook *book, const char *wanted)
{
    g_autoptr(GString) list = g_string_new(NULL);
    g_autoptr(Statement) rows = database_prepare(
        &book->database, NULL,
        "SELECT key FROM student WHERE ?1 IN (key, name, login, email, lms_id, sis_id)"
        " OR instr(lower(name), lower(?1)) OR instr(lower(key), lower(?1)) ORDER BY key",
        "t", wanted);
    for (guint n = 0;
         rows != NULL && n <= CANDIDATES_SHOWN && database_step(&book->database, rows, NULL); n++)
        g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                               n == CANDIDATES_SHOWN ? "..."
                                                     : (const char *)sqlite3_column_text(rows, 0));
    return g_string_free(g_steal_pointer(&list), FALSE);
}

char *gradebook_student(Gradebook *book, const char *wanted, GError **error)
{
    GError *reason = NULL;
    g_autoptr(Statement) rows = database_prepare(
        &book->database, error,
        "SELECT key FROM student WHERE ?1 IN (key, name, login, email, lms_id, sis_id)"
        " ORDER BY key <> ?1",
        "t", wanted);
    if (rows == NULL)
        return NULL;
    gboolean found = database_step(&book->database, rows, &reason);
    g_autofree char *key = found ? statement_text(rows, 0) : NULL;
    gboolean exact = g_strcmp0(key, wanted) == 0;
    gboolean more = found && !exact && database_step(&book->database, rows, &reason);
    if (!fine(reason, error))
        return NULL;
    if (found && !more)
        return g_steal_pointer(&key);
    g_autofree char *near = name_candidates(book, wanted);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "%s student '%s'%s%s%s",
                more ? "there is more than one" : "there is no", wanted,
                *near != '\0' ? " (did you mean " : "", near, *near != '\0' ? "?)" : "");
    return NULL;
}

static char *points(Statement *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? NULL
               : words_points(sqlite3_column_double(row, column));
}

/* The columns of a line of history. */
enum { AT, ATTEMPT, KIND, BEFORE, AFTER, REASON, AUTHOR, DAYS, ITEM };
enum { FIRST_GRADED, REGRADED, ADJUSTED };

static char *adjustment_words(Statement *row)
{
    GString *text = g_string_new(NULL);
    const char *item = (const char *)sqlite3_column_text(row, ITEM);
    g_string_append_printf(text, "adjusted by %+.10g", sqlite3_column_double(row, AFTER));
    if (item != NULL)
        g_string_append_printf(text, " in %s", item);
    if (sqlite3_column_type(row, DAYS) != SQLITE_NULL)
        g_string_append_printf(text, ", counts as %d days late", sqlite3_column_int(row, DAYS));
    g_string_append_printf(text, ": %s (%s)", (const char *)sqlite3_column_text(row, REASON),
                           (const char *)sqlite3_column_text(row, AUTHOR));
    return g_string_free(text, FALSE);
}

static char *grading_words(Statement *row)
{
    g_autofree char *before = points(row, BEFORE), *after = points(row, AFTER);
    const char *attempt = (const char *)sqlite3_column_text(row, ATTEMPT);
    const char *to = after != NULL ? after : "ungraded";
    g_autofree char *where = attempt != NULL && *attempt != '\0'
                                 ? g_strdup_printf(" (attempt %s)", attempt)
                                 : g_strdup("");
    if (sqlite3_column_int(row, KIND) == FIRST_GRADED)
        return g_strdup_printf("graded: %s%s", to, where);
    return g_strdup_printf("regraded: %s -> %s%s", before != NULL ? before : "ungraded", to, where);
}

static char *history_line(Statement *row)
{
    g_autofree char *at = g_strndup((const char *)sqlite3_column_text(row, AT), 16);
    g_autofree char *what =
        sqlite3_column_int(row, KIND) == ADJUSTED ? adjustment_words(row) : grading_words(row);
    g_strdelimit(at, "T", ' ');
    return g_strdup_printf("%s  %s", at, what);
}

GPtrArray *gradebook_history(Gradebook *book, const char *student, GError **error)
{
    GError *reason = NULL;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Statement) rows = database_prepare(
        &book->database, error,
        "SELECT m.at, m.attempt, m.before IS NOT NULL,"
        "  CASE WHEN b.status <> 'ungraded' THEN b.score + b.extra END,"
        "  CASE WHEN a.status <> 'ungraded' THEN a.score + a.extra END, NULL, NULL, NULL, NULL"
        " FROM move m JOIN record a ON a.id = m.after LEFT JOIN record b ON b.id = m.before"
        " WHERE m.student = ?1"
        " UNION ALL SELECT at, NULL, 2, NULL, points, reason, author, days_late, item"
        " FROM adjustment WHERE student = ?1 ORDER BY 1",
        "t", student);
    if (rows == NULL)
        return NULL;
    while (database_step(&book->database, rows, &reason))
        g_ptr_array_add(lines, history_line(rows));
    return fine(reason, error) ? g_steal_pointer(&lines) : NULL;
}
