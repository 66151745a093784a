/* Each matrix of a batch becomes a tensor of its own, and its result is copied back. */
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

static Tensor *matrix_of(const Tensor *t, size_t i)
{
    Tensor *m = tensor_create(2, t->shape + t->ndim - 2);
    if (m)
        memcpy(m->data, t->data + i * m->size, m->size * sizeof *m->data);
    return m;
}

static bool put_back(Tensor *t, size_t i, Tensor *m)
{
    if (m)
        memcpy(t->data + i * m->size, m->data, m->size * sizeof *m->data);
    tensor_free(m);
    return m != NULL;
}

static void softmax(Tensor *m)
{
    for (int row = 0; row < m->shape[0]; row++) {
        float *x = m->data + row * m->shape[1], max = -INFINITY, sum = 0;
        for (int i = 0; i < m->shape[1]; i++)
            max = fmaxf(max, x[i]);
        for (int i = 0; i < m->shape[1]; i++)
            sum += x[i] = expf(x[i] - max);
        for (int i = 0; i < m->shape[1]; i++)
            x[i] /= sum;
    }
}

static bool attend(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask, size_t i,
                   AttentionResult *r)
{
    Tensor *q = matrix_of(Q, i), *k = matrix_of(K, i), *v = matrix_of(V, i);
    Tensor *k_t = tensor_swap_last_axes(k), *w = tensor_matmul(q, k_t), *o = NULL;
    if (w) {
        for (size_t j = 0; j < w->size; j++) {
            w->data[j] /= sqrtf((float)q->shape[1]);
            if (mask && mask->data[tensor_broadcast_index(mask, r->weights, i * w->size + j)] == 0)
                w->data[j] = ATTENTION_MASKED_SCORE;
        }
        softmax(w);
        o = tensor_matmul(w, v);
    }
    tensor_free(q);
    tensor_free(k);
    tensor_free(k_t);
    tensor_free(v);
    bool put_w = put_back(r->weights, i, w);
    return put_back(r->output, i, o) && put_w;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (!fits(Q, K, V, mask))
        return (AttentionResult){NULL, NULL};
    AttentionResult r = {with_last_axis(Q, tensor_axis(V, -1)), with_last_axis(Q, tensor_axis(K, -2))};
    bool done = r.output && r.weights;
    size_t matrices = Q->size / (size_t)(tensor_axis(Q, -1) * tensor_axis(Q, -2));
    for (size_t i = 0; done && i < matrices; i++)
        done = attend(Q, K, V, mask, i, &r);
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
