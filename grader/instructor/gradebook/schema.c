/* schema.c: see schema.h. */
#include "instructor/gradebook/schema.h"

#include <string.h>

#include "base/error.h"

/* "AttK" in SQLite's header, by which `file` and we tell a gradebook from another database. */
#define APPLICATION_ID 0x4174744b

/* Step n upgrades a file from schema n to schema n + 1. Steps are never changed, only added. */
static const char *const steps[] = {
    "CREATE TABLE class ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1), assignment TEXT NOT NULL, title TEXT NOT NULL,"
    "  max_score REAL NOT NULL, attempts TEXT NOT NULL DEFAULT 'latest',"
    "  late_per_day REAL NOT NULL DEFAULT 0, late_max REAL NOT NULL DEFAULT 1);"
    "CREATE TABLE student ("
    "  key TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT, login TEXT, sis_id TEXT, lms_id TEXT,"
    "  section TEXT, listed INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE record ("
    "  id INTEGER PRIMARY KEY, student TEXT NOT NULL REFERENCES student(key),"
    "  attempt TEXT NOT NULL, key TEXT NOT NULL, files TEXT NOT NULL, status TEXT NOT NULL,"
    "  score REAL NOT NULL, max_score REAL NOT NULL, extra REAL NOT NULL, seed INTEGER NOT NULL,"
    "  graded_at TEXT NOT NULL, result TEXT NOT NULL, UNIQUE (student, attempt, key));"
    "CREATE TABLE item ("
    "  record INTEGER NOT NULL REFERENCES record(id) ON DELETE CASCADE, place INTEGER NOT NULL,"
    "  item TEXT NOT NULL, points REAL NOT NULL, max_points REAL NOT NULL, penalty REAL NOT NULL,"
    "  PRIMARY KEY (record, place)) WITHOUT ROWID;"
    "CREATE TABLE submission ("
    "  student TEXT NOT NULL REFERENCES student(key), attempt TEXT NOT NULL,"
    "  place INTEGER NOT NULL, origin TEXT, commit_id TEXT, days_late INTEGER NOT NULL DEFAULT 0,"
    "  record INTEGER REFERENCES record(id), since TEXT, PRIMARY KEY (student, attempt));"
    "CREATE TABLE move ("
    "  id INTEGER PRIMARY KEY, student TEXT NOT NULL, attempt TEXT NOT NULL,"
    "  before INTEGER REFERENCES record(id), after INTEGER NOT NULL REFERENCES record(id),"
    "  at TEXT NOT NULL, UNIQUE (student, attempt, before, after, at));"
    "CREATE TABLE adjustment ("
    "  id TEXT PRIMARY KEY, student TEXT NOT NULL REFERENCES student(key), item TEXT,"
    "  points REAL NOT NULL DEFAULT 0, days_late INTEGER, reason TEXT NOT NULL,"
    "  author TEXT NOT NULL, at TEXT NOT NULL);"

    "CREATE VIEW attempt AS"
    "  SELECT u.student, u.attempt, u.place, u.origin, u.commit_id, u.record, r.status, r.score,"
    "    r.max_score, r.extra, r.seed, r.graded_at,"
    "    coalesce((SELECT a.days_late FROM adjustment a WHERE a.student = u.student"
    "      AND a.days_late IS NOT NULL ORDER BY a.at DESC, a.id LIMIT 1), u.days_late) AS days_late"
    "  FROM submission u JOIN record r ON r.id = u.record;"

    "CREATE VIEW grade AS"
    "  WITH late AS (SELECT a.*, round((a.score + a.extra)"
    "      * min(c.late_max, c.late_per_day * a.days_late), 2) AS late_penalty, c.attempts"
    "    FROM attempt a, class c),"
    "  ranked AS (SELECT *, row_number() OVER (PARTITION BY student ORDER BY"
    "      CASE WHEN attempts = 'best' AND status = 'ungraded' THEN -1"
    "        WHEN attempts = 'best' THEN score + extra - late_penalty ELSE 0 END DESC,"
    "      place DESC, attempt DESC) AS rank FROM late),"
    "  given AS (SELECT student, sum(points) AS points FROM adjustment GROUP BY student)"
    "  SELECT s.key AS student, s.name, s.email, s.login, s.sis_id, s.lms_id, s.section, s.listed,"
    "    coalesce(r.status, CASE WHEN s.key IN (SELECT student FROM submission) THEN 'waiting'"
    "      ELSE 'missing' END) AS status, r.attempt, r.origin, r.commit_id, r.record,"
    "    r.score, coalesce(r.max_score, (SELECT max_score FROM class)) AS max_score, r.extra,"
    "    r.seed, r.graded_at, r.days_late, r.late_penalty, g.points AS adjustment,"
    "    CASE WHEN r.status = 'ungraded' THEN NULL"
    "      WHEN r.record IS NULL AND g.points IS NULL THEN NULL"
    "      ELSE max(0.0, round(coalesce(r.score + r.extra - r.late_penalty, 0)"
    "        + coalesce(g.points, 0), 2)) END AS final"
    "  FROM student s LEFT JOIN ranked r ON r.student = s.key AND r.rank = 1"
    "  LEFT JOIN given g ON g.student = s.key;",

    "CREATE TABLE alias (layout TEXT PRIMARY KEY, student TEXT NOT NULL REFERENCES student(key))"
    "  WITHOUT ROWID;",
};

static gboolean not_a_gradebook(const Database *database, GError **error)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                "'%s' is a database, but no gradebook of this kit", database->path);
    return FALSE;
}

static gboolean upgrade(Database *database, gint64 from, GError **error)
{
    for (gsize step = (gsize)from; step < G_N_ELEMENTS(steps); step++)
        if (!database_run(database, steps[step], error))
            return FALSE;
    g_autofree char *stamp =
        g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID,
                        (int)G_N_ELEMENTS(steps));
    return database_run(database, stamp, error);
}

/* What SQLite's header says: the program that wrote the file, and the schema. */
static gboolean read_stamp(Database *database, gint64 *id, gint64 *version, GError **error)
{
    return database_number(database, "PRAGMA user_version", 0, version, error) &&
           database_number(database, "PRAGMA application_id", 0, id, error);
}

/*
 * Check that the file is a gradebook, and upgrade it. Runs within a transaction, since two programs
 * may open a new file at once.
 */
static gboolean look_and_upgrade(Database *database, gpointer data, GError **error)
{
    (void)data;
    gint64 version, id, tables;
    if (!read_stamp(database, &id, &version, error) ||
        !database_number(database, "SELECT count(*) FROM sqlite_schema", 0, &tables, error))
        return FALSE;
    if (id != APPLICATION_ID && tables > 0)
        return not_a_gradebook(database, error);
    if (version > (gint64)G_N_ELEMENTS(steps)) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "the gradebook '%s' was written by a newer kit: use that one", database->path);
        return FALSE;
    }
    return upgrade(database, version, error);
}

static gboolean check_whole(Database *database, GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(database, &row, error, "PRAGMA quick_check(1)", ""))
        return FALSE;
    if (row != NULL && g_strcmp0((const char *)sqlite3_column_text(row, 0), "ok") == 0)
        return TRUE;
    return database_fault(database, SQLITE_CORRUPT, error);
}

static gboolean is_current(Database *database, gboolean *current, GError **error)
{
    gint64 version, id;
    if (!read_stamp(database, &id, &version, error))
        return FALSE;
    *current = id == APPLICATION_ID && version == (gint64)G_N_ELEMENTS(steps);
    return TRUE;
}

gboolean gradebook_schema_ensure(Database *database, gboolean create, GError **error)
{
    gboolean current;
    if (!is_current(database, &current, error) || !check_whole(database, error))
        return FALSE;
    if (current && sqlite3_db_readonly(database->handle, "main") == 1 && create)
        return database_fault(database, SQLITE_READONLY, error);
    return current || database_transact(database, look_and_upgrade, NULL, error);
}
