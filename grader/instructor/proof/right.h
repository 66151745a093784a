/*
 * right.h: does every right solution keep its points, whatever the inputs?
 */
#pragma once

#include "instructor/proof/proof.h"

typedef struct {
    guint correct;  /* seeds for each solution of tests/correct/ */
    guint solution; /* and for the reference */
} ProofSeeds;

/*
 * Grade them all, and check points, margins and assertions: four checks. The memory of each is
 * checked with its first seed. Solutions of tests/correct/ may leave out items: see left_out.h.
 */
gboolean proof_check_right(Proof *proof, const ProofSeeds *seeds, GError **error);
