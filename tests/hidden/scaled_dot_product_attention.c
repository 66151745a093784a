/* Hidden tests of scaled_dot_product_attention(); what it refuses is in refused_attention.c. */
#include <criterion/criterion.h>

#include "compare.h"
#include "diagnose.h"
#include "expect_attention.h"
#include "inputs.h"
#include "sizes.h"

/*
 * Each test begins with sizes in which a wrong divisor of the scores cannot be taken for another one:
 * with a d_k of 13, half of its root, the root of one more or less, and the like are all different.
 */

static const char *const MASK_HINT =
    "where the mask is 0, the score becomes -1e9 before the softmax; anything else may attend";

static void expect_random_attention(const int *q_shape, const int *k_shape, const int *v_shape,
                                    int ndim, const char *hint)
{
    owned Tensor *Q = random_tensor(ndim, q_shape);
    owned Tensor *K = random_tensor(ndim, k_shape);
    owned Tensor *V = random_tensor(ndim, v_shape);
    expect_attention(Q, K, V, NULL, hint);
}

Test(scaled_dot_product_attention, values, .description = "weights and output", .timeout = 60)
{
    expect_random_attention((int[]){7, 13}, (int[]){5, 13}, (int[]){5, 11}, 2, NULL);
    expect_random_attention((int[]){4, 6}, (int[]){4, 6}, (int[]){4, 6}, 2, NULL);
    expect_random_attention((int[]){1, 5, 16}, (int[]){1, 5, 16}, (int[]){1, 5, 32}, 3, NULL);
}

/* With one query and two keys, the ratio of the weights is e to the difference of the scores. */
Test(scaled_dot_product_attention, scaled_scores, .description = "scores divided by sqrt(d_k)",
     .timeout = 60)
{
    diagnose_only(0, 0);
    const char *hint = "divide the scores by sqrt(d_k); d_k is the size of the last axis of Q";
    for (int d_k = 1; d_k <= 64; d_k *= 4) {
        owned Tensor *Q = tensor_create(2, (int[]){1, d_k});
        owned Tensor *K = tensor_create(2, (int[]){2, d_k});
        owned Tensor *V = random_tensor(2, (int[]){2, 3});
        tensor_fill(Q, 1);
        for (int i = 0; i < d_k; i++)
            K->data[i] = 0.25f;
        expect_attention(Q, K, V, NULL, hint);
    }
}

/* No two sizes of a call are the same, or one of them is 1. */
static const Sizes small_sizes[] = {
    {3, 5, 13, 11}, {5, 3, 2, 7}, {1, 4, 3, 2}, {4, 1, 3, 2},
    {1, 1, 1, 1},   {3, 4, 1, 5}, {3, 4, 5, 1}, {9, 11, 10, 13},
};

static void expect_attention_of(Sizes s, bool masked, const char *hint)
{
    owned Tensor *Q = random_tensor(2, (int[]){s.n_queries, s.d_k});
    owned Tensor *K = random_tensor(2, (int[]){s.n_keys, s.d_k});
    owned Tensor *V = random_tensor(2, (int[]){s.n_keys, s.d_v});
    owned Tensor *mask = masked ? random_mask_of_ends(s.n_queries, s.n_keys) : NULL;
    expect_attention(Q, K, V, mask, hint);
}

static void expect_all_sizes(bool masked, const char *hint)
{
    Sizes drawn[DRAWN_SIZES];
    draw_sizes(drawn);
    for (size_t i = 0; i < sizeof small_sizes / sizeof *small_sizes; i++)
        expect_attention_of(small_sizes[i], masked, hint);
    for (int i = 0; i < DRAWN_SIZES; i++)
        expect_attention_of(drawn[i], masked, hint);
}

Test(scaled_dot_product_attention, all_sizes_differ,
     .description = "Lq, Lk, d_k and d_v all different", .timeout = 60)
{
    expect_all_sizes(false, "each loop and each row length has its own size: Lq, Lk, d_k or d_v");

    owned Tensor *zeros = tensor_create(2, (int[]){2, 3});
    owned Tensor *K = random_tensor(2, (int[]){4, 3});
    owned Tensor *V = random_tensor(2, (int[]){4, 2});
    expect_attention(zeros, K, V, NULL, "all weights of a query of zeros are equal");
}

/* So many batches as code may take at once, and their neighbours, in three axes or in four. */
static void expect_many_batches(const char *hint)
{
    int batches[EDGES];
    draw_edges(batches);
    for (int i = 0; i < FEW_EDGES; i++) {
        int n = batches[i], rows = random_between(1, 2), keys = random_between(2, 3);
        if (i % 2)
            expect_random_attention((int[]){n, rows, 2}, (int[]){n, keys, 2}, (int[]){n, keys, 1},
                                    3, hint);
        else
            expect_random_attention((int[]){1, n, rows, 1}, (int[]){1, n, keys, 1},
                                    (int[]){1, n, keys, 2}, 4, hint);
    }
}

Test(scaled_dot_product_attention, batches, .description = "leading axes", .timeout = 60)
{
    const char *hint =
        "each batch has its own Lq queries, Lk keys and values (Lk, d_v); all leading "
        "axes together count the batches";
    expect_random_attention((int[]){2, 5, 13}, (int[]){2, 5, 13}, (int[]){2, 5, 13}, 3, hint);
    expect_random_attention((int[]){3, 2, 5}, (int[]){3, 4, 5}, (int[]){3, 4, 2}, 3, hint);
    expect_random_attention((int[]){2, 3, 4, 5}, (int[]){2, 3, 6, 5}, (int[]){2, 3, 6, 2}, 4, hint);
    expect_random_attention((int[]){3, 1, 2, 2}, (int[]){3, 1, 3, 2}, (int[]){3, 1, 3, 4}, 4, hint);
    expect_random_attention((int[]){5, 53, 1, 2}, (int[]){5, 53, 2, 2}, (int[]){5, 53, 2, 3}, 4,
                            hint);
    expect_many_batches(hint);
}

/* A mask that allows everything is a mask like any other, and says nothing about causality. */
static void expect_mask_of_ones(void)
{
    int rows = random_between(3, 6), columns = random_between(3, 6);
    owned Tensor *Q = random_tensor(3, (int[]){2, rows, 5});
    owned Tensor *K = random_tensor(3, (int[]){2, columns, 5});
    owned Tensor *ones = tensor_create(2, (int[]){rows, columns});
    owned Tensor *ones_each = tensor_create(3, (int[]){2, rows, columns});
    tensor_fill(ones, 1);
    tensor_fill(ones_each, 1);
    expect_attention(Q, K, K, ones, MASK_HINT);
    expect_attention(Q, K, K, ones_each, MASK_HINT);
}

/*
 * What is masked for every query has no part in the output, however large its value is. The first key
 * is not masked: a mean that is computed key by key would begin with the huge value, and round.
 */
static void expect_huge_values_masked(void)
{
    const float huge = 1e30f;
    int rows = random_between(2, 5), columns = random_between(5, 12);
    owned Tensor *Q = random_tensor(2, (int[]){rows, 13});
    owned Tensor *K = random_tensor(2, (int[]){columns, 13});
    owned Tensor *V = random_tensor(2, (int[]){columns, 3});
    owned Tensor *mask = random_mask(2, (int[]){rows, columns});
    for (int i = 0; i < rows * columns; i++) {
        if (i % columns == 0)
            mask->data[i] = 1;
        else if (i % columns % 3 != 0)
            mask->data[i] = 0;
    }
    for (int i = 0; i < 3 * columns; i++)
        if (i / 3 % 3 != 0)
            V->data[i] = i % 2 ? huge : -huge;
    expect_attention(Q, K, V, mask, MASK_HINT);
}

Test(scaled_dot_product_attention, mask, .description = "a mask", .timeout = 60)
{
    owned Tensor *Q = random_tensor(2, (int[]){5, 13});
    owned Tensor *K = random_tensor(2, (int[]){5, 13});
    owned Tensor *V = random_tensor(2, (int[]){5, 11});
    owned Tensor *lower = tensor_create(2, (int[]){5, 5});
    owned Tensor *some = random_mask(2, (int[]){5, 5});
    for (int i = 0; i < 25; i++)
        lower->data[i] = i % 5 <= i / 5 ? 1 : 0;
    expect_attention(Q, K, V, lower, MASK_HINT);
    expect_attention(Q, K, V, some, MASK_HINT);

    owned Tensor *short_K = random_tensor(2, (int[]){3, 13});
    owned Tensor *short_V = random_tensor(2, (int[]){3, 3});
    owned Tensor *wide = random_mask(2, (int[]){5, 3});
    expect_attention(Q, short_K, short_V, wide, MASK_HINT);

    /* Whatever is not 0 means "may attend", as in the notebook's np.where(mask == 0, ...). */
    owned Tensor *odd = matrix(
        5, 3, (float[]){0.5f, -0.0f, 2, -1, 0.25f, 0, 0, 1e-40f, 7, 1, 0, 0, -0.5f, 100, 0.999f});
    expect_attention(Q, short_K, short_V, odd, MASK_HINT);
    expect_mask_of_ones();
    expect_huge_values_masked();
    expect_all_sizes(true, MASK_HINT);
}

static void expect_random_mask(const Tensor *Q, const Tensor *K, const Tensor *V, int ndim,
                               const int *mask_shape)
{
    owned Tensor *mask = random_mask(ndim, mask_shape);
    expect_attention(Q, K, V, mask,
                     "the mask is broadcast: tensor_broadcast_index() finds the element");
}

/* Leading axes of size 1 are axes all the same, and so are those of more batches than fit in a byte. */
static void expect_masks_of_one_and_of_many(void)
{
    owned Tensor *one_Q = random_tensor(3, (int[]){1, 4, 2});
    owned Tensor *one_K = random_tensor(3, (int[]){1, 5, 2});
    expect_random_mask(one_Q, one_K, one_K, 2, (int[]){4, 5});
    expect_random_mask(one_Q, one_K, one_K, 3, (int[]){1, 4, 5});

    owned Tensor *many_Q = random_tensor(4, (int[]){5, 53, 1, 2});
    owned Tensor *many_K = random_tensor(4, (int[]){5, 53, 2, 2});
    expect_random_mask(many_Q, many_K, many_K, 2, (int[]){1, 2});
    expect_random_mask(many_Q, many_K, many_K, 3, (int[]){53, 1, 2});
    expect_random_mask(many_Q, many_K, many_K, 4, (int[]){5, 53, 1, 2});
}

/* Where two axes, or all four, are of one size, only their place says which of them a mask has. */
static void expect_masks_of_as_many_heads_as_batches(void)
{
    int n = random_between(2, 3);
    owned Tensor *x = random_tensor(4, (int[]){n, n, n, 5});
    expect_random_mask(x, x, x, 2, (int[]){n, n});
    expect_random_mask(x, x, x, 3, (int[]){n, n, n});
    expect_random_mask(x, x, x, 4, (int[]){n, 1, n, n});
    expect_random_mask(x, x, x, 4, (int[]){1, n, n, n});

    owned Tensor *one_of_first = random_tensor(4, (int[]){1, n, 3, 5});
    owned Tensor *one_of_second = random_tensor(4, (int[]){n, 1, 3, 5});
    expect_random_mask(one_of_first, one_of_first, one_of_first, 3, (int[]){n, 3, 3});
    expect_random_mask(one_of_second, one_of_second, one_of_second, 3, (int[]){1, 3, 3});
    expect_random_mask(one_of_second, one_of_second, one_of_second, 4, (int[]){n, 1, 3, 3});
}

static void expect_masks_of_many_batches(void)
{
    int batches[EDGES];
    draw_edges(batches);
    for (int i = 0; i < FEW_EDGES; i++) {
        int n = batches[i];
        owned Tensor *x = random_tensor(3, (int[]){n, 2, 2});
        owned Tensor *heads = random_tensor(4, (int[]){1, n, 2, 1});
        const Tensor *used = i % 2 ? heads : x;
        const int mask_shape[] = {n, 2, 2};
        if (i % 4 < 2)
            expect_random_mask(used, used, used, 3, mask_shape);
        else
            expect_random_mask(used, used, used, 2, mask_shape + 1);
    }
}

Test(scaled_dot_product_attention, mask_broadcast, .description = "a mask with leading axes",
     .timeout = 60)
{
    owned Tensor *Q = random_tensor(3, (int[]){3, 4, 13});
    owned Tensor *K = random_tensor(3, (int[]){3, 5, 13});
    owned Tensor *V = random_tensor(3, (int[]){3, 5, 11});
    expect_random_mask(Q, K, V, 2, (int[]){4, 5});
    expect_random_mask(Q, K, V, 3, (int[]){1, 4, 5});
    expect_random_mask(Q, K, V, 3, (int[]){3, 4, 5});

    owned Tensor *heads_Q = random_tensor(4, (int[]){2, 3, 2, 3});
    owned Tensor *heads_K = random_tensor(4, (int[]){2, 3, 4, 3});
    owned Tensor *heads_V = random_tensor(4, (int[]){2, 3, 4, 2});
    expect_random_mask(heads_Q, heads_K, heads_V, 2, (int[]){2, 4});
    expect_random_mask(heads_Q, heads_K, heads_V, 3, (int[]){1, 2, 4});
    expect_random_mask(heads_Q, heads_K, heads_V, 3, (int[]){3, 2, 4});
    expect_random_mask(heads_Q, heads_K, heads_V, 4, (int[]){1, 1, 2, 4});
    expect_random_mask(heads_Q, heads_K, heads_V, 4, (int[]){2, 1, 2, 4});
    expect_random_mask(heads_Q, heads_K, heads_V, 4, (int[]){1, 3, 2, 4});
    expect_random_mask(heads_Q, heads_K, heads_V, 4, (int[]){2, 3, 2, 4});
    expect_masks_of_one_and_of_many();
    expect_masks_of_as_many_heads_as_batches();
    expect_masks_of_many_batches();
}

/* Fully masked rows come before, between and after others, in the first batch and in the last. */
static void expect_masked_rows_among_others(const char *hint)
{
    int columns = random_between(3, 9), first = random_below(2);
    owned Tensor *Q = random_tensor(3, (int[]){2, 5, 13});
    owned Tensor *K = random_tensor(3, (int[]){2, columns, 13});
    owned Tensor *mask = random_mask(3, (int[]){2, 5, columns});
    for (int i = 0; i < 10 * columns; i++)
        if (i / columns % 2 == first)
            mask->data[i] = 0;
    expect_attention(Q, K, K, mask, hint);
}

/* The scores are large, so that only replacing them gives equal weights; adding -1e9 does not. */
Test(scaled_dot_product_attention, masked_row, .description = "a row in which all is masked",
     .timeout = 60)
{
    diagnose_only(~(1u << FAMILY_SCALE), 1u << FAMILY_MASK | 1u << FAMILY_EXPONENT);
    const char *hint = "where all keys are masked, all scores are -1e9, and all weights are equal";
    owned Tensor *Q = matrix(3, 4, (float[]){200, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0});
    owned Tensor *K = matrix(4, 4, (float[]){90, 1, 0, 0, 0, 2, 0, 0, -90, 3, 0, 0, 30, 4, 0, 0});
    owned Tensor *V = random_tensor(2, (int[]){4, 3});
    owned Tensor *mask = matrix(3, 4, (float[]){0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1});
    expect_attention(Q, K, V, mask, hint);

    owned Tensor *nothing = tensor_create(2, (int[]){3, 4});
    expect_attention(Q, K, V, nothing, hint);
    owned Tensor *one_Q = random_tensor(2, (int[]){1, 4});
    owned Tensor *nothing_of_one = tensor_create(2, (int[]){1, 4});
    expect_attention(one_Q, K, V, nothing_of_one, hint);
    expect_masked_rows_among_others(hint);
}

/*
 * Large scores are equal or far apart: between them, rounding alone could change the weights of a
 * right solution. Those of +-150 overflow in expf() too, and are near each other.
 */
Test(scaled_dot_product_attention, stability, .description = "scores of +-1000000", .timeout = 60)
{
    diagnose_only(1u << FAMILY_EXPONENT, 1u << FAMILY_EXPONENT);
    const char *hint = "subtract the largest score of the row before expf()";
    owned Tensor *V = random_tensor(2, (int[]){7, 3});
    owned Tensor *mask =
        matrix(5, 7, (float[]){0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1,
                               0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0});
    owned Tensor *Q = matrix(
        5, 4, (float[]){200, 0, 0, 0, -200, 0, 0, 0, 3, 0, 0, 0, 20000, 0, 0, 0, 0, 2, 0, 0});
    owned Tensor *K =
        matrix(7, 4, (float[]){100, 0, 0,  0, 99.5f, 1, 0,    0,  -100, 2, 0,  0, 100, -1,
                               0,   0, 20, 3, 0,     0, -101, -2, 0,    0, 60, 1, 0,   0});
    expect_attention(Q, K, V, NULL, hint);
    expect_attention(Q, K, V, mask, hint);

    /* Everything is far below zero: a maximum must not start at a constant, nor a mask be weak. */
    owned Tensor *low_Q = matrix(
        5, 4, (float[]){-200, 0, 0, 0, -201, 0, 0, 0, -3, 0, 0, 0, -20000, 0, 0, 0, -300, 0, 0, 0});
    owned Tensor *low_K =
        matrix(4, 4, (float[]){100, 0, 0, 0, 101, 0, 0, 0, 101, 0, 0, 0, 100.5f, 0, 0, 0});
    owned Tensor *low_V = random_tensor(2, (int[]){4, 3});
    owned Tensor *low_mask =
        matrix(5, 4, (float[]){0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0});
    expect_attention(low_Q, low_K, low_V, NULL, hint);
    expect_attention(low_Q, low_K, low_V, low_mask, hint);
}

/*
 * Of calls that are alike, none remembers the inputs or the mask of the one before, and none needs
 * more memory than that (grader/memory/judge.h).
 */
static void expect_alike_calls(const char *hint)
{
    enum { CALLS_ALIKE = 8 };
    int rows = random_between(2, 20), columns = random_between(2, 20),
        width = random_between(2, 20);
    for (int call = 0; call < CALLS_ALIKE; call++) {
        owned Tensor *Q = random_tensor(2, (int[]){rows, width});
        owned Tensor *K = random_tensor(2, (int[]){columns, width});
        owned Tensor *mask = random_mask(2, (int[]){rows, columns});
        expect_attention(Q, K, K, mask, hint);
    }
}

/* A result stays what it was when other calls follow, and the same call gives the same again. */
Test(scaled_dot_product_attention, independent_calls, .description = "calls do not disturb others",
     .timeout = 60)
{
    const char *hint = "each call returns new tensors and remembers nothing";
    owned Tensor *Q = random_tensor(2, (int[]){3, 13});
    owned Tensor *K = random_tensor(2, (int[]){5, 13});
    owned Tensor *V = random_tensor(2, (int[]){5, 11});
    owned Tensor *mask = random_mask(2, (int[]){3, 5});
    owned Tensor *other = random_tensor(2, (int[]){6, 10});

    AttentionResult first = scaled_dot_product_attention(Q, K, V, mask);
    expect_attention_kept(first, Q, K, V, mask, hint);
    expect_attention(other, other, other, NULL, hint);
    expect_alike_calls(hint);
    expect_attention(Q, K, V, NULL, hint);
    expect_attention_kept(first, Q, K, V, mask, hint);
    expect_attention_result(scaled_dot_product_attention(Q, K, V, mask), Q, K, V, mask, hint);
    free_result(first);
}
