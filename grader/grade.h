/*
 * grade.h: the pipeline that turns a submission's folder into a Result: intake, compile, gate, run,
 * memory, score. A GradeContext holds what all gradings share; workbench.h opens it with the rest.
 */
#pragma once

#include "compile/compile.h"
#include "kit.h"
#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

/*
 * When to check a submission's memory, which takes longest. A student's grade is always given with
 * MEMORY_ALWAYS.
 */
typedef enum {
    MEMORY_ALWAYS,
    MEMORY_IF_PASSED, /* when all tests passed whose functions are defined: one lost point is enough
                         to kill a mutant */
    MEMORY_NEVER,
} GradeMemory;

/*
 * What all gradings share. grade_open() fills in the first part; the caller may then set the second,
 * before threads share the context, after which nobody changes it.
 */
typedef struct {
    const Kit *kit;
    const Rubric *rubric;
    const Sandbox *sandbox;
    const char *tests;    /* "public" or "hidden" */
    char *program;        /* the path of the test program */
    GPtrArray *listed;    /* ListedTest *: the tests in it */
    GHashTable *versions; /* char * -> char *: see versions.h */

    char *filter;        /* run only these tests: a pattern for "suite/test", or NULL */
    guint jobs;          /* how many tests of one submission run at once */
    gboolean lenient;    /* grade without the memory check where Valgrind is not installed */
    GradeMemory memory;  /* when to check the memory */
    const char *margins; /* for TestRun, or NULL */
} GradeContext;

/*
 * Find the test program and list its tests. An error if they are not those of the rubric, or the
 * program is not built. The kit, the rubric and the sandbox stay the caller's, and must outlive the
 * context.
 */
GradeContext *grade_open(const Kit *kit, const Rubric *rubric, const Sandbox *sandbox,
                         const char *tests, GError **error);
void grade_close(GradeContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GradeContext, grade_close)

/*
 * Grade the submission in the folder `path`, to be called `name` in reports. `seed` decides the
 * inputs of the tests. There is always a Result: a fault of ours makes it UNGRADED, with the reason.
 */
Result *grade_submission(const GradeContext *context, const char *name, const char *path,
                         guint32 seed);

/*
 * Run the tests without checking the memory. `scratch` is an empty folder of the caller's: then
 * scratch/box holds the object, and run_call_log_path() says where the calls of each test are. NULL and
 * an error for a fault of ours.
 */
Result *grade_run_tests(const GradeContext *context, const char *path, guint32 seed,
                        CompilePurpose purpose, const char *scratch, GError **error);

/*
 * Grade one submission with many seeds, one call for each, without checking the memory. `scratch` is
 * a folder of the caller's: the first call compiles the submission there, and the others use that
 * object. Always a Result.
 */
Result *grade_repeat(const GradeContext *context, const char *name, const char *path, guint32 seed,
                     const char *scratch);

/* A seed that nobody can guess. */
guint32 grade_fresh_seed(void);
