/*
 * proof.h: what `grader validate` found out about the assignment. Each part of it is a check with
 * what it found wrong; the rest is what an instructor wants to see besides. The page, the text and
 * the JSON are made from this.
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
    MUTANT_SURVIVED,     /* it does not: a test is missing */
    MUTANT_EQUIVALENT,   /* it does not, and is no mistake */
    MUTANT_NOT_COMPILED, /* no mutant at all */
} MutantVerdict;

/* A wrong solution and what became of it. */
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
    guint causes_due, causes_named; /* of the mutants that have a cause, how many were told it */
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

/* Nothing was found by any check. */
gboolean proof_holds(const Proof *proof);

/* The names of the files in a folder that end with the suffix, sorted, as char *. */
GPtrArray *proof_list_files(const char *folder, const char *suffix, GError **error);

/* A new mutant, whose memory is looked at if it passes all tests. */
ProofMutant *proof_add_mutant(Proof *proof, const char *name, const char *source);

/* "attention.c:95:33: comparison: '<' becomes '<='", or what a written one says. */
char *proof_mutant_says(const ProofMutant *mutant);

/* How many mutants a test of the assignment kills. */
guint proof_kills(const Proof *proof, const ListedTest *test);
