/*
 * batch.h: many submissions at once, into a gradebook.
 *
 * What the gradebook has already is not graded again. Each grading is kept as soon as it is
 * finished, so a batch can be stopped at any moment and run again. One thread, the caller's, writes
 * the gradebook; the others grade.
 */
#pragma once

#include "grade.h"
#include "instructor/gradebook/gradebook.h"

typedef struct {
    const GradeContext *context;
    Gradebook *book;
    const GPtrArray *submissions; /* Submission *; those without a path are skipped */
    guint jobs;                   /* submissions at once */
    gboolean fixed_seed;          /* otherwise a fresh one for each grading */
    guint32 seed;
    gboolean again; /* grade also what the gradebook has */
    gboolean quiet;
} Batch;

typedef struct {
    guint graded, reused, ungraded;
    gboolean stopped; /* by Ctrl-C or a signal, before all were begun */
} BatchOutcome;

/*
 * Grade them. Ctrl-C lets the running gradings finish; a second one does not wait for them. FALSE
 * and an error if the gradebook cannot be written; what was stored before stays in it.
 */
gboolean batch_run(const Batch *batch, BatchOutcome *outcome, GError **error);
