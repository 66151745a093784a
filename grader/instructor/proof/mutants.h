/*
 * mutants.h: does every wrong solution lose points, and the points that it should?
 */
#pragma once

#include "instructor/proof/proof.h"

/*
 * Take the mutants of tests/mutants/, and check their files: a check, which takes seconds. Those
 * that cannot be read are left out.
 */
gboolean proof_add_written(Proof *proof, GError **error);

/* Take those of solution/attention.c. */
gboolean proof_add_systematic(Proof *proof, GError **error);

/* Grade them all, and check what became of them: six checks. */
gboolean proof_check_mutants(Proof *proof, GError **error);
