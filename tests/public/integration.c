/* Public tests of everything together, as a transformer would use it. */
#include <criterion/criterion.h>

#include "compare.h"
#include "fail.h"
#include "inputs.h"

TestSuite(integration, .timeout = 60);

static Tensor *need_mask(Tensor *mask, const char *call)
{
    if (!mask)
        fail_test("not_implemented", NULL, "%s returned NULL", call);
    passed_check();
    return mask;
}

static SelfAttention *need_layer(int d_model)
{
    SelfAttention *created = self_attention_create(d_model);
    if (!created)
        fail_test("not_implemented", NULL, "self_attention_create(%d) returned NULL", d_model);
    passed_check();
    return created;
}

/*
 * Positions 0 and 3 of x are the same. The score of a position with itself is 1 / sqrt(4) = 0.5, with
 * another 0, and e^0.5 = 1.6487. Row 1 of the causal weights, for example, is 1 / 2.6487 and 1.6487 /
 * 2.6487. Both calls are made before anything is looked at: `make picture` draws them.
 */
Test(integration, causal, .description = "self-attention with the causal mask")
{
    owned Tensor *x = matrix(4, 4, (float[]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0});
    SelfAttention *layer = need_layer(4);
    const double weights[] = {1,         0,         0,         0,         0.3775407, 0.6224593,
                              0,         0,         0.2740689, 0.2740689, 0.4518622, 0,
                              0.3112297, 0.1887703, 0.1887703, 0.3112297};
    const double output[] = {1,         0,         0,         0,         0.3775407, 0.6224593,
                             0,         0,         0.2740689, 0.2740689, 0.4518622, 0,
                             0.6224593, 0.1887703, 0.1887703, 0};

    AttentionResult full = self_attention_forward(layer, x, NULL);
    owned Tensor *mask = need_mask(create_causal_mask(4), "create_causal_mask(4)");
    AttentionResult got = self_attention_forward(layer, x, mask);
    expect_result(full, "without a mask");
    expect_attention_values(got, NULL, &(Expected){2, {4, 4}, weights},
                            &(Expected){2, {4, 4}, output},
                            "with x {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {1, 0, 0, 0}}",
                            "the causal mask lets position i attend to 0 to i only");
    free_result(full);
    free_result(got);
    self_attention_free(layer);
}

/* Two sequences of length 2, the second with one position of padding, which may attend nowhere. */
Test(integration, padded_batch, .description = "a batch with padding")
{
    owned Tensor *QK = tensor_create(3, (int[]){2, 2, 1});
    owned Tensor *V = tensor_of(3, (int[]){2, 2, 1}, (float[]){2, 4, 6, 8});
    owned Tensor *mask =
        need_mask(create_padding_mask((int[]){2, 1}, 2, 2), "create_padding_mask({2, 1}, 2, 2)");
    const Expected weights = {3, {2, 2, 2}, (double[]){0.5, 0.5, 0.5, 0.5, 1, 0, 0.5, 0.5}};
    const Expected output = {3, {2, 2, 1}, (double[]){3, 3, 6, 7}};

    AttentionResult got = scaled_dot_product_attention(QK, QK, V, mask);
    expect_attention_values(got, NULL, &weights, &output,
                            "with Q and K zero and create_padding_mask({2, 1}, 2, 2)",
                            "the padding mask lets nobody attend to padding");
    free_result(got);
}

/* The bidirectional mask lets everything through: the same as no mask. */
Test(integration, bidirectional, .description = "the bidirectional mask changes nothing")
{
    owned Tensor *x = tensor_of(2, (int[]){2, 1}, (float[]){0, 4});
    owned Tensor *mask = need_mask(create_bidirectional_mask(2), "create_bidirectional_mask(2)");
    SelfAttention *layer = need_layer(1);
    AttentionResult with = self_attention_forward(layer, x, mask);
    AttentionResult without = self_attention_forward(layer, x, NULL);
    expect_result(with, "with the bidirectional mask");
    expect_result(without, "with no mask");
    expect_shape("output", with.output, 2, (int[]){2, 1}, "with the bidirectional mask");
    expect_shape("output", without.output, 2, (int[]){2, 1}, "with no mask");
    for (int i = 0; i < 2; i++)
        if (with.output->data[i] != without.output->data[i])
            fail_test("value", "every element of the bidirectional mask is 1",
                      "output[%d][0] is %.6g, expected %.6g as with no mask", i,
                      with.output->data[i], without.output->data[i]);
    passed_check();
    free_result(with);
    free_result(without);
    self_attention_free(layer);
}

/* A later position changes, and the earlier ones must not notice. */
Test(integration, causal_future, .description = "the future does not change the past")
{
    owned Tensor *x = matrix(3, 1, (float[]){1, 2, 3});
    owned Tensor *changed = matrix(3, 1, (float[]){1, 2, -50});
    owned Tensor *mask = need_mask(create_causal_mask(3), "create_causal_mask(3)");
    AttentionResult before = scaled_dot_product_attention(x, x, x, mask);
    AttentionResult after = scaled_dot_product_attention(changed, changed, changed, mask);
    expect_result(before, "with Q, K, V {{1}, {2}, {3}} and the causal mask");
    expect_result(after, "with Q, K, V {{1}, {2}, {-50}} and the causal mask");
    expect_shape("output", before.output, 2, (int[]){3, 1}, "with the causal mask");
    expect_shape("output", after.output, 2, (int[]){3, 1}, "with the causal mask");
    for (int i = 0; i < 2; i++)
        if (before.output->data[i] != after.output->data[i])
            fail_test("value", "the causal mask lets position i attend to 0 to i only",
                      "output[%d][0] is %.6g, expected %.6g: only position 2 changed", i,
                      after.output->data[i], before.output->data[i]);
    passed_check();
    free_result(before);
    free_result(after);
}
