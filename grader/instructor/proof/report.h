/*
 * report.h: a proof as text, as a page, and as JSON.
 */
#pragma once

#include <stdio.h>

#include "instructor/proof/proof.h"

/* The checks, one line each, and below them what was found. */
void proof_print(const Proof *proof, FILE *file);

/* Everything, as a JSON object. Free it with g_free(). */
char *proof_to_json(const Proof *proof);

/* A page without scripts: checks, survivors, the matrix of mutants and tests, margins. */
char *proof_to_html(const Proof *proof);

/* What solutions there are among proof->right, with their largest margins; as ProofMargin. */
typedef struct {
    const char *name;
    guint seeds;
    double largest;
} ProofMargin;
GArray *proof_margins(const Proof *proof);

/* "killed", "survived", "equivalent", "does not compile". */
const char *proof_verdict_word(MutantVerdict verdict);

/* The first likely cause that its report names, or NULL. */
const char *proof_mutant_cause(const ProofMutant *mutant);
