/* When Q and K are one tensor, their products are symmetric: only half of them is computed. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static void all_scores(const Tensor *Q, const Tensor *K, Tensor *w)
{
    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2), d_k = tensor_axis(Q, -1);
    for (size_t b = 0; b < w->size / (size_t)(lq * lk); b++) {
        float *s = w->data + b * (size_t)(lq * lk);
        const float *q = Q->data + b * (size_t)(lq * d_k), *k = K->data + b * (size_t)(lk * d_k);
        for (int i = 0; i < lq; i++)
            for (int j = 0; j < lk; j++)
                s[i * lk + j] = Q == K && j < i ? s[j * lk + i]
                                                : dot(q + i * d_k, k + j * d_k, d_k) / sqrtf((float)d_k);
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!fits(Q, K, V, mask) || !(r.weights = with_last_axis(Q, tensor_axis(K, -2))))
        return r;
    all_scores(Q, K, r.weights);
    int lk = tensor_axis(K, -2);
    for (size_t row = 0; row < r.weights->size; row += (size_t)lk) {
        float *w = r.weights->data + row;
        for (int j = 0; mask && j < lk; j++)
            if (mask->data[tensor_broadcast_index(mask, r.weights, row + (size_t)j)] == 0)
                w[j] = ATTENTION_MASKED_SCORE;
        float max = w[0], sum = 0;
        for (int j = 1; j < lk; j++)
            max = fmaxf(max, w[j]);
        for (int j = 0; j < lk; j++)
            sum += w[j] = expf(w[j] - max);
        for (int j = 0; j < lk; j++)
            w[j] /= sum;
    }
    r.output = tensor_matmul(r.weights, V);
    if (!r.output) {
        tensor_free(r.weights);
        r.weights = NULL;
    }
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
