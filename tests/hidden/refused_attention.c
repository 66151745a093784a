/* Hidden tests of what scaled_dot_product_attention() refuses, and of when memory runs out. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "expect_attention.h"
#include "inputs.h"
#include "proxy/proxy.h"

enum { WHY_LENGTH = 400 };

/* A call with one thing wrong; the tensors are random, of these shapes. */
typedef struct {
    const char *why;
    int q[5], k[5], v[5], mask[5]; /* the number of axes, then the shape; 0: NULL */
} BadCall;

static Tensor *tensor_like(const int *axes)
{
    return axes[0] ? random_tensor(axes[0], axes + 1) : NULL;
}

static const BadCall bad_calls[] = {
    {"Q is NULL", {0}, {2, 4, 3}, {2, 4, 2}, {0}},
    {"K is NULL", {2, 4, 3}, {0}, {2, 4, 2}, {0}},
    {"V is NULL", {2, 4, 3}, {2, 4, 3}, {0}, {0}},
    {"Q and K differ in d_k", {2, 4, 3}, {2, 4, 5}, {2, 4, 2}, {0}},
    {"Q and K differ in d_k", {2, 3, 4}, {2, 4, 3}, {2, 4, 3}, {0}},
    {"K and V differ in Lk", {2, 4, 3}, {2, 4, 3}, {2, 5, 3}, {0}},
    {"K and V differ in Lk", {2, 4, 3}, {2, 4, 3}, {2, 3, 3}, {0}},
    {"Q, K and V have one axis", {1, 3}, {1, 3}, {1, 3}, {0}},
    {"Q has one axis", {1, 3}, {2, 4, 3}, {2, 4, 2}, {0}},
    {"Q has more axes than K and V", {3, 2, 4, 3}, {2, 4, 3}, {2, 4, 2}, {0}},
    {"V has fewer axes than Q and K", {3, 2, 4, 3}, {3, 2, 4, 3}, {2, 4, 2}, {0}},
    {"V has fewer axes than Q and K", {3, 1, 4, 3}, {3, 1, 4, 3}, {2, 4, 2}, {0}},
    {"K has fewer axes than Q and V", {3, 1, 4, 3}, {2, 4, 3}, {3, 1, 4, 2}, {0}},
    {"Q has fewer axes than K and V", {2, 4, 3}, {3, 1, 4, 3}, {3, 1, 4, 2}, {0}},
    {"K has more axes than Q and V", {2, 4, 3}, {3, 4, 3, 2}, {2, 4, 2}, {0}},
    {"V has more axes than Q and K", {2, 4, 3}, {2, 4, 3}, {3, 4, 2, 5}, {0}},
    {"K has more axes than Q and V", {2, 4, 3}, {3, 1, 4, 3}, {2, 4, 2}, {0}},
    {"V has more axes than Q and K", {2, 4, 3}, {2, 4, 3}, {3, 1, 4, 2}, {0}},
    {"K has more axes than Q and V", {3, 2, 4, 3}, {4, 2, 1, 4, 3}, {3, 2, 4, 2}, {0}},
    {"V has more axes than Q and K", {3, 2, 4, 3}, {3, 2, 4, 3}, {4, 2, 1, 4, 2}, {0}},
    {"K has fewer axes than Q and V", {3, 4, 4, 3}, {2, 4, 3}, {3, 4, 4, 2}, {0}},
    {"V has fewer axes than Q and K", {3, 4, 4, 3}, {3, 4, 4, 3}, {2, 4, 2}, {0}},
    {"Q and K differ in the first axis", {3, 2, 4, 3}, {3, 3, 4, 3}, {3, 2, 4, 2}, {0}},
    {"Q and V differ in the first axis", {3, 2, 4, 3}, {3, 2, 4, 3}, {3, 3, 4, 2}, {0}},
    {"Q and K differ in leading axes", {4, 2, 3, 2, 2}, {4, 3, 2, 2, 2}, {4, 2, 3, 2, 2}, {0}},
    {"Q and K differ in the second axis", {4, 2, 2, 2, 2}, {4, 2, 3, 2, 2}, {4, 2, 2, 2, 2}, {0}},
    {"Q and K differ in the first axis", {4, 2, 3, 2, 2}, {4, 4, 3, 2, 2}, {4, 2, 3, 2, 2}, {0}},
    {"Q and V differ in the first axis", {4, 3, 2, 2, 2}, {4, 3, 2, 2, 2}, {4, 4, 2, 2, 2}, {0}},
    {"Q and V differ in the second axis", {4, 2, 2, 2, 2}, {4, 2, 2, 2, 2}, {4, 2, 3, 2, 2}, {0}},
    {"Q and V differ in leading axes", {4, 2, 3, 2, 2}, {4, 2, 3, 2, 2}, {4, 3, 2, 2, 2}, {0}},
    {"K and V have one batch, Q has 2", {3, 2, 3, 2}, {3, 1, 3, 2}, {3, 1, 3, 2}, {0}},
    {"the mask is transposed", {2, 3, 2}, {2, 4, 2}, {2, 4, 2}, {2, 4, 3}},
    {"the mask has too many columns", {2, 3, 2}, {2, 4, 2}, {2, 4, 2}, {2, 3, 5}},
    {"the mask has too few columns", {2, 3, 2}, {2, 4, 2}, {2, 4, 2}, {2, 3, 3}},
    {"the mask has too few rows", {2, 3, 2}, {2, 4, 2}, {2, 4, 2}, {2, 2, 4}},
    {"the mask has too many rows", {2, 3, 2}, {2, 4, 2}, {2, 4, 2}, {2, 4, 4}},
    {"the mask is for 3 batches", {3, 2, 3, 2}, {3, 2, 4, 2}, {3, 2, 4, 2}, {3, 3, 3, 4}},
    {"the mask has more axes than Q", {2, 3, 2}, {2, 4, 2}, {2, 4, 2}, {3, 2, 3, 4}},
    {"2 masks for 1 batch", {3, 1, 3, 2}, {3, 1, 4, 2}, {3, 1, 4, 2}, {3, 2, 3, 4}},
    {"2 masks for 4 batches", {3, 4, 3, 2}, {3, 4, 4, 2}, {3, 4, 4, 2}, {3, 2, 3, 4}},
    {"2 masks for 3 heads", {4, 2, 3, 2, 2}, {4, 2, 3, 3, 2}, {4, 2, 3, 3, 2}, {3, 2, 2, 3}},
};

static void expect_bad_call_refused(const BadCall *call)
{
    owned Tensor *Q = tensor_like(call->q);
    owned Tensor *K = tensor_like(call->k);
    owned Tensor *V = tensor_like(call->v);
    owned Tensor *mask = tensor_like(call->mask);
    char why[WHY_LENGTH];
    snprintf(why, sizeof why, "%s, %s", call->why, describe_call(Q, K, V, mask));
    expect_refused(scaled_dot_product_attention(Q, K, V, mask), why);
}

/* A function that refuses everything refuses nothing: good calls come first and last. */
Test(scaled_dot_product_attention, bad_input, .description = "bad input is refused", .timeout = 60)
{
    owned Tensor *x = random_tensor(2, (int[]){5, 13});
    owned Tensor *mask = random_mask(2, (int[]){5, 5});
    expect_attention(x, x, x, mask, NULL);
    for (size_t i = 0; i < sizeof bad_calls / sizeof *bad_calls; i++)
        expect_bad_call_refused(&bad_calls[i]);
    expect_attention(x, x, x, NULL, NULL);
}

/* True as long as the n-th allocation of a call is one that the call makes. */
static bool survives(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                     unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    AttentionResult got = scaled_dot_product_attention(Q, K, V, mask);
    bool failed = proxy_allocated() >= n;
    if (!failed || got.output || got.weights)
        expect_attention_result(got, Q, K, V, mask,
                                failed ? "look at what each allocation returned" : NULL);
    return failed;
}

/*
 * Each allocation fails, alone and then with all that follow: the result is then {NULL, NULL}, or
 * right all the same.
 */
static void expect_survival(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    for (unsigned n = 1; expect_few_allocations(n) && survives(Q, K, V, mask, n, false); n++)
        survives(Q, K, V, mask, n, true);
}

Test(scaled_dot_product_attention, no_memory, .description = "memory runs out", .timeout = 60)
{
    owned Tensor *Q = random_tensor(2, (int[]){2, 13});
    owned Tensor *K = random_tensor(2, (int[]){3, 13});
    owned Tensor *V = random_tensor(2, (int[]){3, 5});
    owned Tensor *mask = matrix(2, 3, (float[]){1, 0, 1, 0, 1, 1});
    expect_survival(Q, K, V, NULL);
    expect_survival(Q, K, V, mask);
}
