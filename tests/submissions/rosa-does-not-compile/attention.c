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
    tensor_fill(mask, 1.0f)
    return mask;
}

/* ---- scaled dot-product attention ------------------------------------------------------------ */

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult result = {NULL, NULL};
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *scores = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (scores == NULL)
        return result;

    float root = sqrtf((float)tensor_axis(Q, -1));
    for (size_t i = 0; i < scores->size; i++)
        scores->data[i] /= root;

    if (mask != NULL) {
        if (tensor_axis(mask, -2) != tensor_axis(scores, -2) ||
            tensor_axis(mask, -1) != tensor_axis(scores, -1) || !tensor_broadcasts(mask, scores)) {
            tensor_free(scores);
            return result;
        }
        for (size_t i = 0; i < scores->size; i++)
            if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0.0f)
                scores->data[i] = ATTENTION_MASKED_SCORE;
    }

    for (size_t start = 0; start < scores->size; start += (size_t)n) {
        float *row = scores->data + start;
        float max = row[0], sum = 0.0f;
        for (int j = 1; j < n; j++)
            max = fmaxf(max, row[j]);
        for (int j = 0; j < n; j++)
            sum += row[j] = expf(row[j] - max);
        for (int j = 0; j < n; j++)
            row[j] /= sum;
    }

    result.output = tensor_matmul(scores, V);
    if (result.output == NULL) {
        tensor_free(scores);
        return result;
    }
    result.weights = scores;
    return result;
}

/* ---- self-attention -------------------------------------------------------------------------- */

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *attention = malloc(sizeof *attention);
    if (attention == NULL)
        return NULL;
    attention->d_model = d_model;
    return attention;
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
