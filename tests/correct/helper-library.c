/* Everything that tensor.h offers is used; only the softmax is written out. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>

static int mask_fits(const Tensor *mask, const Tensor *scores)
{
    return tensor_axis(mask, -2) == tensor_axis(scores, -2) &&
           tensor_axis(mask, -1) == tensor_axis(scores, -1) &&
           tensor_broadcasts(mask, scores);
}

static Tensor *raw_scores(const Tensor *Q, const Tensor *K)
{
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *scores = tensor_matmul(Q, K_T);

    tensor_free(K_T);
    return scores;
}

static void scale(Tensor *scores, int d_k)
{
    for (size_t i = 0; i < scores->size; i++)
        scores->data[i] /= sqrtf((float)d_k);
}

static void apply_mask(Tensor *scores, const Tensor *mask)
{
    for (size_t i = 0; i < scores->size; i++)
        if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0.0f)
            scores->data[i] = ATTENTION_MASKED_SCORE;
}

static void softmax_row(float *row, int n)
{
    float highest = row[0];
    float sum = 0.0f;

    for (int j = 1; j < n; j++)
        highest = fmaxf(highest, row[j]);
    for (int j = 0; j < n; j++) {
        row[j] = expf(row[j] - highest);
        sum += row[j];
    }
    for (int j = 0; j < n; j++)
        row[j] /= sum;
}

static void softmax_last_axis(Tensor *scores)
{
    int n = tensor_axis(scores, -1);

    for (size_t start = 0; start < scores->size; start += (size_t)n)
        softmax_row(scores->data + start, n);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult nothing = {NULL, NULL};
    AttentionResult result = {NULL, NULL};

    if (!Q || !K || !V)
        return nothing;
    result.weights = raw_scores(Q, K);
    if (!result.weights)
        return nothing;
    if (mask && !mask_fits(mask, result.weights)) {
        tensor_free(result.weights);
        return nothing;
    }
    scale(result.weights, tensor_axis(Q, -1));
    if (mask)
        apply_mask(result.weights, mask);
    softmax_last_axis(result.weights);
    result.output = tensor_matmul(result.weights, V);
    if (!result.output) {
        tensor_free(result.weights);
        return nothing;
    }
    return result;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *attention;

    if (d_model < 1)
        return NULL;
    attention = malloc(sizeof *attention);
    if (attention)
        attention->d_model = d_model;
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (!attention || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});

    if (!mask)
        return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            tensor_set(mask, (int[]){i, j}, 1.0f);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    Tensor *mask;

    if (!lengths)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!mask)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                tensor_set(mask, (int[]){b, i, j}, 1.0f);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});

    if (mask)
        tensor_fill(mask, 1.0f);
    return mask;
}
