/*
 * gradebook.h: one SQLite file that keeps every grading of a class, and what people decided on top.
 *
 *     student     who there is, from the submissions or the roster
 *     submission  an attempt of a student; `record` is the grading that counts for it now
 *     record      a grading, whole, as result.json; `key` is the hash of all that produced it
 *     item        the points of each record's items
 *     move        history: each time another record came to count for an attempt
 *     adjustment  points or days that a person gave, with reason and author
 *     class       the rubric's numbers that a grade depends on
 *     grade       a view: each student's grade, the one place where it is calculated
 *
 * Records and adjustments are only ever added, so a regrade loses neither; an ungraded record is
 * the one that a later grading with the same key replaces. Each change is one transaction with a
 * rollback journal: a batch that is killed leaves all that it finished, and two may write at once.
 */
#pragma once

#include "instructor/inbox/submission.h"
#include "result/result.h"
#include "rubric/rubric.h"

typedef struct Gradebook Gradebook;

/*
 * Open a gradebook; with `create` one that is not there yet is made, otherwise that is an error.
 * A file that is damaged or no gradebook is refused, one of an older schema is brought up to date.
 */
Gradebook *gradebook_open(const char *path, gboolean create, GError **error);
void gradebook_close(Gradebook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gradebook, gradebook_close)

/* ---- a batch --------------------------------------------------------------------------------- */

/* Store the numbers of the rubric that grades depend on. */
gboolean gradebook_set_class(Gradebook *book, const Rubric *rubric, GError **error);

/*
 * A student whom the roster calls otherwise than the layout is one student, whether the roster was
 * there from the beginning, came later, or is forgotten this time. To be called before the next:
 * what the gradebook has under the layout's name goes to the roster's, adjustments too, and who is
 * on no roster gets the key that an earlier one gave. Sorts the submissions (Submission *).
 */
gboolean gradebook_match_students(Gradebook *book, GPtrArray *submissions, GError **error);

/* Store all students of this batch (Submission *), whether or not they handed in anything. */
gboolean gradebook_set_submissions(Gradebook *book, const GPtrArray *submissions, GError **error);

/*
 * Is there a grading with this key for the attempt? Then `done` is set, and it counts from now on.
 */
gboolean gradebook_reuse(Gradebook *book, const Submission *submission, const char *key,
                         gboolean *done, GError **error);

/*
 * Store a grading and let it count. If it is ungraded and the same files (`fingerprint`) were
 * graded before, that grading goes on counting.
 */
gboolean gradebook_store(Gradebook *book, const Submission *submission, const char *key,
                         const char *fingerprint, const Result *result, GError **error);

/* ---- people ---------------------------------------------------------------------------------- */

typedef struct {
    const char *student; /* the key */
    const char *item;    /* or NULL */
    double points;       /* added to the grade */
    gboolean sets_days;  /* then `days_late` replaces what the submission says */
    guint days_late;
    const char *reason, *author;
} Adjustment;

gboolean gradebook_adjust(Gradebook *book, const Adjustment *adjustment, GError **error);

/*
 * The key of the student with this key, name, login, email or number of the LMS. If no student or
 * several have it, the error lists some.
 */
char *gradebook_student(Gradebook *book, const char *wanted, GError **error);

/* ---- grades ---------------------------------------------------------------------------------- */

/* A row of the view `grade`. Texts may be NULL, except student, name and status. */
typedef struct {
    char *student, *name, *email, *login, *sis_id, *lms_id, *section;
    char *status; /* a word of result.json; "missing" also if nothing was handed in, "waiting" if
                     there is something that was not graded yet */
    char *attempt, *origin, *commit, *graded_at;
    gint64 record; /* 0: none */
    double score, max_score, extra;
    guint days_late;
    double late_penalty, adjustment;
    gboolean adjusted; /* there is an adjustment, maybe of 0 points */
    gboolean graded;   /* FALSE: there is no grade, and `final` means nothing */
    double final;
    gboolean listed;
} Grade;

void grade_free(Grade *grade);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Grade, grade_free)

/* The grades of all students, as Grade *, sorted by name. */
GPtrArray *gradebook_grades(Gradebook *book, GError **error);
Grade *gradebook_grade(Gradebook *book, const char *student, GError **error);

/* The assignment of the class. */
typedef struct {
    char *assignment, *title;
    double max_score;
} GradebookClass;
void gradebook_class_clear(GradebookClass *class);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GradebookClass, gradebook_class_clear)
gboolean gradebook_class(Gradebook *book, GradebookClass *class, GError **error);

/* The number of gradings, whether or not they count. */
gboolean gradebook_count(Gradebook *book, gint64 *records, GError **error);

/* The grading with this number. */
Result *gradebook_result(Gradebook *book, gint64 record, GError **error);

/* The grading behind a grade, to be freed; NULL if there is none. FALSE only on an error. */
gboolean gradebook_result_of(Gradebook *book, const Grade *grade, Result **result, GError **error);

/* The history of a student's grade, a line for each change, the oldest first, as char *. */
GPtrArray *gradebook_history(Gradebook *book, const char *student, GError **error);

/* ---- merging --------------------------------------------------------------------------------- */

/*
 * Add all that another gradebook has and this one has not. Where both know a student's attempt, the
 * grading that came to count last does. Doing it twice changes nothing.
 */
gboolean gradebook_merge(Gradebook *book, const char *other, GError **error);
