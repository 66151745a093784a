#include "diagnose_scale.h"

#include <math.h>
#include <stdio.h>

/* A weight below this, or a difference of products, tells too little of what it came from. */
static const double LEAST_WEIGHT = 1e-6, LEAST_DIFFERENCE = 0.1;

/* What is known of the best two keys so far. */
typedef struct {
    double difference, divisor;
} Pair;

static void compare_keys(Place one, Place other, const float *row, Pair *best)
{
    double a = row[one.key], b = row[other.key];
    double difference = dot_product(one) - dot_product(other);
    if (!(a >= LEAST_WEIGHT && b >= LEAST_WEIGHT) || fabs(difference) <= best->difference)
        return;
    *best = (Pair){fabs(difference), difference / log(a / b)};
}

static bool may_attend(Place at)
{
    return mask_at(at) != 0;
}

double divisor_of_weights(const AttentionCall *call, const Tensor *weights)
{
    Pair best = {LEAST_DIFFERENCE, 0};
    for (int query = 0; query < call->n_queries; query++) {
        Place first = {call, 0, query, 0};
        while (first.key + 1 < call->n_keys && !may_attend(first))
            first.key++;
        for (Place other = first; ++other.key < call->n_keys;)
            if (may_attend(first) && may_attend(other))
                compare_keys(first, other, weights->data + query * call->n_keys, &best);
    }
    return best.divisor > 0 && isfinite(best.divisor) ? best.divisor : 0;
}

const char *says_divisor(const AttentionCall *call, double divisor)
{
    static char text[160];
    snprintf(text, sizeof text,
             "the scores are divided by %.4g before the softmax, but here the square root of d_k "
             "is %.4g",
             divisor, sqrt(call->d_k));
    return text;
}
