/*
 * result.h: what grading one submission found. Every report is made from this, and from nothing
 * else; json.h writes and reads it as result.json.
 *
 * Ownership: a struct owns everything that it points to. Strings that came from a submission
 * (messages, prints, source lines) are valid UTF-8 of bounded length but otherwise untrusted: each
 * report escapes them for its own format (see base/escape.h).
 */
#pragma once

#include <glib.h>

typedef enum {
    SUBMISSION_GRADED,
    SUBMISSION_NOT_COMPILED, /* gcc refused it: 0 points */
    SUBMISSION_REFUSED,      /* intake or gate refused it: 0 points */
    SUBMISSION_MISSING,      /* nothing to grade was handed in: 0 points */
    SUBMISSION_UNGRADED,     /* a fault of the grader or the machine: no points, no zero */
} SubmissionStatus;

typedef enum {
    TEST_PASSED,
    TEST_FAILED,    /* wrong answer */
    TEST_CRASHED,   /* the worker died: a signal, or exit() */
    TEST_TIMED_OUT, /* its CPU time ran out */
    TEST_SKIPPED,   /* not counted as run: a function that it needs is not implemented yet */
    TEST_BROKEN,    /* our own fault: makes the submission ungraded */
} TestStatus;

/* One test of the assignment. */
typedef struct {
    char *name;  /* the Criterion test: "causal_weights" */
    char *title; /* its description: "causal weights" */
    TestStatus status;
    char *message;    /* what is wrong, one line, with index, expected and got; NULL if passed */
    char *hint;       /* what to try, or NULL */
    char *failure;    /* class of failure, a word: "value", "shape", "not_implemented"; or NULL */
    char *cause;      /* the likely mistake, when it reproduces the outputs; or NULL */
    char *printed;    /* what the student's code printed during the test, cut; or NULL */
    guint assertions; /* that were made; a pass without any is no pass */
    gint64 cpu_usec;  /* of the student's code, for the memory verdict; in no report */
} TestResult;

/* One memory error or leak, at its place in the student's file. */
typedef struct {
    char *kind;       /* "leak", "invalid_read", "invalid_write", "uninitialised", "invalid_free",
                         "overlap", "crash", "different_results", "kept"; and, if there is no
                         verdict on these tests, "not_checked" or "tampered" */
    char *message;    /* for people, one line: "40 bytes lost in 1 block" */
    char *hint;       /* what to try, or NULL */
    guint64 bytes;    /* that were lost or touched, 0 if not known */
    char *function;   /* the innermost function in the student's file, or NULL */
    char *file;       /* "attention.c", or NULL if no frame is the student's */
    guint line;       /* 0 if not known */
    char *source;     /* the text of that line, or NULL */
    char *detail;     /* a second place: "allocated at attention.c:31 in softmax"; or NULL */
    GPtrArray *tests; /* char *: names of the tests in which it was seen */
    guint count;      /* how often */
} MemoryFinding;

/* One rubric item with what it earned. */
typedef struct {
    char *id, *grade_id, *title;
    double points, max_points;
    double penalty; /* of the points, already subtracted, for memory errors */
    gboolean extra;
    GPtrArray *tests;  /* TestResult */
    GPtrArray *memory; /* MemoryFinding: those seen in this item's tests */
} ItemResult;

/* One message of the compiler or of the gate. */
typedef struct {
    char *severity; /* "error", "warning", "note", "refused" */
    char *file;
    guint line, column; /* 0 if not known */
    char *message;
    char *source; /* the text of that line, or NULL */
    char *hint;   /* or NULL */
} Diagnostic;

/* A layer of the sandbox, as the probe found it. */
typedef struct {
    char *name;   /* "namespaces", "landlock", "seccomp", "limits", "cgroup" */
    char *state;  /* "enforced", "unavailable", "off" */
    char *reason; /* why not, or NULL */
} SandboxLayer;

/* A file as it was taken in. */
typedef struct {
    char *name, *sha256;
    guint64 bytes;
} SubmittedFile;

typedef struct {
    char *submission; /* what it is called */
    char *path;       /* where it was, for instructors; never shown to students */
    SubmissionStatus status;
    char *reason; /* why it is not GRADED, one line; NULL if it is */
    char *assignment;
    char *tests; /* "public" or "hidden"; "some public" if not all of them were asked for */
    double score, max_score;
    double extra; /* extra credit, outside the score */
    guint32 seed;
    GPtrArray *files;       /* SubmittedFile */
    GPtrArray *diagnostics; /* Diagnostic: compiler and gate, first error first */
    GPtrArray *items;       /* ItemResult, in rubric order */
    GPtrArray *sandbox;     /* SandboxLayer */
    char *memory_state;     /* "checked", or why not: "not checked: ..." */
    GHashTable *versions;   /* char * -> char *: "grader", "rubric", "tests", "gcc", "valgrind" */
    gint64 cpu_usec;        /* of all processes that the grading started */
    char *graded_at;        /* ISO 8601, UTC */
} Result;

Result *result_new(const char *submission, const char *path);

/* A copy of its own; only the table of versions, which nobody changes, is shared. */
Result *result_copy(const Result *result);

void result_free(Result *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Result, result_free)

TestResult *test_result_new(const char *name, const char *title);
void test_result_free(TestResult *test);
MemoryFinding *memory_finding_new(const char *kind);
void memory_finding_free(MemoryFinding *finding);
ItemResult *item_result_new(const char *id, const char *grade_id, const char *title, double max);
void item_result_free(ItemResult *item);
Diagnostic *diagnostic_new(const char *severity, const char *message);
void diagnostic_free(Diagnostic *diagnostic);
SandboxLayer *sandbox_layer_new(const char *name, const char *state, const char *reason);
void sandbox_layer_free(SandboxLayer *layer);
SubmittedFile *submitted_file_new(const char *name, const char *sha256, guint64 bytes);
void submitted_file_free(SubmittedFile *file);

/* The words of result.json: "graded", "not_compiled", ...; "passed", "failed", "timed_out", ... */
const char *submission_status_word(SubmissionStatus status);
const char *test_status_word(TestStatus status);

/* The item, or the test of an item, by name; NULL if there is none. */
ItemResult *result_item(const Result *result, const char *id);
TestResult *item_test(const ItemResult *item, const char *name);

/*
 * Did the test fail only because a function that it calls is not written yet? That is no mistake: the
 * student has not come to it. A test that was skipped still knows why it failed.
 */
gboolean test_is_unwritten(const TestResult *test);

/* Nothing of the item is written yet: so say all of its tests. */
gboolean item_is_unwritten(const ItemResult *item);

/* Only some tests were asked for: its items are theirs, and its score is no grade. */
gboolean result_is_partial(const Result *result);

/* Full marks: graded, and every point of max_score earned. */
gboolean result_is_full(const Result *result);
