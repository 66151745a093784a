/* Masks become words of 64 bits; a row of the causal mask is drawn with memset and memcpy. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>

static bool fits(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    if (!Q || !K || !V || Q->ndim < 2 || K->ndim != Q->ndim || V->ndim != Q->ndim)
        return false;
    for (int axis = 0; axis < Q->ndim - 2; axis++)
        if (K->shape[axis] != Q->shape[axis] || V->shape[axis] != Q->shape[axis])
            return false;
    if (tensor_axis(Q, -1) != tensor_axis(K, -1) || tensor_axis(K, -2) != tensor_axis(V, -2))
        return false;
    Tensor scores = *Q;
    scores.shape[Q->ndim - 1] = tensor_axis(K, -2);
    return !mask || tensor_broadcasts(mask, &scores);
}

static Tensor *with_last_axis(const Tensor *t, int size)
{
    int shape[TENSOR_MAX_AXES];
    for (int axis = 0; axis < t->ndim; axis++)
        shape[axis] = t->shape[axis];
    shape[t->ndim - 1] = size;
    return tensor_create(t->ndim, shape);
}

static float dot(const float *a, const float *b, int n)
{
    float sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static uint64_t *bits_of(const Tensor *mask, const Tensor *scores)
{
    uint64_t *bits = calloc(scores->size / 64 + 1, sizeof *bits);
    for (size_t i = 0; bits && i < scores->size; i++)
        if (!mask || mask->data[tensor_broadcast_index(mask, scores, i)] != 0.0f)
            bits[i / 64] |= (uint64_t)1 << i % 64;
    return bits;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!fits(Q, K, V, mask))
        return r;
    Tensor *w = with_last_axis(Q, tensor_axis(K, -2)), *o = with_last_axis(Q, tensor_axis(V, -1));
    uint64_t *bits = w ? bits_of(mask, w) : NULL;
    if (!w || !o || !bits) {
        tensor_free(w);
        tensor_free(o);
        free(bits);
        return r;
    }
    size_t lq = (size_t)tensor_axis(Q, -2), lk = (size_t)tensor_axis(K, -2);
    size_t d_k = (size_t)tensor_axis(Q, -1), d_v = (size_t)tensor_axis(V, -1);
    for (size_t i = 0; i < w->size; i++) {
        size_t row = i / lk, key = row / lq * lk + i % lk;
        w->data[i] = bits[i / 64] >> i % 64 & 1
                         ? dot(Q->data + row * d_k, K->data + key * d_k, (int)d_k) / sqrtf(d_k)
                         : ATTENTION_MASKED_SCORE;
    }
    free(bits);
    for (size_t row = 0; row < w->size / lk; row++) {
        float *x = w->data + row * lk, max = x[0], sum = 0;
        for (size_t j = 1; j < lk; j++)
            max = fmaxf(x[j], max);
        for (size_t j = 0; j < lk; j++)
            sum += (x[j] = expf(x[j] - max));
        for (size_t j = 0; j < lk; j++) {
            x[j] = x[j] / sum;
            for (size_t c = 0; c < d_v; c++)
                o->data[row * d_v + c] += x[j] * V->data[(row / lq * lk + j) * d_v + c];
        }
    }
    r.output = o;
    r.weights = w;
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

Tensor *create_bidirectional_mask(int seq_len)
{
    const int shape[] = {seq_len, seq_len};
    Tensor *mask = tensor_create(2, shape);
    if (!mask)
        return NULL;
    mask->data[0] = 1;
    for (size_t done = 1; done < mask->size; done *= 2)
        memcpy(mask->data + done, mask->data,
               (done * 2 <= mask->size ? done : mask->size - done) * sizeof *mask->data);
    return mask;
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = create_bidirectional_mask(seq_len);
    for (int i = 0; mask && i < seq_len; i++)
        memset(mask->data + (size_t)i * seq_len + i + 1, 0, (size_t)(seq_len - 1 - i) * sizeof *mask->data);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || batch_size < 1)
        return NULL;
    for (int b = batch_size - 1; b >= 0; b--)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    Tensor *ones = create_bidirectional_mask(max_length);
    if (!mask || !ones) {
        tensor_free(mask);
        tensor_free(ones);
        return NULL;
    }
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            memcpy(mask->data + ((size_t)b * max_length + i) * max_length, ones->data,
                   (size_t)lengths[b] * sizeof *mask->data);
    tensor_free(ones);
    return mask;
}
