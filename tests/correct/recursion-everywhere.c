/* No loop at all: every sum, maximum and fill is a function that calls itself. */
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
    return n == 0 ? 0 : *a * *b + dot(a + 1, b + 1, n - 1);
}

static float largest(const float *x, int n)
{
    return n == 1 ? *x : fmaxf(*x, largest(x + 1, n - 1));
}

static float exponentials(float *x, int n, float max)
{
    if (n == 0)
        return 0;
    *x = expf(*x - max);
    return *x + exponentials(x + 1, n - 1, max);
}

static void divide(float *x, int n, float by)
{
    if (n == 0)
        return;
    *x /= by;
    divide(x + 1, n - 1, by);
}

static void score(const Tensor *Q, const Tensor *K, const Tensor *mask, Tensor *w, size_t at)
{
    if (at == w->size)
        return;
    size_t lq = (size_t)tensor_axis(Q, -2), lk = (size_t)tensor_axis(K, -2), row = at / lk;
    size_t d = (size_t)tensor_axis(Q, -1), key = row / lq * lk + at % lk;
    w->data[at] = dot(Q->data + row * d, K->data + key * d, (int)d) / sqrtf((float)d);
    if (mask && mask->data[tensor_broadcast_index(mask, w, at)] == 0)
        w->data[at] = ATTENTION_MASKED_SCORE;
    score(Q, K, mask, w, at + 1);
}

static void softmax(float *x, int n, size_t rows)
{
    if (rows == 0)
        return;
    divide(x, n, exponentials(x, n, largest(x, n)));
    softmax(x + n, n, rows - 1);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!fits(Q, K, V, mask) || !(r.weights = with_last_axis(Q, tensor_axis(K, -2))))
        return r;
    score(Q, K, mask, r.weights, 0);
    softmax(r.weights->data, tensor_axis(K, -2), r.weights->size / (size_t)tensor_axis(K, -2));
    if (!(r.output = tensor_matmul(r.weights, V))) {
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

static bool lengths_fit(const int *lengths, int n, int max)
{
    return n <= 0 || (*lengths >= 0 && *lengths <= max && lengths_fit(lengths + 1, n - 1, max));
}

static void fill(Tensor *mask, const int *lengths, bool causal, size_t at)
{
    if (!mask || at == mask->size)
        return;
    int n = tensor_axis(mask, -1), i = (int)(at / (size_t)n % (size_t)n), j = (int)(at % (size_t)n);
    int valid = lengths ? lengths[at / (size_t)n / (size_t)n] : n;
    mask->data[at] = i < valid && j < valid && (!causal || j <= i);
    fill(mask, lengths, causal, at + 1);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    fill(mask, NULL, true, 0);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || !lengths_fit(lengths, batch_size, max_length))
        return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    fill(mask, lengths, false, 0);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    fill(mask, NULL, false, 0);
    return mask;
}
