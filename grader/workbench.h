/*
 * workbench.h: what a command opens before it can grade: the kit, its rubric, the sandbox and the
 * tests. They need one another in this order, and are closed in the opposite one.
 */
#pragma once

#include "grade.h"

typedef struct {
    Kit *kit;
    Rubric *rubric;
    Sandbox *sandbox;
    GradeContext *context;
} Workbench;

/* The kit and a rubric: the file of that name, or the kit's own if it is NULL. */
Workbench *workbench_new(const char *rubric, GError **error);

/*
 * The sandbox, and the context of the tests "public" or "hidden"; with NULL only the sandbox. Between
 * the two steps the caller may change the kit and the rubric.
 */
gboolean workbench_prepare(Workbench *bench, const char *tests, GError **error);

/* Both steps in one. */
Workbench *workbench_open(const char *rubric, const char *tests, GError **error);

void workbench_free(Workbench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workbench, workbench_free)
