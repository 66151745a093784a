/* All scratch memory of a call comes from one block, cut up by hand; tensors are built by hand too. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static Tensor *build(int ndim, const int *lead, int rows, int columns)
{
    Tensor *t = malloc(sizeof(Tensor));
    if (t == NULL)
        return NULL;
    memset(t, 0, sizeof(Tensor));
    t->ndim = ndim;
    t->size = (size_t)rows * columns;
    for (int i = 0; i < ndim - 2; i++) {
        t->shape[i] = lead[i];
        t->size *= lead[i];
    }
    t->shape[ndim - 2] = rows;
    t->shape[ndim - 1] = columns;
    t->data = malloc(t->size * sizeof(float));
    if (t->data == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

static bool same_lead(const Tensor *a, const Tensor *b)
{
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, (a->ndim - 2) * sizeof(int)) == 0;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (V == NULL || K == NULL || Q == NULL || V->ndim < 2 || K->ndim < 2 || Q->ndim < 2)
        return none;
    if (!same_lead(K, V) || !same_lead(Q, K))
        return none;
    int last = Q->ndim - 1, lq = Q->shape[last - 1], lk = K->shape[last - 1];
    int dk = Q->shape[last], dv = V->shape[last];
    if (V->shape[last - 1] != lk || K->shape[last] != dk)
        return none;
    Tensor *weights = build(Q->ndim, Q->shape, lq, lk);
    Tensor *output = build(Q->ndim, Q->shape, lq, dv);
    double *scratch = malloc(((size_t)lk + dv + 1) * sizeof(double));
    if (!weights || !output || !scratch || (mask && !tensor_broadcasts(mask, weights))) {
        tensor_free(weights);
        tensor_free(output);
        free(scratch);
        return none;
    }
    double *score = scratch, *mean = scratch + lk, *total = mean + dv;
    for (size_t r = 0; r < weights->size / lk; r++) {
        const float *q = Q->data + r * dk, *k = K->data + r / lq * lk * dk, *v = V->data + r / lq * lk * dv;
        double top = -INFINITY;
        memset(mean, 0, (dv + 1) * sizeof(double));
        for (int j = 0; j < lk; j++) {
            score[j] = 0;
            for (int d = 0; d < dk; d++)
                score[j] += (double)q[d] * k[j * dk + d];
            score[j] /= sqrt(dk);
            if (mask && !mask->data[tensor_broadcast_index(mask, weights, r * lk + j)])
                score[j] = -1e9;
            top = score[j] > top ? score[j] : top;
        }
        for (int j = 0; j < lk; j++)
            *total += score[j] = exp(score[j] - top);
        for (int j = 0; j < lk; j++) {
            weights->data[r * lk + j] = score[j] / *total;
            for (int c = 0; c < dv; c++)
                mean[c] += score[j] / *total * v[j * dv + c];
        }
        for (int c = 0; c < dv; c++)
            output->data[r * dv + c] = mean[c];
    }
    free(scratch);
    return (AttentionResult){output, weights};
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

static Tensor *square(int n, bool causal)
{
    if (n < 1 || (size_t)n * n > TENSOR_MAX_SIZE)
        return NULL;
    Tensor *m = build(2, NULL, n, n);
    for (int i = 0; m && i < n * n; i++)
        m->data[i] = !causal || i % n <= i / n;
    return m;
}

Tensor *create_causal_mask(int seq_len)
{
    return square(seq_len, true);
}

Tensor *create_bidirectional_mask(int seq_len)
{
    return square(seq_len, false);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (batch_size < 1 || max_length < 1 || lengths == NULL)
        return NULL;
    if ((size_t)max_length * max_length > TENSOR_MAX_SIZE / batch_size)
        return NULL;
    for (const int *l = lengths; l < lengths + batch_size; l++)
        if (*l > max_length || *l < 0)
            return NULL;
    Tensor *m = build(3, &batch_size, max_length, max_length);
    if (m == NULL)
        return NULL;
    float *p = m->data;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < max_length; i++)
            for (int j = 0; j < max_length; j++)
                *p++ = i < lengths[b] && j < lengths[b] ? 1.0f : 0.0f;
    return m;
}
