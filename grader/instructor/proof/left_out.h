/*
 * left_out.h: the items that a right solution leaves out.
 *
 * A solution of tests/correct/ need not attempt every item: of one that it leaves out it defines no
 * function, and it is judged by the others. A part of an item is a mistake.
 */
#pragma once

#include "instructor/proof/proof.h"

/* Does the submission lose points of an item that it attempts? */
gboolean left_out_loses(const Rubric *rubric, const Result *result, const ItemResult *item);

/*
 * What a right solution lost, in a line to be freed; NULL if it lost nothing. `*left_out` is how
 * many items it leaves out.
 */
char *left_out_find_loss(const Result *result, guint *left_out);

/*
 * Find the solutions among proof->right that define a part of an item. Which functions an item has
 * is asked of its tests: they miss each of them in `reference`, the text of the solution, when it
 * is renamed there. An item that uses another's functions (`needs` in the rubric) does not have
 * them.
 */
gboolean left_out_check(const Proof *proof, const char *reference, ProofCheck *check,
                        GError **error);
