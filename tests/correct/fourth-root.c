/* Q and K are each divided by the fourth root of d_k before the product; the rest is tensor.h. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static Tensor *times(const Tensor *t, float factor)
{
    Tensor *product = tensor_copy(t);
    for (size_t i = 0; product && i < product->size; i++)
        product->data[i] *= factor;
    return product;
}

static void softmax(float *row, int n)
{
    float max = row[0], sum = 0;
    for (int i = 0; i < n; i++)
        max = row[i] > max ? row[i] : max;
    for (int i = 0; i < n; i++)
        sum += row[i] = expf(row[i] - max);
    for (int i = 0; i < n; i++)
        row[i] /= sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!Q || !K || !V)
        return r;
    float factor = powf((float)tensor_axis(Q, -1), -0.25f);
    Tensor *q = times(Q, factor), *k = times(K, factor);
    Tensor *k_t = tensor_swap_last_axes(k);
    Tensor *w = tensor_matmul(q, k_t);
    tensor_free(q);
    tensor_free(k);
    tensor_free(k_t);
    if (!w)
        return r;
    if (!mask || tensor_broadcasts(mask, w)) {
        for (size_t i = 0; mask && i < w->size; i++)
            if (!mask->data[tensor_broadcast_index(mask, w, i)])
                w->data[i] = ATTENTION_MASKED_SCORE;
        for (size_t i = 0; i < w->size; i += (size_t)tensor_axis(w, -1))
            softmax(w->data + i, tensor_axis(w, -1));
        r.output = tensor_matmul(w, V);
    }
    if (r.output)
        r.weights = w;
    else
        tensor_free(w);
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *layer = d_model > 0 ? malloc(sizeof *layer) : NULL;
    if (layer)
        layer->d_model = d_model;
    return layer;
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
    for (int i = 0; mask && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    for (int b = 0; b < batch_size; b++)
        if (!lengths || lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    for (int b = 0; mask && b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                mask->data[(b * max_length + i) * max_length + j] = 1;
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        tensor_fill(mask, 1);
    return mask;
}
