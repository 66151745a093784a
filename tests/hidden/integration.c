/* Hidden tests of everything together, as a transformer would use it. */
#include <string.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "diagnose.h"
#include "expect_attention.h"
#include "fail.h"
#include "inputs.h"
#include "sizes.h"

static const char *const CAUSAL_HINT = "the causal mask lets position i attend to 0 to i only";
static const char *const PADDING_HINT = "the padding mask lets nobody attend to padding";

/* What the masks must be, by their definition, so that a wrong mask cannot hide. */
static Tensor *true_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; i < seq_len * seq_len; i++)
        mask->data[i] = i % seq_len <= i / seq_len ? 1.0f : 0.0f;
    return mask;
}

static Tensor *true_padding_mask(const int *lengths, int batch_size, int length)
{
    Tensor *mask = tensor_create(3, (int[]){batch_size, length, length});
    for (size_t i = 0; i < mask->size; i++) {
        int at = (int)i, valid = lengths[at / (length * length)];
        mask->data[i] = at / length % length < valid && at % length < valid ? 1.0f : 0.0f;
    }
    return mask;
}

/* A copy of one sequence of a batch, or of one mask. */
static Tensor *item(const Tensor *batch, int i)
{
    Tensor *one = tensor_create(2, batch->shape + 1);
    memcpy(one->data, batch->data + (size_t)i * one->size, one->size * sizeof *one->data);
    return one;
}

static Tensor *need_mask(Tensor *mask, const char *call)
{
    if (!mask)
        fail_test("not_implemented", NULL, "%s returned NULL", call);
    passed_check();
    return mask;
}

static SelfAttention *need_layer(int d_model)
{
    SelfAttention *layer = self_attention_create(d_model);
    if (!layer)
        fail_test("not_implemented", NULL, "self_attention_create(%d) returned NULL", d_model);
    passed_check();
    return layer;
}

/* Check a result that came with a mask of the student's making, and free it. */
static void expect_masked_result(AttentionResult got, const Tensor *x, const Tensor *given,
                                 const Tensor *mask, const char *of_mask, const char *hint)
{
    expect_masked_attention(got, x, x, x, given, mask, of_mask, hint);
    free_result(got);
}

/* The notebook's analysis: positions with the same content attend to each other. */
static void expect_same_content(void)
{
    owned Tensor *x = matrix(4, 4, (float[]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0});
    owned Tensor *everywhere =
        need_mask(create_bidirectional_mask(4), "create_bidirectional_mask(4)");
    owned Tensor *true_everywhere = tensor_create(2, (int[]){4, 4});
    tensor_fill(true_everywhere, 1);
    SelfAttention *layer = need_layer(4);
    expect_attention_result(self_attention_forward(layer, x, NULL), x, x, x, NULL, NULL);
    expect_masked_result(self_attention_forward(layer, x, everywhere), x, everywhere,
                         true_everywhere, cause_of_bidirectional_mask(everywhere, 4),
                         "the bidirectional mask lets everything through");
    self_attention_free(layer);
}

static void expect_complete_masked(const SelfAttention *layer, const Tensor *embeddings,
                                   const Tensor *sequence)
{
    const int lengths[] = {8, 5};
    owned Tensor *true_causal = true_causal_mask(8);
    owned Tensor *true_padding = true_padding_mask(lengths, 2, 8);
    owned Tensor *causal = need_mask(create_causal_mask(8), "create_causal_mask(8)");
    owned Tensor *padding =
        need_mask(create_padding_mask(lengths, 2, 8), "create_padding_mask({8, 5}, 2, 8)");
    const char *of_padding = cause_of_padding_mask(padding, lengths, 2, 8);

    expect_masked_result(scaled_dot_product_attention(sequence, sequence, sequence, causal),
                         sequence, causal, true_causal, cause_of_causal_mask(causal, 8),
                         CAUSAL_HINT);
    expect_masked_result(self_attention_forward(layer, embeddings, padding), embeddings, padding,
                         true_padding, of_padding, PADDING_HINT);
    expect_shape("mask", padding, 3, true_padding->shape, "in create_padding_mask({8, 5}, 2, 8)");
    for (int i = 0; i < 2; i++) {
        owned Tensor *mask = item(padding, i), *true_mask = item(true_padding, i);
        expect_masked_result(scaled_dot_product_attention(sequence, sequence, sequence, mask),
                             sequence, mask, true_mask, of_padding, PADDING_HINT);
    }
}

/* The notebook's test_unit_complete_attention_system(), with values. */
Test(integration, complete_system, .description = "attention, self-attention and masks together",
     .timeout = 60)
{
    owned Tensor *embeddings = random_tensor(3, (int[]){2, 8, 32});
    owned Tensor *sequence = item(embeddings, 0);
    SelfAttention *layer = need_layer(32);

    expect_attention(embeddings, embeddings, embeddings, NULL, NULL);
    expect_attention_result(self_attention_forward(layer, sequence, NULL), sequence, sequence,
                            sequence, NULL, NULL);
    expect_complete_masked(layer, embeddings, sequence);
    self_attention_free(layer);
    expect_same_content();
}

/* Fail unless these rows are the very same numbers, those before `rows` of one item of a batch. */
static void expect_same(const char *name, const Tensor *before, const Tensor *after, int item,
                        int rows, const char *what, const char *hint)
{
    size_t columns = (size_t)tensor_axis(before, -1), length = (size_t)tensor_axis(before, -2);
    size_t begin = (size_t)item * length * columns, end = begin + (size_t)rows * columns;
    for (size_t i = begin; i < end; i++)
        if (before->data[i] != after->data[i])
            fail_test("value", hint, "%s %zu is %.9g, expected %.9g as before: %s", name, i,
                      after->data[i], before->data[i], what);
    passed_check();
}

/*
 * What came with other numbers where nobody looks: it is attention still, and in the rows that look
 * elsewhere it is the same as before.
 */
static void expect_unchanged(AttentionResult before, AttentionResult after, const Tensor *mask,
                             const int *rows, const char *what, const char *hint)
{
    expect_result(after, what);
    expect_shape("weights", after.weights, before.weights->ndim, before.weights->shape, what);
    expect_shape("output", after.output, before.output->ndim, before.output->shape, what);
    expect_masked_zero(after.weights, mask, what);
    expect_rows_sum_to_1(after.weights, what);
    for (int item = 0; item < before.output->shape[0]; item++) {
        expect_same("output", before.output, after.output, item, rows[item], what, hint);
        expect_same("weight", before.weights, after.weights, item, rows[item], what, hint);
    }
}

/* However large the future becomes, the past is computed by the same additions. */
Test(integration, causal_future, .description = "the future does not change the past",
     .timeout = 60)
{
    enum { WIDTH = 13, BATCH = 2 };
    int length = random_between(5, 12), now = random_between(1, length - 2);
    owned Tensor *x = random_tensor(3, (int[]){BATCH, length, WIDTH});
    owned Tensor *changed = tensor_copy(x);
    for (size_t i = 0; i < x->size; i++)
        if ((int)(i / WIDTH) % length > now)
            changed->data[i] = 50 * x->data[i] + 7;
    owned Tensor *causal = need_mask(create_causal_mask(length), "create_causal_mask()");
    owned Tensor *true_causal = true_causal_mask(length);
    SelfAttention *layer = need_layer(WIDTH);

    AttentionResult before = self_attention_forward(layer, x, causal);
    expect_masked_attention(before, x, x, x, causal, true_causal,
                            cause_of_causal_mask(causal, length), CAUSAL_HINT);
    AttentionResult after = self_attention_forward(layer, changed, causal);
    expect_unchanged(before, after, true_causal, (int[BATCH]){now + 1, now + 1},
                     "only later positions changed", CAUSAL_HINT);
    free_result(before);
    free_result(after);
    self_attention_free(layer);
}

/* Width 16, as in the notebook's examples; one sequence is all padding, and a long one is before it. */
Test(integration, padded_batch, .description = "a batch with padding", .timeout = 60)
{
    enum { BATCH = 4, WIDTH = 16 };
    int length = random_between(7, 12);
    const int lengths[BATCH] = {length, 3, 0, 1 + random_below(length)};
    owned Tensor *x = random_tensor(3, (int[]){BATCH, length, WIDTH});
    owned Tensor *changed = tensor_copy(x);
    owned Tensor *padding =
        need_mask(create_padding_mask(lengths, BATCH, length), "create_padding_mask()");
    owned Tensor *true_padding = true_padding_mask(lengths, BATCH, length);
    for (size_t i = 0; i < x->size; i++)
        if ((int)(i / WIDTH) % length >= lengths[(int)(i / WIDTH) / length])
            changed->data[i] = 40 - 9 * x->data[i];

    AttentionResult before = scaled_dot_product_attention(x, x, x, padding);
    expect_masked_attention(before, x, x, x, padding, true_padding,
                            cause_of_padding_mask(padding, lengths, BATCH, length), PADDING_HINT);
    AttentionResult after = scaled_dot_product_attention(changed, changed, changed, padding);
    expect_unchanged(before, after, true_padding, lengths, "only padding changed", PADDING_HINT);
    free_result(before);
    free_result(after);
}

/* The rows of a matrix in another order. */
static Tensor *reorder(const Tensor *rows, const int *order)
{
    size_t width = (size_t)rows->shape[1];
    Tensor *mixed = tensor_copy(rows);
    for (int row = 0; row < rows->shape[0]; row++)
        memcpy(mixed->data + (size_t)row * width, rows->data + (size_t)order[row] * width,
               width * sizeof *mixed->data);
    return mixed;
}

/* Fail unless this call has the output of an earlier one, up to rounding. */
static void expect_output_of(const Tensor *output, const Tensor *Q, const Tensor *K,
                             const Tensor *V, const char *where)
{
    double elements[64];
    Expected expected = {2, {output->shape[0], output->shape[1]}, elements};
    for (size_t i = 0; i < output->size; i++)
        elements[i] = output->data[i];
    AttentionResult got = scaled_dot_product_attention(Q, K, V, NULL);
    expect_tensor("output", got.output, &expected, where, NULL);
    free_result(got);
}

/* Keys and values are a set: their order means nothing, and neither does a shift of all scores. */
Test(integration, order_of_keys, .description = "the order of the keys means nothing",
     .timeout = 60)
{
    static const int order[] = {3, 0, 4, 2, 1};
    owned Tensor *Q = random_tensor(2, (int[]){3, 13});
    owned Tensor *K = random_tensor(2, (int[]){5, 13});
    owned Tensor *V = random_tensor(2, (int[]){5, 13});
    for (size_t i = 0; i < Q->size; i += 13)
        Q->data[i] = 1;
    owned Tensor *mixed_K = reorder(K, order), *mixed_V = reorder(V, order);
    owned Tensor *shifted_K = tensor_copy(mixed_K);
    for (size_t i = 0; i < K->size; i += 13)
        shifted_K->data[i] += 3;

    AttentionResult plain = scaled_dot_product_attention(Q, K, V, NULL);
    expect_attention_kept(plain, Q, K, V, NULL, NULL);
    expect_output_of(plain.output, Q, mixed_K, mixed_V, "with keys and values in another order");
    expect_output_of(plain.output, Q, shifted_K, mixed_V,
                     "with the same number added to all scores");
    free_result(plain);
}
