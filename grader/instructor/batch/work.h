/*
 * work.h: what `grader grade` works with: its options, the submissions, the gradebook.
 */
#pragma once

#include "commands/options.h"
#include "instructor/batch/options.h"
#include "instructor/batch/workspace.h"
#include "instructor/inbox/inbox.h"
#include "workbench.h"

typedef struct {
    GradeOptions common;
    InstructorOptions instructor;
    char *roster, *shard;
    guint shard_index, shards; /* 0 and 1 without --shard */
    int jobs, tasks;
    gboolean again, quiet, verbose, slurm;
} BatchOptions;

void batch_options_clear(BatchOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BatchOptions, batch_options_clear)

typedef struct {
    const BatchOptions *options;
    char **paths; /* the arguments; not owned */
    Workbench *bench;
    Workspace *workspace;
    Inbox *inbox;
    Gradebook *book;
    char *folder;      /* for gradebook and reports */
    GPtrArray *before; /* Grade *: as the gradebook was */
} BatchWork;

void batch_work_clear(BatchWork *work);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BatchWork, batch_work_clear)

/*
 * Open the kit and the rubric, and collect the submissions of this shard, matched with the roster.
 */
gboolean batch_work_collect(BatchWork *work, GError **error);

/* Open the sandbox and the tests. */
gboolean batch_work_prepare(BatchWork *work, GError **error);

/* Open the gradebook, and write all students and submissions into it. */
gboolean batch_work_open_gradebook(BatchWork *work, GError **error);

/*
 * The submissions to grade, as Submission *: with `attempts: latest` only the last of each student.
 */
GPtrArray *batch_work_chosen(const BatchWork *work);
