/* merge.c: one gradebook into another; see gradebook.h. */
#include "instructor/gradebook/gradebook.h"

#include "instructor/gradebook/schema.h"

/* Records have other numbers in each file, so they are matched by student, attempt and key. */
static const char merge_sql[] =
    "INSERT INTO class SELECT * FROM other.class WHERE true ON CONFLICT DO NOTHING;"
    "INSERT INTO student SELECT * FROM other.student WHERE true ON CONFLICT (key) DO UPDATE SET"
    "  name = CASE WHEN excluded.listed THEN excluded.name ELSE name END,"
    "  email = coalesce(email, excluded.email), login = coalesce(login, excluded.login),"
    "  sis_id = coalesce(sis_id, excluded.sis_id), lms_id = coalesce(lms_id, excluded.lms_id),"
    "  section = coalesce(section, excluded.section), listed = max(listed, excluded.listed);"
    "INSERT INTO record (student, attempt, key, files, status, score, max_score, extra, seed,"
    "    graded_at, result)"
    "  SELECT student, attempt, key, files, status, score, max_score, extra, seed, graded_at,"
    "    result FROM other.record WHERE true"
    "  ON CONFLICT (student, attempt, key) DO UPDATE SET status = excluded.status,"
    "    score = excluded.score, max_score = excluded.max_score, extra = excluded.extra,"
    "    seed = excluded.seed, graded_at = excluded.graded_at, result = excluded.result"
    "  WHERE status = 'ungraded';"
    "CREATE TEMP TABLE same AS SELECT o.id AS theirs, r.id AS ours FROM other.record o"
    "  JOIN record r USING (student, attempt, key);"
    "INSERT OR REPLACE INTO item SELECT s.ours, i.place, i.item, i.points, i.max_points, i.penalty"
    "  FROM other.item i JOIN same s ON s.theirs = i.record"
    "  JOIN record r ON r.id = s.ours JOIN other.record o ON o.id = s.theirs"
    "  WHERE r.graded_at = o.graded_at AND r.seed = o.seed;"
    "INSERT INTO submission (student, attempt, place, origin, commit_id, days_late, record, since)"
    "  SELECT u.student, u.attempt, u.place, u.origin, u.commit_id, u.days_late, s.ours, u.since"
    "  FROM other.submission u LEFT JOIN same s ON s.theirs = u.record WHERE true"
    "  ON CONFLICT (student, attempt) DO UPDATE SET place = excluded.place,"
    "    origin = excluded.origin, commit_id = excluded.commit_id,"
    "    days_late = excluded.days_late, record = excluded.record, since = excluded.since"
    "  WHERE excluded.record IS NOT NULL AND (since IS NULL OR excluded.since > since);"
    "INSERT INTO move (student, attempt, before, after, at)"
    "  SELECT m.student, m.attempt, b.ours, a.ours, m.at FROM other.move m"
    "  JOIN same a ON a.theirs = m.after LEFT JOIN same b ON b.theirs = m.before"
    "  WHERE NOT EXISTS (SELECT 1 FROM move x WHERE x.student = m.student"
    "    AND x.attempt = m.attempt AND x.after = a.ours AND x.at = m.at) ORDER BY m.id;"
    "INSERT INTO adjustment SELECT * FROM other.adjustment WHERE true ON CONFLICT DO NOTHING;"
    "INSERT INTO alias SELECT * FROM other.alias WHERE true ON CONFLICT DO NOTHING;"
    "DROP TABLE same;";

static gboolean merge_attached(Database *database, gpointer data, GError **error)
{
    (void)data;
    return database_run(database, merge_sql, error);
}

gboolean gradebook_merge(Gradebook *book, const char *other, GError **error)
{
    /* Opening it checks the file, upgrades it to this schema, and lets errors name it. */
    Gradebook *checked = gradebook_open(other, FALSE, error);
    if (checked == NULL)
        return FALSE;
    gradebook_close(checked);
    if (!database_do(&book->database, error, "ATTACH ? AS other", "t", other))
        return FALSE;
    gboolean merged = database_transact(&book->database, merge_attached, NULL, error);
    database_run(&book->database, "DETACH other", NULL);
    return merged;
}
