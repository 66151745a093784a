/*
 * trial.h: grades an attention.c of our own, to see how the tests judge it. Hundreds of trials run
 * on all processors.
 */
#pragma once

#include "grade.h"

typedef struct {
    char *name;
    char *source; /* the text of attention.c */
    guint32 seed;
    GradeMemory memory;
    gboolean measure; /* the margin */
    /* The result. */
    Result *result;
    double margin; /* the largest error of a result, as a share of the tolerance; if measured */
    gint64 usec;   /* the time it took */
} Trial;

Trial *trial_new(const char *name, const char *source, guint32 seed);
void trial_free(Trial *trial);

/*
 * Grade all trials (Trial *). Those that follow each other with the same source, and whose memory
 * is not checked, share a build. `label` names them in the progress line. Errors are faults of the
 * grader: a trial that cannot be graded has a result that says so.
 */
gboolean trials_run(const GradeContext *context, const GPtrArray *trials, const char *label,
                    GError **error);

/* Did the test fail because the source does not define a function? */
gboolean trial_misses_function(const TestResult *test);

/* Does the source leave out this item: does each of its tests miss a function? */
gboolean trial_leaves_out(const ItemResult *item);

/*
 * Did the test fail, in whatever way? FALSE also if it is not there, if its item is left out, and
 * if another item's functions were missing.
 */
gboolean trial_failed(const Trial *trial, const char *suite, const char *name);
