/* The leading axes counted as an odometer does, every element through tensor_get(). */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

Tensor *create_causal_mask(int seq_len)
{
    int dims[2] = {seq_len, seq_len};
    Tensor *m = tensor_create(2, dims);
    if (!m)
        return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j < seq_len; j++)
            tensor_set(m, (int[]){i, j}, j > i ? 0.0f : 1.0f);
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL || batch_size < 1 || max_length < 1)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    int dims[3] = {batch_size, max_length, max_length};
    Tensor *m = tensor_create(3, dims);
    if (!m)
        return NULL;
    float *p = m->data;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < max_length; i++)
            for (int j = 0; j < max_length; j++)
                *p++ = (i < lengths[b] && j < lengths[b]) ? 1.0f : 0.0f;
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    int dims[2] = {seq_len, seq_len};
    Tensor *m = tensor_create(2, dims);
    if (!m)
        return NULL;
    for (size_t i = 0; i < m->size; i++)
        m->data[i] = 1.0f;
    return m;
}

/* Advance a multi-index over the leading axes, like an odometer. 0 when it wraps around. */
static int advance(int *index, const int *shape, int axes)
{
    for (int a = axes - 1; a >= 0; a--) {
        if (++index[a] < shape[a])
            return 1;
        index[a] = 0;
    }
    return 0;
}

/* Element (i, j) of the matrix of t that index selects; axes of size 1 are broadcast. */
static float at(const Tensor *t, const int *index, int axes, int i, int j)
{
    int mine[TENSOR_MAX_AXES] = {0};
    int lead = t->ndim - 2;
    for (int a = 0; a < lead; a++) {
        int from = axes - lead + a;
        mine[a] = t->shape[a] == 1 ? 0 : index[from];
    }
    mine[lead] = i;
    mine[lead + 1] = j;
    return tensor_get(t, mine);
}

static void put(Tensor *t, const int *index, int i, int j, float value)
{
    int mine[TENSOR_MAX_AXES] = {0};
    int lead = t->ndim - 2;
    for (int a = 0; a < lead; a++)
        mine[a] = index[a];
    mine[lead] = i;
    mine[lead + 1] = j;
    tensor_set(t, mine, value);
}

static int compatible(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (!Q || !K || !V || Q->ndim < 2 || K->ndim != Q->ndim || V->ndim != Q->ndim)
        return 0;
    for (int a = 0; a < Q->ndim - 2; a++)
        if (K->shape[a] != Q->shape[a] || V->shape[a] != Q->shape[a])
            return 0;
    return tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static void one_row(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                    AttentionResult r, const int *index, int i)
{
    int axes = Q->ndim - 2;
    int d_k = tensor_axis(Q, -1), Lk = tensor_axis(K, -2), d_v = tensor_axis(V, -1);
    double largest = -HUGE_VAL;
    for (int j = 0; j < Lk; j++) {
        double s = 0.0;
        for (int c = 0; c < d_k; c++)
            s += (double)at(Q, index, axes, i, c) * at(K, index, axes, j, c);
        s /= sqrt(d_k);
        if (mask && at(mask, index, axes, i, j) == 0.0f)
            s = -1e9;
        put(r.weights, index, i, j, (float)s);
        largest = fmax(largest, (float)s);
    }
    double total = 0.0;
    for (int j = 0; j < Lk; j++)
        total += exp(at(r.weights, index, axes, i, j) - largest);
    for (int j = 0; j < Lk; j++)
        put(r.weights, index, i, j,
            (float)(exp(at(r.weights, index, axes, i, j) - largest) / total));
    for (int c = 0; c < d_v; c++) {
        double o = 0.0;
        for (int j = 0; j < Lk; j++)
            o += (double)at(r.weights, index, axes, i, j) * at(V, index, axes, j, c);
        put(r.output, index, i, c, (float)o);
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!compatible(Q, K, V))
        return r;
    int shape[TENSOR_MAX_AXES];
    for (int a = 0; a < Q->ndim; a++)
        shape[a] = Q->shape[a];
    shape[Q->ndim - 1] = tensor_axis(K, -2);
    r.weights = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = tensor_axis(V, -1);
    r.output = tensor_create(Q->ndim, shape);
    if (!r.weights || !r.output || (mask && !tensor_broadcasts(mask, r.weights)) ||
        (mask && mask->ndim < 2)) {
        tensor_free(r.weights);
        tensor_free(r.output);
        r.weights = r.output = NULL;
        return r;
    }
    int index[TENSOR_MAX_AXES] = {0};
    do {
        for (int i = 0; i < tensor_axis(Q, -2); i++)
            one_row(Q, K, V, mask, r, index, i);
    } while (advance(index, Q->shape, Q->ndim - 2));
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *sa = malloc(sizeof(*sa));
    if (sa == NULL)
        return NULL;
    sa->d_model = d_model;
    return sa;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (attention == NULL || x == NULL)
        return none;
    if (x->shape[x->ndim - 1] != attention->d_model)
        return none;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
