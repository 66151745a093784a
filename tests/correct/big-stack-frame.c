/* One megabyte of scores on the stack; the heap only when a row is longer than that allows. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

#define MAX_ROW 131072

static const AttentionResult NOTHING = {NULL, NULL};

static bool shapes_match(const Tensor *q, const Tensor *k, const Tensor *v)
{
    if (!q || !k || !v || q->ndim < 2 || q->ndim != k->ndim || q->ndim != v->ndim)
        return false;
    for (int i = 0; i < q->ndim - 2; i++)
        if (q->shape[i] != k->shape[i] || q->shape[i] != v->shape[i])
            return false;
    return tensor_axis(q, -1) == tensor_axis(k, -1) && tensor_axis(k, -2) == tensor_axis(v, -2);
}

static void weights_of_row(const double *scores, int n, float *weights)
{
    double highest = scores[0], sum = 0;
    for (int j = 1; j < n; j++)
        highest = fmax(highest, scores[j]);
    for (int j = 0; j < n; j++)
        sum += exp(scores[j] - highest);
    for (int j = 0; j < n; j++)
        weights[j] = (float)(exp(scores[j] - highest) / sum);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    double on_stack[MAX_ROW] = {0};
    double *scores = on_stack;
    int shape[TENSOR_MAX_AXES] = {0};

    if (!shapes_match(Q, K, V))
        return NOTHING;
    for (int i = 0; i < Q->ndim - 1; i++)
        shape[i] = Q->shape[i];

    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    int dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    shape[Q->ndim - 1] = dv;
    Tensor *output = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = lk;
    Tensor *weights = tensor_create(Q->ndim, shape);
    if (lk > MAX_ROW)
        scores = malloc((size_t)lk * sizeof *scores);

    bool ready = output && weights && scores;
    if (ready && mask)
        ready = tensor_axis(mask, -2) == lq && tensor_axis(mask, -1) == lk &&
                tensor_broadcasts(mask, weights);
    for (size_t row = 0; ready && row < weights->size / lk; row++) {
        const float *q = Q->data + row * dk, *k = K->data + row / lq * lk * dk;
        const float *v = V->data + row / lq * lk * dv;
        float *w = weights->data + row * lk, *o = output->data + row * dv;
        for (int j = 0; j < lk; j++) {
            scores[j] = 0;
            for (int d = 0; d < dk; d++)
                scores[j] += (double)q[d] * k[j * dk + d];
            scores[j] /= sqrt(dk);
            if (mask && mask->data[tensor_broadcast_index(mask, weights, row * lk + j)] == 0)
                scores[j] = ATTENTION_MASKED_SCORE;
        }
        weights_of_row(scores, lk, w);
        for (int j = 0; j < lk; j++)
            for (int c = 0; c < dv; c++)
                o[c] += w[j] * v[j * dv + c];
    }
    if (scores != on_stack)
        free(scores);
    if (!ready) {
        tensor_free(output);
        tensor_free(weights);
        return NOTHING;
    }
    return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *layer = malloc(sizeof *layer);
    if (!layer)
        return NULL;
    layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *layer, const Tensor *x,
                                       const Tensor *mask)
{
    if (!layer || !x || tensor_axis(x, -1) != layer->d_model)
        return NOTHING;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *layer)
{
    free(layer);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        for (int i = 0; i < seq_len; i++)
            for (int j = 0; j <= i; j++)
                tensor_set(mask, (int[]){i, j}, 1);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || batch_size < 1)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask)
        for (int b = 0; b < batch_size; b++)
            for (int i = 0; i < lengths[b]; i++)
                for (int j = 0; j < lengths[b]; j++)
                    tensor_set(mask, (int[]){b, i, j}, 1);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        tensor_fill(mask, 1);
    return mask;
}
