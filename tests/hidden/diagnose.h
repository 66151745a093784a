/*
 * diagnose.h: the likely cause of a wrong result: the mistake (mistake.h) that would give the very
 * same numbers. When none does, or several that have nothing in common, nothing is said; and nothing
 * for a right result. A mistake that would have shown in an earlier call of the same test, which was
 * right, is no cause either.
 */
#pragma once

#include "mistake.h"

/*
 * Look only for mistakes of these families (1u << FAMILY_MASK, ...) in the rest of this test, and name
 * only those of `named`: where inputs are special, mistakes that are far apart give the same numbers,
 * and others would have shown in a test before. A mistake with a mask or a
 * batch may depend on its shape, and is acquitted by an earlier call only from then on.
 */
void diagnose_only(unsigned families, unsigned named);

/* All of these return a sentence, or NULL. `right` is the oracle's result for the same call. */
const char *cause_of_attention(AttentionResult got, Oracle right, const Tensor *Q, const Tensor *K,
                               const Tensor *V, const Tensor *mask);

/*
 * The same for a call with a mask of the student's making. If that is not the right mask, and what
 * came back is right for it, the cause is what is wrong with the mask, `of_mask`.
 */
const char *cause_of_masked_attention(AttentionResult got, Oracle right, const Tensor *Q,
                                      const Tensor *K, const Tensor *V, const Tensor *given,
                                      const Tensor *mask, const char *of_mask);

const char *cause_of_causal_mask(const Tensor *got, int seq_len);
const char *cause_of_bidirectional_mask(const Tensor *got, int seq_len);
const char *cause_of_padding_mask(const Tensor *got, const int *lengths, int batch_size,
                                  int max_length);
