/*
 * mutants.h: does every wrong solution lose points, and the points that it should?
 */
#pragma once

#include "instructor/proof/proof.h"

/*
 * Add the mutants of tests/mutants/, and check their files: one check, which takes seconds. Those
 * that cannot be read are left out.
 */
gboolean proof_add_written(Proof *proof, GError **error);

/* Add the systematic mutants of solution/attention.c. */
gboolean proof_add_systematic(Proof *proof, GError **error);

/* Grade all mutants, and check the results: six checks. */
gboolean proof_check_mutants(Proof *proof, GError **error);
