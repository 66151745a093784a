/*
 * proof.h: what `grader validate` found out about the assignment: checks, each with what does not
 * hold, and further results for the instructor. The page, the text and the JSON are made from this.
 */
#pragma once

#include "instructor/mutants/equivalent.h"
#include "instructor/mutants/mutant.h"
#include "instructor/proof/trial.h"
#include "run/run.h"

typedef struct {
    char *name;          /* "markers and starter" */
    char *says;          /* what holds, in a line: "30/30 with 5 seeds"; NULL if it does not */
    GPtrArray *findings; /* char *: what does not; empty if the check holds */
    gint64 usec;
} ProofCheck;

typedef enum {
    MUTANT_KILLED,       /* it loses points */
    MUTANT_SURVIVED,     /* it keeps all points: a test is missing */
    MUTANT_EQUIVALENT,   /* it keeps all points, and is no mistake */
    MUTANT_NOT_COMPILED, /* it is no mutant */
} MutantVerdict;

/* A wrong solution, and how it was graded. */
typedef struct {
    Trial *trial;
    Mutant *written;      /* of tests/mutants/, or NULL */
    Mutation *systematic; /* otherwise; not owned */
    MutantVerdict verdict;
    const char *why; /* of an equivalent one; not owned */
} ProofMutant;

typedef struct {
    const Kit *kit;
    const Rubric *rubric;
    const GradeContext *context;
    GPtrArray *checks;     /* ProofCheck */
    GPtrArray *mutants;    /* ProofMutant */
    GPtrArray *mutations;  /* Mutation, of the systematic ones */
    GPtrArray *equivalent; /* Equivalent */
    GPtrArray *right;      /* Trial: the solution and the correct ones, each with each seed */
    guint causes_due, causes_named; /* mutants that have a cause, and those whose report names it */
    double lines, branches; /* coverage of the solution in percent, below 0 if not measured */
} Proof;

/* The kit, the rubric and the context stay the caller's. */
Proof *proof_new(const Kit *kit, const Rubric *rubric, const GradeContext *context);
void proof_free(Proof *proof);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Proof, proof_free)

/* Begin a check, at the end of the list. */
ProofCheck *proof_begin(Proof *proof, const char *name);

/* Add something that does not hold. */
void proof_found(ProofCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* End a check, and say in a line what holds if nothing was found. */
void proof_end(ProofCheck *check, const char *says, ...) G_GNUC_PRINTF(2, 3);

/* Do all checks hold? */
gboolean proof_holds(const Proof *proof);

/* The names of the files in a folder that end with the suffix, sorted, as char *. */
GPtrArray *proof_list_files(const char *folder, const char *suffix, GError **error);

/* Add a mutant, whose memory is checked if it passes all tests. */
ProofMutant *proof_add_mutant(Proof *proof, const char *name, const char *source);

/* A mutant in words: "attention.c:95:33: comparison: '<' becomes '<='", or what its file says. */
char *proof_mutant_says(const ProofMutant *mutant);

/* How many mutants a test of the assignment kills. */
guint proof_kills(const Proof *proof, const ListedTest *test);
