/* Bad input is refused, and everything that must hold after that is asserted. */
#include "attention.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(float) == 4, "tensors hold IEEE single precision");

static int is_probability(float p)
{
    return p >= 0.0f && p <= 1.0f + 1e-5f;
}

static void softmax(float *row, int n)
{
    assert(row != NULL);
    assert(n > 0);

    float max = row[0];
    for (int i = 0; i < n; i++) {
        assert(!isnan(row[i]));
        if (row[i] > max)
            max = row[i];
    }
    float sum = 0.0f;
    for (int i = 0; i < n; i++) {
        assert(row[i] <= max);
        row[i] = expf(row[i] - max);
        sum += row[i];
    }
    assert(sum >= 1.0f);
    for (int i = 0; i < n; i++) {
        row[i] /= sum;
        assert(is_probability(row[i]));
    }
}

static int inputs_fit(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (Q == NULL || K == NULL || V == NULL)
        return 0;
    assert(Q->ndim >= 1 && Q->ndim <= TENSOR_MAX_AXES);
    assert(Q->data != NULL && K->data != NULL && V->data != NULL);
    if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return 0;
    for (int i = 0; i < Q->ndim - 2; i++)
        if (Q->shape[i] != K->shape[i] || Q->shape[i] != V->shape[i])
            return 0;
    return tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static int mask_fits(const Tensor *mask, const Tensor *scores)
{
    assert(scores != NULL);
    if (mask == NULL)
        return 1;
    if (tensor_axis(mask, -1) != tensor_axis(scores, -1))
        return 0;
    if (tensor_axis(mask, -2) != tensor_axis(scores, -2))
        return 0;
    return tensor_broadcasts(mask, scores);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    const AttentionResult refused = {NULL, NULL};

    if (!inputs_fit(Q, K, V))
        return refused;

    Tensor *transposed = tensor_swap_last_axes(K);
    if (transposed == NULL)
        return refused;
    assert(tensor_axis(transposed, -2) == tensor_axis(Q, -1));
    Tensor *weights = tensor_matmul(Q, transposed);
    tensor_free(transposed);
    if (weights == NULL)
        return refused;
    assert(tensor_axis(weights, -2) == tensor_axis(Q, -2));
    assert(tensor_axis(weights, -1) == tensor_axis(K, -2));
    if (!mask_fits(mask, weights)) {
        tensor_free(weights);
        return refused;
    }

    const int n = tensor_axis(weights, -1);
    const float scale = sqrtf((float)tensor_axis(Q, -1));
    assert(scale >= 1.0f);
    for (size_t i = 0; i < weights->size; i++) {
        weights->data[i] /= scale;
        if (mask != NULL) {
            size_t m = tensor_broadcast_index(mask, weights, i);
            assert(m < mask->size);
            if (mask->data[m] == 0.0f)
                weights->data[i] = ATTENTION_MASKED_SCORE;
        }
    }
    assert(weights->size % (size_t)n == 0);
    for (size_t i = 0; i < weights->size; i += (size_t)n)
        softmax(&weights->data[i], n);

    Tensor *output = tensor_matmul(weights, V);
    if (output == NULL) {
        tensor_free(weights);
        return refused;
    }
    assert(tensor_axis(output, -1) == tensor_axis(V, -1));
    return (AttentionResult){.output = output, .weights = weights};
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *attention = malloc(sizeof *attention);
    if (attention == NULL)
        return NULL;
    attention->d_model = d_model;
    assert(attention->d_model >= 1);
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (attention == NULL || x == NULL)
        return (AttentionResult){NULL, NULL};
    assert(attention->d_model >= 1);
    if (tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    AttentionResult result = scaled_dot_product_attention(x, x, x, mask);
    assert((result.output == NULL) == (result.weights == NULL));
    assert(result.output == NULL || tensor_same_shape(result.output, x));
    return result;
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    assert(seq_len >= 1);
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j < seq_len; j++) {
            size_t at = (size_t)i * (size_t)seq_len + (size_t)j;
            assert(at < mask->size);
            assert(mask->data[at] == 0.0f);
            mask->data[at] = j <= i;
        }
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;
    assert(mask->size == (size_t)batch_size * (size_t)max_length * (size_t)max_length);
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                tensor_set(mask, (int[]){b, i, j}, 1.0f);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    tensor_fill(mask, 1.0f);
    assert(tensor_get(mask, (int[]){seq_len - 1, seq_len - 1}) == 1.0f);
    return mask;
}
