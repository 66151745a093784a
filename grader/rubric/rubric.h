/*
 * rubric.h: what rubric.yaml says.
 *
 * Whatever can have a sensible default may be left out of the file: it needs an assignment, items
 * with an id and points, and the functions that are allowed. The defaults below stand in one table of
 * rubric.c.
 *
 * The file is read with libyaml (yaml_fields.h) and validated whole: an unknown key, a missing one,
 * points that are no number, two items with one id are errors of the domain GRADER_ERROR_RUBRIC
 * whose message starts with "FILE:LINE: ". Whether each item has tests, and each test an item, is
 * checked against the test program's own list by rubric_check_suites().
 *
 * A Rubric is immutable after loading and shared by all threads.
 */
#pragma once

#include <glib.h>

typedef enum {
    CREDIT_ALL,          /* (default) an item earns its points when all of its tests pass */
    CREDIT_PROPORTIONAL, /* it earns the share of its tests that pass */
} RubricCredit;

/* What a student may see of a failing hidden test. */
typedef enum {
    DISCLOSE_POINTS, /* the points of the item, nothing else */
    DISCLOSE_TITLE,  /* and the titles of the tests that failed */
    DISCLOSE_HINT, /* (default) and the kind of failure with its hint; no values, no index, no prints */
    DISCLOSE_ALL, /* everything an instructor sees */
} RubricDisclosure;

/* How much of the sandbox must hold before a class is graded (see sandbox/sandbox.h). */
typedef enum {
    REQUIRE_NOTHING,
    REQUIRE_LAYERS, /* (default) seccomp and limits, and either namespaces or Landlock */
    REQUIRE_FULL,   /* every layer that this kernel could have */
} RubricSandbox;

/* Which of several attempts of a student counts: by default the latest. */
typedef enum { ATTEMPTS_LATEST, ATTEMPTS_BEST } RubricAttempts;

/* What it costs to hand in late. Without the key `late` nothing: per_day is 0. */
typedef struct {
    double per_day;    /* 0..1: share of the earned points that each day late costs */
    double max;        /* 0..1: it never costs more; 1 if not given */
    guint grace_hours; /* later by less than this is not late */
    char *due;         /* ISO 8601, with the time zone, or NULL */
} RubricLate;

typedef struct {
    char *id;         /* name of the Criterion suite: "masking" */
    char *grade_id;   /* the notebook's cell: "test-masking-immediate"; default: the id */
    char *title;      /* for people: "attention masks"; default: the id */
    double points;    /* what full marks earn, above 0 */
    gboolean extra;   /* counts outside the total */
    GPtrArray *needs; /* char *: ids of items whose functions this item's tests call; or empty */
    guint line;       /* of the file, where the item begins */
} RubricItem;

typedef struct {
    guint compile_seconds; /* CPU time of gcc; default 10 */
    guint test_seconds;    /* CPU time of the student's code in one test; default 1 */
    guint memory_seconds;  /* CPU time of the whole run under Valgrind; default 20 */
    guint memory_mib;      /* address space of the student's code; default 1024 */
    guint output_kib;      /* what it may print in one test; default 4096 */
    guint file_kib;        /* size of one submitted file; default 256 */
} RubricLimits;

typedef struct {
    char *path;       /* the file it was read from */
    char *sha256;     /* of the file's bytes, hexadecimal */
    char *assignment; /* short name: "attention" */
    char *title;      /* for people; default: the assignment */
    GPtrArray *files; /* char *: the files of a submission; default: the assignment with .c */
    GPtrArray *items; /* RubricItem *, in the order of the report */
    RubricCredit credit;
    double
        memory_penalty; /* 0..1: share of an item's points that memory errors cost; default 0.2 */
    RubricLimits limits;
    GPtrArray *allowed;      /* char *: libc and libm symbols that student code may need */
    RubricDisclosure hidden; /* of hidden tests, to students */
    RubricSandbox sandbox;   /* below this, grading a class is refused */
    RubricAttempts attempts;
    RubricLate late;
} Rubric;

Rubric *rubric_load(const char *path, GError **error);

/* The same from bytes; `path` is for messages. */
Rubric *rubric_parse(const char *path, const char *bytes, gsize length, GError **error);

void rubric_free(Rubric *rubric);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rubric, rubric_free)

/* The item with this id, or NULL. */
const RubricItem *rubric_item(const Rubric *rubric, const char *id);

/* The sum of the points of all items that are not extra. */
double rubric_total(const Rubric *rubric);

/* May student code need this symbol of the C library? */
gboolean rubric_allows(const Rubric *rubric, const char *symbol);

/*
 * Refuse a rubric that does not fit a test program: a suite that is no item, an item without a
 * test. `suites` are the names of the suites that the program has; `program` names it in messages.
 */
gboolean rubric_check_suites(const Rubric *rubric, const char *const *suites, const char *program,
                             GError **error);
