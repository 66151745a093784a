/* Hidden tests of attention when memory runs out. */
#include <criterion/criterion.h>

#include "compare.h"
#include "diagnose.h"
#include "expect_attention.h"
#include "inputs.h"
#include "proxy/proxy.h"
#include "sizes.h"

/* Tensors of Lq queries and Lk keys; `leading` are the sizes of `ndim` - 2 axes. */
typedef struct {
    Tensor *Q, *K, *V;
} Inputs;

static Inputs draw_inputs(int ndim, const int *leading, Sizes s)
{
    int q[TENSOR_MAX_AXES], k[TENSOR_MAX_AXES], v[TENSOR_MAX_AXES];
    for (int axis = 0; axis < ndim - 2; axis++)
        q[axis] = k[axis] = v[axis] = leading[axis];
    q[ndim - 2] = s.n_queries;
    k[ndim - 2] = v[ndim - 2] = s.n_keys;
    q[ndim - 1] = k[ndim - 1] = s.d_k;
    v[ndim - 1] = s.d_v;
    return (Inputs){random_tensor(ndim, q), random_tensor(ndim, k), random_tensor(ndim, v)};
}

static void free_inputs(Inputs inputs)
{
    tensor_free(inputs.Q);
    tensor_free(inputs.K);
    tensor_free(inputs.V);
}

/* True as long as the n-th allocation of a call is one that the call makes. */
static bool survives(Inputs in, const Tensor *mask, unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    AttentionResult got = scaled_dot_product_attention(in.Q, in.K, in.V, mask);
    bool failed = proxy_allocated() >= n;
    if (!failed || got.output || got.weights)
        expect_attention_result(got, in.Q, in.K, in.V, mask,
                                failed ? "look at what each allocation returned" : NULL);
    return failed;
}

/*
 * Each allocation fails, alone and then with all that follow: the result is then {NULL, NULL}, or
 * right all the same.
 */
static void expect_survival(Inputs in, const Tensor *mask)
{
    for (unsigned n = 1; expect_few_allocations(n) && survives(in, mask, n, false); n++)
        survives(in, mask, n, true);
}

/*
 * The same for input so large that code may ask for memory row by row: of very many allocations, not
 * all fail, but the first, the last, and some of those between.
 */
static void expect_survival_of_some(Inputs in, const Tensor *mask)
{
    enum { AT_EITHER_END = 12, BETWEEN = 24 };
    expect_attention(in.Q, in.K, in.V, mask, NULL);
    unsigned count = proxy_allocated(), n = 1;
    for (; n <= count && n <= AT_EITHER_END; n++)
        survives(in, mask, n, false);
    for (unsigned i = 0; count > 2 * AT_EITHER_END + BETWEEN && i < BETWEEN; i++)
        survives(in, mask, n + (unsigned)random_below((int)count - 2 * AT_EITHER_END), false);
    if (count > 2 * AT_EITHER_END + BETWEEN)
        n = count - AT_EITHER_END + 1;
    for (; n <= count; n++)
        survives(in, mask, n, false);
}

static void expect_survival_with_leading(int ndim, const int *leading, int mask_ndim,
                                         const int *mask_leading)
{
    int rows = random_between(2, 3), keys = random_between(2, 4);
    Inputs in = draw_inputs(ndim, leading, (Sizes){rows, keys, 2, 3});
    int shape[TENSOR_MAX_AXES];
    for (int axis = 0; axis < mask_ndim - 2; axis++)
        shape[axis] = mask_leading[axis];
    shape[mask_ndim - 2] = rows;
    shape[mask_ndim - 1] = keys;
    owned Tensor *mask = random_mask(mask_ndim, shape);
    expect_survival_of_some(in, mask);
    free_inputs(in);
}

static void expect_survival_of_size(Sizes s, bool masked)
{
    Inputs in = draw_inputs(2, NULL, s);
    owned Tensor *mask = masked ? random_mask(2, (int[]){s.n_queries, s.n_keys}) : NULL;
    expect_survival_of_some(in, mask);
    free_inputs(in);
}

Test(scaled_dot_product_attention, no_memory, .description = "memory runs out", .timeout = 60)
{
    diagnose_only(0, 0);
    Inputs in = draw_inputs(2, NULL, (Sizes){2, 3, 13, 5});
    owned Tensor *mask = matrix(2, 3, (float[]){1, 0, 1, 0, 1, 1});
    expect_survival(in, NULL);
    expect_survival(in, mask);
    free_inputs(in);

    int n = random_between(2, 3);
    expect_survival_with_leading(3, (int[]){n}, 2, NULL);
    expect_survival_with_leading(3, (int[]){n}, 3, (int[]){random_below(2) ? n : 1});
    expect_survival_with_leading(4, (int[]){2, n}, 3, (int[]){random_below(2) ? n : 1});
    expect_survival_with_leading(4, (int[]){2, n}, 4, (int[]){2, random_below(2) ? n : 1});

    expect_survival_of_size((Sizes){random_above_a_byte(), 2, 1, 1}, false);
    expect_survival_of_size((Sizes){1, random_above_a_byte(), 2, 1}, true);
    expect_survival_of_size((Sizes){1, 2, random_above_a_byte(), random_above_a_byte()}, true);
}
