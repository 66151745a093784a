/* The outer loop runs over the keys; scores and output are built up key by key. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>

struct geometry {
    int batches;
    int queries, keys;
    int d_k, d_v;
};

static bool geometry_of(const Tensor *Q, const Tensor *K, const Tensor *V, struct geometry *g)
{
    if (!Q || !K || !V)
        return false;
    if (Q->ndim < 2 || K->ndim != Q->ndim || V->ndim != Q->ndim)
        return false;
    g->batches = 1;
    for (int axis = 0; axis < Q->ndim - 2; axis++) {
        if (K->shape[axis] != Q->shape[axis] || V->shape[axis] != Q->shape[axis])
            return false;
        g->batches *= Q->shape[axis];
    }
    g->queries = tensor_axis(Q, -2);
    g->keys = tensor_axis(K, -2);
    g->d_k = tensor_axis(K, -1);
    g->d_v = tensor_axis(V, -1);
    return tensor_axis(Q, -1) == g->d_k && tensor_axis(V, -2) == g->keys;
}

static Tensor *create_like(const Tensor *t, int last)
{
    int shape[TENSOR_MAX_AXES];
    for (int axis = 0; axis < t->ndim; axis++)
        shape[axis] = axis == t->ndim - 1 ? last : t->shape[axis];
    return tensor_create(t->ndim, shape);
}

static void scores_of_key(const struct geometry *g, const float *q, const float *key,
                          float *column)
{
    for (int i = 0; i < g->queries; i++) {
        float dot = 0;
        for (int d = 0; d < g->d_k; d++)
            dot += q[i * g->d_k + d] * key[d];
        column[i * g->keys] = dot / sqrtf((float)g->d_k);
    }
}

static void softmax_rows(const struct geometry *g, float *w)
{
    for (int i = 0; i < g->queries; i++, w += g->keys) {
        float max = -INFINITY, sum = 0;
        for (int j = 0; j < g->keys; j++)
            max = fmaxf(max, w[j]);
        for (int j = 0; j < g->keys; j++)
            sum += w[j] = expf(w[j] - max);
        for (int j = 0; j < g->keys; j++)
            w[j] /= sum;
    }
}

static void add_value(const struct geometry *g, const float *column, const float *value,
                      float *out)
{
    for (int i = 0; i < g->queries; i++)
        for (int c = 0; c < g->d_v; c++)
            out[i * g->d_v + c] += column[i * g->keys] * value[c];
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    struct geometry g;
    AttentionResult r = {NULL, NULL};

    if (!geometry_of(Q, K, V, &g))
        return r;
    if (mask && (tensor_axis(mask, -2) != g.queries || tensor_axis(mask, -1) != g.keys))
        return r;
    r.weights = create_like(Q, g.keys);
    r.output = create_like(Q, g.d_v);
    if (!r.weights || !r.output || (mask && !tensor_broadcasts(mask, r.weights))) {
        tensor_free(r.weights);
        tensor_free(r.output);
        return (AttentionResult){NULL, NULL};
    }

    size_t qs = (size_t)g.queries * g.d_k, ks = (size_t)g.keys * g.d_k;
    size_t vs = (size_t)g.keys * g.d_v, ws = (size_t)g.queries * g.keys;
    size_t os = (size_t)g.queries * g.d_v;
    for (int b = 0; b < g.batches; b++)
        for (int j = 0; j < g.keys; j++)
            scores_of_key(&g, Q->data + b * qs, K->data + b * ks + j * g.d_k,
                          r.weights->data + b * ws + j);
    if (mask)
        for (size_t i = 0; i < r.weights->size; i++)
            if (mask->data[tensor_broadcast_index(mask, r.weights, i)] == 0)
                r.weights->data[i] = ATTENTION_MASKED_SCORE;
    for (int b = 0; b < g.batches; b++)
        softmax_rows(&g, r.weights->data + b * ws);
    for (int b = 0; b < g.batches; b++)
        for (int j = 0; j < g.keys; j++)
            add_value(&g, r.weights->data + b * ws + j, V->data + b * vs + j * g.d_v,
                      r.output->data + b * os);
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *layer;

    if (d_model < 1 || !(layer = malloc(sizeof *layer)))
        return NULL;
    layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (!attention || !x || tensor_axis(x, -1) != attention->d_model)
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

    for (int key = 0; mask && key < seq_len; key++)
        for (int query = key; query < seq_len; query++)
            tensor_set(mask, (int[]){query, key}, 1.0f);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    for (int b = 0; b < batch_size; b++)
        if (!lengths || lengths[b] < 0 || lengths[b] > max_length)
            return NULL;

    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});

    for (int b = 0; mask && b < batch_size; b++)
        for (int key = 0; key < lengths[b]; key++)
            for (int query = 0; query < lengths[b]; query++)
                tensor_set(mask, (int[]){b, query, key}, 1.0f);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});

    if (mask)
        tensor_fill(mask, 1.0f);
    return mask;
}
