/* The dot product is unrolled by Duff's device. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

#define NO_RESULT ((AttentionResult){NULL, NULL})

static float dot(const float *a, const float *b, int count)
{
    float sum = 0;
    int n = (count + 7) / 8;

    if (count < 1)
        return 0;
    switch (count % 8) {
    case 0: do { sum += *a++ * *b++; __attribute__((fallthrough));
    case 7:      sum += *a++ * *b++; __attribute__((fallthrough));
    case 6:      sum += *a++ * *b++; __attribute__((fallthrough));
    case 5:      sum += *a++ * *b++; __attribute__((fallthrough));
    case 4:      sum += *a++ * *b++; __attribute__((fallthrough));
    case 3:      sum += *a++ * *b++; __attribute__((fallthrough));
    case 2:      sum += *a++ * *b++; __attribute__((fallthrough));
    case 1:      sum += *a++ * *b++;
            } while (--n > 0);
    }
    return sum;
}

static void fill(float *to, float value, int count)
{
    int n = (count + 3) / 4;

    if (count < 1)
        return;
    switch (count % 4) {
    case 0: do { *to++ = value; __attribute__((fallthrough));
    case 3:      *to++ = value; __attribute__((fallthrough));
    case 2:      *to++ = value; __attribute__((fallthrough));
    case 1:      *to++ = value;
            } while (--n > 0);
    }
}

static void softmax(float *row, int n)
{
    float max = row[0], sum = 0;
    for (int i = 1; i < n; i++)
        if (max < row[i])
            max = row[i];
    for (int i = 0; i < n; i++) {
        row[i] = expf(row[i] - max);
        sum += row[i];
    }
    for (int i = 0; i < n; i++)
        row[i] /= sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (!Q || !K || !V || Q->ndim < 2 || K->ndim != Q->ndim || V->ndim != Q->ndim)
        return NO_RESULT;

    /* V the other way round, so that each element of the output is a dot product too */
    Tensor *V_T = tensor_swap_last_axes(V);
    Tensor *weights = NULL, *output = NULL;
    int n = Q->ndim, wshape[TENSOR_MAX_AXES], oshape[TENSOR_MAX_AXES];
    int Lq = tensor_axis(Q, -2), Lk = tensor_axis(K, -2);
    int d_k = tensor_axis(Q, -1), d_v = tensor_axis(V, -1);
    bool fit = V_T && tensor_axis(K, -1) == d_k && tensor_axis(V, -2) == Lk;

    for (int i = 0; i < n; i++) {
        wshape[i] = oshape[i] = Q->shape[i];
        if (i < n - 2 && (K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i]))
            fit = false;
    }
    wshape[n - 1] = Lk;
    oshape[n - 1] = d_v;
    if (fit) {
        weights = tensor_create(n, wshape);
        output = tensor_create(n, oshape);
    }
    if (!weights || !output ||
        (mask && (tensor_axis(mask, -2) != Lq || tensor_axis(mask, -1) != Lk ||
                  !tensor_broadcasts(mask, weights)))) {
        tensor_free(V_T);
        tensor_free(weights);
        tensor_free(output);
        return NO_RESULT;
    }

    for (size_t r = 0; r < weights->size / Lk; r++) {
        float *w = weights->data + r * Lk;
        const float *keys = K->data + r / Lq * Lk * d_k;
        const float *values = V_T->data + r / Lq * Lk * d_v;
        for (int j = 0; j < Lk; j++)
            w[j] = dot(Q->data + r * d_k, keys + j * d_k, d_k) / sqrtf(d_k);
        for (int j = 0; mask && j < Lk; j++)
            if (mask->data[tensor_broadcast_index(mask, weights, r * Lk + j)] == 0)
                w[j] = ATTENTION_MASKED_SCORE;
        softmax(w, Lk);
        for (int c = 0; c < d_v; c++)
            output->data[r * d_v + c] = dot(w, values + c * Lk, Lk);
    }
    tensor_free(V_T);
    return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *layer = d_model > 0 ? malloc(sizeof *layer) : NULL;
    if (layer)
        layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *layer, const Tensor *x,
                                       const Tensor *mask)
{
    if (!layer || tensor_axis(x, -1) != layer->d_model)
        return NO_RESULT;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *layer)
{
    free(layer);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask && i < seq_len; i++)
        fill(mask->data + (size_t)i * seq_len, 1, i + 1);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    for (int b = 0; mask && b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            fill(mask->data + ((size_t)b * max_length + i) * max_length, 1, lengths[b]);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        fill(mask->data, 1, (int)mask->size);
    return mask;
}
