#include "expect_attention.h"

#include <stdio.h>

#include "compare.h"
#include "diagnose.h"
#include "fail.h"
#include "oracle.h"

enum { TEXT_LENGTH = 320 };

static ShapeText shape_of(const Tensor *t)
{
    return t ? shape_text(t->ndim, t->shape) : (ShapeText){"NULL"};
}

const char *describe_call(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    static char text[TEXT_LENGTH];
    if (tensor_same_shape(Q, K) && tensor_same_shape(Q, V))
        snprintf(text, sizeof text, "with Q, K, V %s, mask %s", shape_of(Q).text,
                 shape_of(mask).text);
    else
        snprintf(text, sizeof text, "with Q %s, K %s, V %s, mask %s", shape_of(Q).text,
                 shape_of(K).text, shape_of(V).text, shape_of(mask).text);
    return text;
}

/* Check by the oracle's result, which is freed. */
static void expect_by_oracle(AttentionResult got, Oracle right, const char *call,
                             const Tensor *mask, const char *cause, const char *hint)
{
    fail_cause(cause);
    expect_attention_values(got, mask, &right.weights, &right.output, call, hint);
    fail_cause(NULL);
    oracle_free(right);
}

void expect_attention_kept(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                           const Tensor *mask, const char *hint)
{
    Oracle right = oracle_attention(Q, K, V, mask);
    expect_by_oracle(got, right, describe_call(Q, K, V, mask), mask,
                     cause_of_attention(got, right, Q, K, V, mask), hint);
}

void expect_masked_attention(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                             const Tensor *given, const Tensor *mask, const char *of_mask,
                             const char *hint)
{
    Oracle right = oracle_attention(Q, K, V, mask);
    expect_by_oracle(got, right, describe_call(Q, K, V, mask), mask,
                     cause_of_masked_attention(got, right, Q, K, V, given, mask, of_mask), hint);
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
