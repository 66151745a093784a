/*
 * kit.h: is the kit in order: the markers of the solution, the starter made from it, what is
 * released, what the handout promises, and what the stubs earn?
 */
#pragma once

#include "instructor/proof/proof.h"

/* Four checks: what is released, the student's own layout, the handout, the stubs. */
gboolean proof_check_kit(Proof *proof, GError **error);

/* Check the coverage of the solution in a summary of gcovr; NULL if it was not measured. */
gboolean proof_check_coverage(Proof *proof, const char *path, GError **error);
