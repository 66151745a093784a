/*
 * Public tests of scaled_dot_product_attention(). Every number here can be checked by hand: where
 * Q is zero all scores are equal, and otherwise they are logarithms, which the softmax undoes.
 */
#include <criterion/criterion.h>

#include "compare.h"
#include "inputs.h"
#include "known.h"
#include "proxy/proxy.h"

TestSuite(scaled_dot_product_attention, .timeout = 60);

static const float LN_3 = 1.0986123f;

/* The scores are 0 and 2 ln 3 before they are divided, so these can be checked by hand, too. */
static const KnownMistake known_weights[] = {
    {"the scores are not divided by anything before the softmax", (double[]){0.1, 0.9}},
    {"the scores are divided by d_k itself", (double[]){0.3660254, 0.6339746}},
    {"the scores are divided by the square root of d_v", (double[]){0.2195025, 0.7804975}},
    {"the scores are multiplied by the square root of d_k", (double[]){0.0121951, 0.9878049}},
    {"the softmax runs over the queries, not over the keys", (double[]){1, 1}},
    {"there is no softmax: the weights are the scores", (double[]){0, 1.0986123}},
    {"the exponentials are not divided by their sum", (double[]){1.0 / 3, 1}},
    {"the exponentials are not divided by their sum", (double[]){1, 3}},
    {"K is not transposed: its elements are taken in the order in which they lie",
     (double[]){0.2689414, 0.7310586}},
    {"every key gets the same weight: before the softmax both scores were equal",
     (double[]){0.5, 0.5}},
    {0},
};

/* The score of the second key is 2 ln 3 / sqrt(4) = ln 3, so it weighs 3 times as much. */
Test(scaled_dot_product_attention, values, .description = "weights and output")
{
    owned Tensor *Q = matrix(1, 4, (float[]){2, 0, 0, 0});
    owned Tensor *K = matrix(2, 4, (float[]){0, 1, 0, 0, LN_3, 0, 1, 0});
    owned Tensor *V = matrix(2, 3, (float[]){8, 0, -4, 4, 4, 0});
    const Expected weights = {2, {1, 2}, (double[]){0.25, 0.75}};
    const Expected output = {2, {1, 3}, (double[]){5, 3, -1}};

    AttentionResult got = scaled_dot_product_attention(Q, K, V, NULL);
    suspect(got.weights, &weights, known_weights);
    expect_attention_values(got, NULL, &weights, &output,
                            "with Q {{2, 0, 0, 0}}, K {{0, 1, 0, 0}, {ln 3, 0, 1, 0}}",
                            "divide the scores by sqrt(d_k), here 2, then softmax each row");
    free_result(got);
}

/* Two batches of different content, in tensors of three axes and of four. */
Test(scaled_dot_product_attention, batches, .description = "leading axes")
{
    const double weights[] = {0.25, 0.75, 0.9, 0.1}, output[] = {3, 19};
    const char *where = "with Q {{{1}}, {{2}}}, K {{{0}, {ln 3}}, {{ln 3}, {0}}}";
    const char *hint = "each batch has its own queries, keys and values";
    owned Tensor *Q = tensor_of(3, (int[]){2, 1, 1}, (float[]){1, 2});
    owned Tensor *K = tensor_of(3, (int[]){2, 2, 1}, (float[]){0, LN_3, LN_3, 0});
    owned Tensor *V = tensor_of(3, (int[]){2, 2, 1}, (float[]){0, 4, 20, 10});
    AttentionResult got = scaled_dot_product_attention(Q, K, V, NULL);
    expect_attention_values(got, NULL, &(Expected){3, {2, 1, 2}, weights},
                            &(Expected){3, {2, 1, 1}, output}, where, hint);
    free_result(got);

    owned Tensor *Q4 = tensor_of(4, (int[]){1, 2, 1, 1}, Q->data);
    owned Tensor *K4 = tensor_of(4, (int[]){1, 2, 2, 1}, K->data);
    owned Tensor *V4 = tensor_of(4, (int[]){1, 2, 2, 1}, V->data);
    got = scaled_dot_product_attention(Q4, K4, V4, NULL);
    expect_attention_values(got, NULL, &(Expected){4, {1, 2, 1, 2}, weights},
                            &(Expected){4, {1, 2, 1, 1}, output},
                            "with the same in four axes, Q (1, 2, 1, 1)", hint);
    free_result(got);
}

#define THIRD (1.0 / 3)

/* The weights of that mask when it is used in another way. */
static const KnownMistake known_masked[] = {
    {"masked keys weigh as much as all others: the mask does not lower their scores",
     (double[]){THIRD, THIRD, THIRD, THIRD, THIRD, THIRD, THIRD, THIRD, THIRD, THIRD, THIRD,
                THIRD}},
    {"the mask works the wrong way round: what it allows is masked",
     (double[]){0, 0.5, 0.5, 0, 0, 1, 1, 0, 0, THIRD, THIRD, THIRD}},
    {"the mask is applied after the softmax: the other weights do not sum to 1 any more",
     (double[]){THIRD, 0, 0, THIRD, THIRD, 0, 0, THIRD, THIRD, 0, 0, 0}},
    {"the mask is added to the scores",
     (double[]){0.5761169, 0.2119416, 0.2119416, 0.4223188, 0.4223188, 0.1553624, 0.0996236,
                0.1642517, 0.7361247, THIRD, THIRD, THIRD}},
    {"only a mask of exactly 1 lets through, but anything that is not 0 may attend",
     (double[]){1, 0, 0, 0.5, 0.5, 0, THIRD, THIRD, THIRD, THIRD, THIRD, THIRD}},
    {"the mask is cut to whole numbers, but anything that is not 0 may attend",
     (double[]){1, 0, 0, 0.5, 0.5, 0, 0, 0, 1, THIRD, THIRD, THIRD}},
    {0},
};

/* All scores are 0, so each query attends equally to all keys that it may attend to. */
Test(scaled_dot_product_attention, mask, .description = "a mask")
{
    owned Tensor *Q = tensor_create(2, (int[]){4, 2});
    owned Tensor *K = tensor_create(2, (int[]){3, 2});
    owned Tensor *V = matrix(3, 1, (float[]){3, 6, 12});
    owned Tensor *mask = matrix(4, 3, (float[]){1, 0, 0, 1, 1, 0, 0, 0.5f, 2, 0, 0, 0});
    const Expected weights = {
        2, {4, 3}, (double[]){1, 0, 0, 0.5, 0.5, 0, 0, 0.5, 0.5, THIRD, THIRD, THIRD}};
    const Expected output = {2, {4, 1}, (double[]){3, 4.5, 9, 7}};

    AttentionResult got = scaled_dot_product_attention(Q, K, V, mask);
    suspect(got.weights, &weights, known_masked);
    expect_attention_values(got, mask, &weights, &output,
                            "with the mask {{1, 0, 0}, {1, 1, 0}, {0, 0.5, 2}, {0, 0, 0}}",
                            "only 0 forbids; a row of which all is forbidden weighs all equally");
    free_result(got);
}

/* One mask for both batches, and then one for each. */
Test(scaled_dot_product_attention, mask_broadcast, .description = "a mask with leading axes")
{
    owned Tensor *Q = tensor_create(3, (int[]){2, 1, 2});
    owned Tensor *K = tensor_create(3, (int[]){2, 2, 2});
    owned Tensor *V = tensor_of(3, (int[]){2, 2, 1}, (float[]){1, 2, 3, 4});
    owned Tensor *one = matrix(1, 2, (float[]){0, 1});
    owned Tensor *each = tensor_of(3, (int[]){2, 1, 2}, (float[]){0, 1, 1, 0});
    const char *hint = "tensor_broadcast_index() finds the element of the mask";

    AttentionResult got = scaled_dot_product_attention(Q, K, V, one);
    expect_attention_values(got, one, &(Expected){3, {2, 1, 2}, (double[]){0, 1, 0, 1}},
                            &(Expected){3, {2, 1, 1}, (double[]){2, 4}},
                            "with a mask (1, 2) for scores (2, 1, 2)", hint);
    free_result(got);

    got = scaled_dot_product_attention(Q, K, V, each);
    expect_attention_values(got, each, &(Expected){3, {2, 1, 2}, (double[]){0, 1, 1, 0}},
                            &(Expected){3, {2, 1, 1}, (double[]){2, 3}},
                            "with a mask (2, 1, 2) for scores (2, 1, 2)", hint);
    free_result(got);
}

/* expf(10000) is infinite and expf(-10000) is 0, so neither may be computed. */
Test(scaled_dot_product_attention, stability, .description = "scores of +-10000")
{
    owned Tensor *Q = matrix(2, 1, (float[]){100, -100});
    owned Tensor *K = matrix(3, 1, (float[]){100, 100, -100});
    owned Tensor *V = matrix(3, 1, (float[]){2, 4, 8});
    AttentionResult got = scaled_dot_product_attention(Q, K, V, NULL);
    expect_attention_values(got, NULL, &(Expected){2, {2, 3}, (double[]){0.5, 0.5, 0, 0, 0, 1}},
                            &(Expected){2, {2, 1}, (double[]){3, 8}},
                            "with Q {{100}, {-100}}, K {{100}, {100}, {-100}}",
                            "subtract the largest score of the row before expf()");
    free_result(got);
}

/* The worker that calls your code also looks whether Q, K, V and mask are what they were. */
Test(scaled_dot_product_attention, bad_input, .description = "bad input is refused")
{
    owned Tensor *x = tensor_create(2, (int[]){3, 2});
    owned Tensor *wide = tensor_create(2, (int[]){3, 5});
    owned Tensor *tall = tensor_create(2, (int[]){4, 2});
    owned Tensor *batch = tensor_create(3, (int[]){1, 3, 2});
    owned Tensor *batches = tensor_create(3, (int[]){2, 3, 2});
    owned Tensor *vector = tensor_create(1, (int[]){3});
    owned Tensor *mask = tensor_create(2, (int[]){2, 3});
    AttentionResult good = scaled_dot_product_attention(x, x, x, NULL);
    expect_result(good, "with Q, K, V (3, 2)");
    free_result(good);

    expect_refused(scaled_dot_product_attention(NULL, x, x, NULL), "Q is NULL");
    expect_refused(scaled_dot_product_attention(x, x, NULL, NULL), "V is NULL");
    expect_refused(scaled_dot_product_attention(x, wide, x, NULL),
                   "Q (3, 2) and K (3, 5) differ in d_k");
    expect_refused(scaled_dot_product_attention(x, x, tall, NULL),
                   "K (3, 2) and V (4, 2) differ in Lk");
    expect_refused(scaled_dot_product_attention(x, x, batch, NULL),
                   "V (1, 3, 2) has more axes than Q and K (3, 2)");
    expect_refused(scaled_dot_product_attention(batch, batches, batch, NULL),
                   "the batches of Q (1, 3, 2) and K (2, 3, 2) differ");
    expect_refused(scaled_dot_product_attention(vector, vector, vector, NULL),
                   "Q (3,) has one axis");
    expect_refused(scaled_dot_product_attention(x, x, x, mask),
                   "the mask (2, 3) does not fit the scores (3, 3)");
}

/* The n-th allocation fails: then nothing may come back, or all of it. */
Test(scaled_dot_product_attention, no_memory, .description = "memory runs out")
{
    owned Tensor *x = tensor_of(2, (int[]){1, 1}, (float[]){5});
    const Expected weights = {2, {1, 1}, (double[]){1}}, output = {2, {1, 1}, (double[]){5}};
    bool failed = true;
    for (unsigned n = 1; failed && n <= 100; n++) {
        proxy_fail_allocation(n, false);
        AttentionResult got = scaled_dot_product_attention(x, x, x, NULL);
        failed = proxy_allocated() >= n;
        if (!failed || got.output || got.weights)
            expect_attention_values(got, NULL, &weights, &output, "with Q, K, V {{5}}",
                                    failed ? "look at what each allocation returned" : NULL);
        free_result(got);
    }
}
