#include "attention.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* author: Tara */

static void draw_line(int width)
{
    printf("+");
    for (int i = 0; i < width; width++)
        printf("-");
    printf("+\n");
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (!mask)
        return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j < seq_len; j++)
            mask->data[i * seq_len + j] = j > i ? 0 : 1;
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
        for (int i = 0; i < max_length; i++)
            for (int j = 0; j < max_length; j++)
                tensor_set(mask, (int[]){b, i, j}, i < lengths[b] && j < lengths[b]);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        tensor_fill(mask, 1);
    return mask;
}

static void softmax(float *x, int n)
{
    float m = x[0];
    float s = 0;
    for (int i = 1; i < n; i++)
        m = fmaxf(m, x[i]);
    for (int i = 0; i < n; i++)
        s += x[i] = expf(x[i] - m);
    for (int i = 0; i < n; i++)
        x[i] /= s;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    Tensor *kt = tensor_swap_last_axes(K);
    Tensor *w = tensor_matmul(Q, kt);
    Tensor *o = NULL;

    tensor_free(kt);
    if (!w)
        return (AttentionResult){NULL, NULL};
    if (mask)
        if (tensor_axis(mask, -1) != tensor_axis(w, -1) ||
            tensor_axis(mask, -2) != tensor_axis(w, -2) || !tensor_broadcasts(mask, w)) {
            tensor_free(w);
            return (AttentionResult){NULL, NULL};
        }
    for (size_t i = 0; i < w->size; i++) {
        w->data[i] /= sqrtf(tensor_axis(K, -1));
        if (mask && mask->data[tensor_broadcast_index(mask, w, i)] == 0)
            w->data[i] = ATTENTION_MASKED_SCORE;
    }
    for (size_t i = 0; i < w->size; i += tensor_axis(w, -1))
        softmax(&w->data[i], tensor_axis(w, -1));
    o = tensor_matmul(w, V);
    if (!o) {
        tensor_free(w);
        return (AttentionResult){NULL, NULL};
    }
    return (AttentionResult){o, w};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *attention;

    if (d_model < 1)
        return NULL;
    attention = malloc(sizeof *attention);
    if (!attention)
        return NULL;
    attention->d_model = d_model;
    draw_line(24);
    printf("| SelfAttention: %-7d |\n", d_model);
    draw_line(24);
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
