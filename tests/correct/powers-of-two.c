/* e to the x as 2 to the x log2(e), with the factor in the scale; fmaf() for the sums. */
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

static bool attend(const float *q, const float *K, const float *V, const bool *allowed, int lk,
                   int d_k, int d_v, float *w, float *o)
{
    const float log2_e = 1.44269504f, scale = log2_e / sqrtf((float)d_k);
    float max = -HUGE_VALF, sum = 0;
    for (int j = 0; j < lk; j++) {
        float s = 0;
        for (int d = 0; d < d_k; d++)
            s = fmaf(q[d], K[j * d_k + d], s);
        w[j] = allowed[j] ? s * scale : ATTENTION_MASKED_SCORE;
        max = fmaxf(max, w[j]);
    }
    for (int j = 0; j < lk; j++)
        sum += w[j] = exp2f(w[j] - max);
    for (int c = 0; c < d_v; c++) {
        float mean = 0;
        for (int j = 0; j < lk; j++)
            mean = fmaf(w[j], V[j * d_v + c], mean);
        o[c] = mean / sum;
    }
    for (int j = 0; j < lk; j++)
        w[j] /= sum;
    return true;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!fits(Q, K, V, mask))
        return r;
    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    int d_k = tensor_axis(Q, -1), d_v = tensor_axis(V, -1);
    r.output = with_last_axis(Q, d_v);
    r.weights = with_last_axis(Q, lk);
    bool *allowed = malloc((size_t)lk * sizeof *allowed);
    if (!r.output || !r.weights || !allowed) {
        tensor_free(r.output);
        tensor_free(r.weights);
        free(allowed);
        return (AttentionResult){NULL, NULL};
    }
    bool done = true;
    for (size_t row = 0; done && row < r.weights->size / (size_t)lk; row++) {
        size_t batch = row / (size_t)lq;
        for (int j = 0; j < lk; j++)
            allowed[j] = !mask || mask->data[tensor_broadcast_index(mask, r.weights, row * (size_t)lk + (size_t)j)] != 0;
        done = attend(Q->data + row * (size_t)d_k, K->data + batch * (size_t)(lk * d_k),
               V->data + batch * (size_t)(lk * d_v), allowed, lk, d_k, d_v,
               r.weights->data + row * (size_t)lk, r.output->data + row * (size_t)d_v);
    }
    free(allowed);
    if (!done) {
        tensor_free(r.output);
        tensor_free(r.weights);
        r.output = r.weights = NULL;
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
