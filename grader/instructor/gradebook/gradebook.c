/* gradebook.c: what a batch and instructors write into a gradebook; see gradebook.h. */
#include "instructor/gradebook/gradebook.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/error.h"
#include "instructor/gradebook/schema.h"
#include "result/json.h"

/* ---- opening --------------------------------------------------------------------------------- */

Gradebook *gradebook_open(const char *path, gboolean create, GError **error)
{
    struct stat info;
    if (!create && stat(path, &info) != 0 && errno == ENOENT) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "there is no gradebook '%s': grade a class first, or name it by --gradebook",
                    path);
        return NULL;
    }
    g_autoptr(Gradebook) book = g_new0(Gradebook, 1);
    if (!database_open(&book->database, path, create, error) ||
        !gradebook_schema_ensure(&book->database, create, error) ||
        !database_run(&book->database, "PRAGMA foreign_keys = ON", error))
        return NULL;
    return g_steal_pointer(&book);
}

void gradebook_close(Gradebook *book)
{
    if (book == NULL)
        return;
    database_close(&book->database);
    g_free(book);
}

static char *now(void)
{
    g_autoptr(GDateTime) time = g_date_time_new_now_utc();
    return g_date_time_format(time, "%Y-%m-%dT%H:%M:%S.%fZ");
}

/* ---- a batch --------------------------------------------------------------------------------- */

gboolean gradebook_set_class(Gradebook *book, const Rubric *rubric, GError **error)
{
    return database_do(&book->database, error,
                       "INSERT INTO class (one, assignment, title, max_score, attempts,"
                       " late_per_day, late_max) VALUES (1, ?, ?, ?, ?, ?, ?)"
                       " ON CONFLICT (one) DO UPDATE SET assignment = excluded.assignment,"
                       " title = excluded.title, max_score = excluded.max_score,"
                       " attempts = excluded.attempts, late_per_day = excluded.late_per_day,"
                       " late_max = excluded.late_max",
                       "ttrtrr", rubric->assignment, rubric->title, rubric_total(rubric),
                       rubric->attempts == ATTEMPTS_BEST ? "best" : "latest", rubric->late.per_day,
                       rubric->late.max);
}

static gboolean set_student(Database *database, const Submission *submission, GError **error)
{
    return database_do(database, error,
                       "INSERT INTO student (key, name, email, login, sis_id, lms_id, section,"
                       " listed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                       " ON CONFLICT (key) DO UPDATE SET"
                       " name = CASE WHEN excluded.listed OR NOT listed THEN excluded.name"
                       " ELSE name END,"
                       " email = coalesce(excluded.email, email),"
                       " login = coalesce(excluded.login, login),"
                       " sis_id = coalesce(excluded.sis_id, sis_id),"
                       " lms_id = coalesce(excluded.lms_id, lms_id),"
                       " section = coalesce(excluded.section, section),"
                       " listed = max(listed, excluded.listed)",
                       "ttttttti", submission->student, submission->name, submission->email,
                       submission->login, submission->sis_id, submission->lms_id,
                       submission->section, (gint64)(submission->listed ? 1 : 0));
}

static gboolean set_attempt(Database *database, const Submission *submission, GError **error)
{
    if (submission->path == NULL)
        return TRUE;
    return database_do(database, error,
                       "INSERT INTO submission (student, attempt, place, origin, commit_id,"
                       " days_late) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                       " place = excluded.place, origin = excluded.origin,"
                       " commit_id = excluded.commit_id, days_late = excluded.days_late",
                       "ttitti", submission->student, submission->attempt, submission->order,
                       submission->origin, submission->commit, (gint64)submission->days_late);
}

static gboolean set_submissions(Database *database, gpointer data, GError **error)
{
    const GPtrArray *submissions = data;
    for (guint i = 0; i < submissions->len; i++)
        if (!set_student(database, submissions->pdata[i], error) ||
            !set_attempt(database, submissions->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean gradebook_set_submissions(Gradebook *book, const GPtrArray *submissions, GError **error)
{
    return database_transact(&book->database, set_submissions, (gpointer)submissions, error);
}

/* ---- records --------------------------------------------------------------------------------- */

/* Let a record count for an attempt, and write that into the history, unless it counts already. */
static gboolean let_count(Database *database, const Submission *submission, const char *key,
                          GError **error)
{
    g_autofree char *at = now();
    return database_do(database, error,
                       "INSERT INTO move (student, attempt, before, after, at)"
                       " SELECT u.student, u.attempt, u.record, r.id, ? FROM submission u"
                       " JOIN record r ON r.student = u.student AND r.attempt = u.attempt"
                       " WHERE u.student = ? AND u.attempt = ? AND r.key = ?"
                       " AND u.record IS NOT r.id",
                       "tttt", at, submission->student, submission->attempt, key) &&
           database_do(database, error,
                       "UPDATE submission SET since = ?, record = (SELECT id FROM record"
                       " WHERE student = ?2 AND attempt = ?3 AND key = ?4)"
                       " WHERE student = ?2 AND attempt = ?3 AND record IS NOT (SELECT id"
                       " FROM record WHERE student = ?2 AND attempt = ?3 AND key = ?4)",
                       "tttt", at, submission->student, submission->attempt, key);
}

static gboolean find_record(Database *database, const Submission *submission, const char *key,
                            gboolean *found, gboolean *counts, GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(database, &row, error,
                       "SELECT u.record IS r.id FROM record r JOIN submission u USING (student,"
                       " attempt) WHERE r.student = ? AND r.attempt = ? AND r.key = ?"
                       " AND r.status <> 'ungraded'",
                       "ttt", submission->student, submission->attempt, key))
        return FALSE;
    *found = row != NULL;
    *counts = row != NULL && sqlite3_column_int(row, 0) != 0;
    return TRUE;
}

typedef struct {
    const Submission *submission;
    const char *key, *fingerprint;
    const Result *result;
} NewRecord;

static gboolean count_again(Database *database, gpointer data, GError **error)
{
    const NewRecord *known = data;
    return let_count(database, known->submission, known->key, error);
}

gboolean gradebook_reuse(Gradebook *book, const Submission *submission, const char *key,
                         gboolean *done, GError **error)
{
    NewRecord known = {.submission = submission, .key = key};
    gboolean counts = FALSE;
    *done = FALSE;
    return find_record(&book->database, submission, key, done, &counts, error) &&
           (!*done || counts || database_transact(&book->database, count_again, &known, error));
}

static gboolean insert_items(Database *database, const NewRecord *new, GError **error)
{
    for (guint i = 0; i < new->result->items->len; i++) {
        const ItemResult *item = new->result->items->pdata[i];
        if (!database_do(database, error,
                         "INSERT OR REPLACE INTO item SELECT id, ?, ?, ?, ?, ? FROM record"
                         " WHERE student = ? AND attempt = ? AND key = ?",
                         "itrrrttt", (gint64)i, item->id, item->points, item->max_points,
                         item->penalty, new->submission->student, new->submission->attempt,
                         new->key))
            return FALSE;
    }
    return TRUE;
}

/* Another batch may have stored a grading with this key meanwhile: the first one stays. */
static gboolean insert_record(Database *database, const NewRecord *new, GError **error)
{
    const Result *result = new->result;
    g_autofree char *json = result_to_json(result);
    return database_do(database, error,
                       "INSERT INTO record (student, attempt, key, files, status, score,"
                       " max_score, extra, seed, graded_at, result)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                       " status = excluded.status, score = excluded.score,"
                       " max_score = excluded.max_score, extra = excluded.extra,"
                       " seed = excluded.seed, graded_at = excluded.graded_at,"
                       " result = excluded.result WHERE status = 'ungraded'",
                       "tttttrrritt", new->submission->student, new->submission->attempt, new->key,
                       new->fingerprint, submission_status_word(result->status), result->score,
                       result->max_score, result->extra, (gint64)result->seed, result->graded_at,
                       json);
}

static gboolean same_files_are_graded(Database *database, const NewRecord *new, gboolean *graded,
                                      GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(database, &row, error,
                       "SELECT 1 FROM submission u JOIN record r ON r.id = u.record"
                       " WHERE u.student = ? AND u.attempt = ? AND r.files = ?"
                       " AND r.status <> 'ungraded'",
                       "ttt", new->submission->student, new->submission->attempt, new->fingerprint))
        return FALSE;
    *graded = row != NULL;
    return TRUE;
}

static gboolean store(Database *database, gpointer data, GError **error)
{
    const NewRecord *new = data;
    gboolean keep = FALSE;
    gint64 changed;
    if (new->result->status == SUBMISSION_UNGRADED &&
        !same_files_are_graded(database, new, &keep, error))
        return FALSE;
    if (!insert_record(database, new, error) ||
        !database_number(database, "SELECT changes()", 0, &changed, error) ||
        (changed > 0 && !insert_items(database, new, error)))
        return FALSE;
    return keep || let_count(database, new->submission, new->key, error);
}

gboolean gradebook_store(Gradebook *book, const Submission *submission, const char *key,
                         const char *fingerprint, const Result *result, GError **error)
{
    NewRecord new = {submission, key, fingerprint, result};
    return database_transact(&book->database, store, &new, error);
}

/* ---- people ---------------------------------------------------------------------------------- */

gboolean gradebook_adjust(Gradebook *book, const Adjustment *adjustment, GError **error)
{
    g_autofree char *id = g_uuid_string_random();
    g_autofree char *at = now();
    const gint64 unset = -1;
    return database_do(&book->database, error,
                       "INSERT INTO adjustment (id, student, item, points, days_late, reason,"
                       " author, at) VALUES (?, ?, ?, ?, nullif(?, -1), ?, ?, ?)",
                       "tttrittt", id, adjustment->student, adjustment->item, adjustment->points,
                       adjustment->sets_days ? (gint64)adjustment->days_late : unset,
                       adjustment->reason, adjustment->author, at);
}
