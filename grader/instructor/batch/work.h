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
    ClassOptions class;
    char *roster, *shard;
    guint shard_index, shards; /* 0 and 1 without --shard */
    int jobs, tasks;
    gboolean again, quiet, verbose, slurm;
} GradeClassOptions;

void grade_class_options_clear(GradeClassOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GradeClassOptions, grade_class_options_clear)

typedef struct {
    const GradeClassOptions *options;
    char **paths; /* the arguments; not owned */
    Workbench *bench;
    Workspace *workspace;
    Inbox *inbox;
    Gradebook *book;
    char *folder;      /* for gradebook and reports */
    GPtrArray *before; /* Grade *: as the gradebook was */
} ClassWork;

void class_work_clear(ClassWork *work);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClassWork, class_work_clear)

/* Kit and rubric, then all submissions of this shard, with what the roster says. */
gboolean class_work_collect(ClassWork *work, GError **error);

/* Sandbox and tests. */
gboolean class_work_prepare(ClassWork *work, GError **error);

/* The gradebook, with everybody in it. */
gboolean class_work_open_gradebook(ClassWork *work, GError **error);

/* With several attempts and "latest" only the last of each student, as Submission *. */
GPtrArray *class_work_chosen(const ClassWork *work);
