/* diagnose_scale.h: the number by which the scores seem to have been divided; see diagnose.h. */
#pragma once

#include "mistake.h"

/*
 * The weights of two keys of a row tell it, if nothing but the divisor is wrong: whether that holds
 * for all weights is another question. 0 if no two keys tell.
 */
double divisor_of_weights(const AttentionCall *call, const Tensor *weights);

/* "the scores are divided by 4.5 before the softmax, but ..."; overwritten by the next one. */
const char *says_divisor(const AttentionCall *call, double divisor);
