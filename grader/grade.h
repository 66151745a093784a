/*
 * grade.h: one submission from folder to Result: intake, build, gate, test, memory, score.
 */
#pragma once

#include "compile/compile.h"
#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

/* Where the parts of the kit are. */
typedef struct {
    char *root;    /* the kit: rubric.yaml and starter/ (or, in a student repo, its top) */
    char *include; /* folder with attention.h and tensor.h */
    char *libexec; /* build/libexec: kit_libexec */
    char *tests;   /* build/tests: public, hidden */
} Kit;

/* The programs in libexec, which run beside student code; NULL at the end. */
extern const char *const kit_libexec[];

/* Find the kit that this program was built in, from /proc/self/exe. */
Kit *kit_find(GError **error);
void kit_free(Kit *kit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kit, kit_free)

/* When to look at a submission's memory, which takes longest. Grades are given with ALWAYS only. */
typedef enum {
    MEMORY_ALWAYS,
    MEMORY_IF_PASSED, /* when all tests passed: for mutants, of which one loss is enough */
    MEMORY_NEVER,
} GradeMemory;

/* All that gradings share. Immutable, used by several threads at once. */
typedef struct {
    const Kit *kit;
    const Rubric *rubric;
    const Sandbox *sandbox;
    const char *tests;    /* "public" or "hidden" */
    GPtrArray *listed;    /* ListedTest *: what the test program has */
    char *program;        /* the test program */
    char *filter;         /* only these tests, "suite/test", or NULL */
    guint jobs;           /* tests at once within one submission */
    gboolean lenient;     /* go on without Valgrind when it is missing, as on a laptop */
    GradeMemory memory;   /* whether to look at it */
    const char *margins;  /* for TestRun, or NULL */
    GHashTable *versions; /* char * -> char *, see result/result.h */
} GradeContext;

/*
 * Open what gradings need: the test program and its list of tests, checked against the rubric.
 * The kit, the rubric and the sandbox stay the caller's and must outlive the context.
 */
GradeContext *grade_open(const Kit *kit, const Rubric *rubric, const Sandbox *sandbox,
                         const char *tests, GError **error);
void grade_close(GradeContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GradeContext, grade_close)

/*
 * Grade the submission in a folder. Always a Result: a fault of ours makes it UNGRADED with the
 * reason. `seed` decides the inputs of the tests; grade_fresh_seed() gives one.
 */
Result *grade_submission(const GradeContext *context, const char *name, const char *path,
                         guint32 seed);

/*
 * Only run the tests, in a folder that is the caller's: then scratch/box holds the object, and
 * run_record_path() tells where the calls of each test are. NULL and an error for a fault of ours.
 */
Result *grade_record(const GradeContext *context, const char *path, guint32 seed,
                     CompilePurpose purpose, const char *scratch, GError **error);

/*
 * Grade again and again with other seeds, but for the memory, in a folder that is the caller's: the
 * first call builds the submission there, and if it can be graded, the others take what it built. Always a Result.
 */
Result *grade_repeat(const GradeContext *context, const char *name, const char *path, guint32 seed,
                     const char *scratch);

guint32 grade_fresh_seed(void);
