#include "expect_attention.h"

#include <stdio.h>

#include "compare.h"
#include "oracle.h"

enum { TEXT_LENGTH = 320 };

/* "with Q (4, 6), K (4, 6), V (4, 8), mask (4, 4)". */
static const char *describe(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    static char text[TEXT_LENGTH];
    snprintf(text, sizeof text, "with Q %s, K %s, V %s, %s %s", shape_text(Q->ndim, Q->shape).text,
             shape_text(K->ndim, K->shape).text, shape_text(V->ndim, V->shape).text,
             mask ? "mask" : "no", mask ? shape_text(mask->ndim, mask->shape).text : "mask");
    return text;
}

void expect_attention_kept(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                           const Tensor *mask, const char *hint)
{
    Oracle oracle = oracle_attention(Q, K, V, mask);
    expect_attention_values(got, mask, &oracle.weights, &oracle.output, describe(Q, K, V, mask),
                            hint);
    oracle_free(oracle);
}

void expect_attention_result(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                             const Tensor *mask, const char *hint)
{
    expect_attention_kept(got, Q, K, V, mask, hint);
    free_result(got);
}

void expect_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                      const char *hint)
{
    expect_attention_result(scaled_dot_product_attention(Q, K, V, mask), Q, K, V, mask, hint);
}
