/*
 * attention.c: the attention mechanism. This is the one file that you write and hand in.
 *
 * Julia S., 2nd year
 */
#include "attention.h"

#include <math.h>
#include <stdlib.h>

/* ---- masks ----------------------------------------------------------------------------------- */

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            tensor_set(mask, (int[]){i, j}, 1.0f);
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
    /* the first lengths[b] positions of sequence b are real */
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < max_length; j++)
                tensor_set(mask, (int[]){b, i, j}, 1.0f);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    tensor_fill(mask, 1.0f);
    return mask;
}

/* ---- scaled dot-product attention ------------------------------------------------------------ */

static bool mask_does_not_fit(const Tensor *mask, const Tensor *scores)
{
    return tensor_axis(mask, -2) != tensor_axis(scores, -2) ||
           tensor_axis(mask, -1) != tensor_axis(scores, -1) || !tensor_broadcasts(mask, scores);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult nothing = {NULL, NULL};

    /* 1. scores */
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *weights = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (weights == NULL)
        return nothing;

    /* 2. scale */
    float root = sqrtf((float)tensor_axis(Q, -1));
    for (size_t i = 0; i < weights->size; i++)
        weights->data[i] /= root;

    /* 3. mask */
    if (mask != NULL) {
        if (mask_does_not_fit(mask, weights)) {
            tensor_free(weights);
            return nothing;
        }
        for (size_t i = 0; i < weights->size; i++)
            if (mask->data[tensor_broadcast_index(mask, weights, i)] == 0.0f)
                weights->data[i] = ATTENTION_MASKED_SCORE;
    }

    /* 4. softmax over each row */
    int n = tensor_axis(weights, -1);
    for (size_t start = 0; start < weights->size; start += (size_t)n) {
        float *row = weights->data + start;
        float max = row[0], sum = 0.0f;
        for (int j = 1; j < n; j++)
            if (row[j] > max)
                max = row[j];
        for (int j = 0; j < n; j++)
            sum += row[j] = expf(row[j] - max);
        for (int j = 0; j < n; j++)
            row[j] /= sum;
    }

    /* 5. output */
    Tensor *output = tensor_matmul(weights, V);
    if (output == NULL) {
        tensor_free(weights);
        return nothing;
    }
    return (AttentionResult){output, weights};
}

/* ---- self-attention -------------------------------------------------------------------------- */

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *p = malloc(sizeof *p);
    if (p == NULL)
        return NULL;
    p->d_model = d_model;
    return p;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
