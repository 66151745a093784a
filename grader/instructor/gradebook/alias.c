/* alias.c: one student under two names; see gradebook_match_students() in gradebook.h. */
#include "instructor/gradebook/gradebook.h"

#include <string.h>

#include "instructor/gradebook/schema.h"

static gboolean look_up(Database *database, const char *sql, const char *text, char **found,
                        GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(database, &row, error, sql, "t", text))
        return FALSE;
    *found = row != NULL ? statement_text(row, 0) : NULL;
    return TRUE;
}

/* Everything that the student `from` has goes to the student `to`. */
static gboolean take_over(Database *database, const char *from, const char *to, GError **error)
{
    static const char *const tables[] = {
        "UPDATE record SET student = ?2 WHERE student = ?1",
        "UPDATE submission SET student = ?2 WHERE student = ?1",
        "UPDATE move SET student = ?2 WHERE student = ?1",
        "UPDATE alias SET student = ?2 WHERE student = ?1",
        "DELETE FROM student WHERE key = ?1 AND key <> ?2",
    };
    g_autofree char *graded = NULL;
    if (!database_do(database, error, "UPDATE adjustment SET student = ?2 WHERE student = ?1", "tt",
                     from, to) ||
        !look_up(database, "SELECT student FROM record WHERE student = ?", to, &graded, error))
        return FALSE;
    /* A student with gradings under both keys keeps both: their histories are not mixed. */
    for (gsize i = 0; graded == NULL && i < G_N_ELEMENTS(tables); i++)
        if (!database_do(database, error, tables[i], "tt", from, to))
            return FALSE;
    return TRUE;
}

static gboolean take_over_if_known(Database *database, const char *sql,
                                   const Submission *submission, GError **error)
{
    g_autofree char *from = NULL;
    if (!look_up(database, sql, submission->layout, &from, error))
        return FALSE;
    return from == NULL || strcmp(from, submission->student) == 0 ||
           take_over(database, from, submission->student, error);
}

/* The roster has given the student another key: store that, and move what the old key has. */
static gboolean store_alias(Database *database, const Submission *submission, GError **error)
{
    return database_do(database, error,
                       "INSERT INTO student (key, name) VALUES (?, ?) ON CONFLICT DO NOTHING", "tt",
                       submission->student, submission->name) &&
           take_over_if_known(database, "SELECT student FROM alias WHERE layout = ?", submission,
                              error) &&
           take_over_if_known(database, "SELECT key FROM student WHERE key = ?", submission,
                              error) &&
           database_do(database, error,
                       "INSERT INTO alias (layout, student) VALUES (?, ?)"
                       " ON CONFLICT DO UPDATE SET student = excluded.student",
                       "tt", submission->layout, submission->student);
}

/* Without a row of a roster, the student has the key that an earlier roster gave. */
static gboolean apply_alias(Database *database, GPtrArray *submissions, guint index, GError **error)
{
    g_autofree char *student = NULL;
    const char *layout = ((const Submission *)submissions->pdata[index])->student;
    if (!look_up(database, "SELECT student FROM alias WHERE layout = ?", layout, &student, error))
        return FALSE;
    if (student == NULL || submission_of_student(submissions, student))
        return TRUE;
    g_autofree char *called = g_strdup(layout);
    for (guint i = index; i < submissions->len; i++) {
        Submission *each = submissions->pdata[i];
        if (strcmp(each->student, called) != 0)
            continue;
        g_free(each->student);
        each->student = g_strdup(student);
    }
    return TRUE;
}

static gboolean match_all(Database *database, gpointer data, GError **error)
{
    GPtrArray *submissions = data;
    for (guint i = 0; i < submissions->len; i++) {
        const Submission *each = submissions->pdata[i];
        gboolean good = TRUE;
        if (each->layout != NULL)
            good = store_alias(database, each, error);
        else if (!each->listed)
            good = apply_alias(database, submissions, i, error);
        if (!good)
            return FALSE;
    }
    return TRUE;
}

gboolean gradebook_match_students(Gradebook *book, GPtrArray *submissions, GError **error)
{
    gboolean good = database_transact(&book->database, match_all, submissions, error);
    g_ptr_array_sort(submissions, submission_compare);
    return good;
}
