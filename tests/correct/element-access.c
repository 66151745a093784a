/* Never touches ->data: every element goes through tensor_get() and tensor_set(). */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

/* An index over up to four axes that counts up like an odometer; false when it is through. */
static bool next(int *index, const int *shape, int axes)
{
    for (int a = axes - 1; a >= 0; a--) {
        if (++index[a] < shape[a])
            return true;
        index[a] = 0;
    }
    return false;
}

static void at(int *full, int axes, int i, int j)
{
    full[axes - 2] = i;
    full[axes - 1] = j;
}

static bool is_masked(const Tensor *mask, const int *index, int axes)
{
    int own[TENSOR_MAX_AXES];
    if (!mask)
        return false;
    for (int a = 0; a < mask->ndim; a++) {
        int there = index[axes - mask->ndim + a];
        own[a] = mask->shape[a] == 1 ? 0 : there;
    }
    return tensor_get(mask, own) == 0;
}

static float score(const Tensor *Q, const Tensor *K, const int *lead, int i, int j)
{
    int axes = Q->ndim, d_k = tensor_axis(Q, -1);
    int q[TENSOR_MAX_AXES] = {0}, k[TENSOR_MAX_AXES] = {0};
    float sum = 0;
    for (int a = 0; a < axes - 2; a++)
        q[a] = k[a] = lead[a];
    for (int d = 0; d < d_k; d++) {
        at(q, axes, i, d);
        at(k, axes, j, d);
        sum += tensor_get(Q, q) * tensor_get(K, k);
    }
    return sum / sqrtf((float)d_k);
}

static void row(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                AttentionResult r, const int *lead, int i)
{
    int axes = Q->ndim, n = tensor_axis(K, -2);
    int w[TENSOR_MAX_AXES] = {0}, v[TENSOR_MAX_AXES] = {0}, o[TENSOR_MAX_AXES] = {0};
    float max = 0, sum = 0;

    for (int a = 0; a < axes - 2; a++)
        w[a] = v[a] = o[a] = lead[a];
    for (int j = 0; j < n; j++) {
        at(w, axes, i, j);
        float s = is_masked(mask, w, axes) ? ATTENTION_MASKED_SCORE : score(Q, K, lead, i, j);
        tensor_set(r.weights, w, s);
        max = j == 0 || s > max ? s : max;
    }
    for (int j = 0; j < n; j++) {
        at(w, axes, i, j);
        tensor_set(r.weights, w, expf(tensor_get(r.weights, w) - max));
        sum += tensor_get(r.weights, w);
    }
    for (int j = 0; j < n; j++) {
        at(w, axes, i, j);
        tensor_set(r.weights, w, tensor_get(r.weights, w) / sum);
    }
    for (int c = 0; c < tensor_axis(V, -1); c++) {
        float mean = 0;
        for (int j = 0; j < n; j++) {
            at(w, axes, i, j);
            at(v, axes, j, c);
            mean += tensor_get(r.weights, w) * tensor_get(V, v);
        }
        at(o, axes, i, c);
        tensor_set(r.output, o, mean);
    }
}

static Tensor *shaped(const Tensor *Q, int last)
{
    int shape[TENSOR_MAX_AXES] = {0};
    for (int a = 0; a < Q->ndim; a++)
        shape[a] = tensor_axis(Q, a);
    shape[Q->ndim - 1] = last;
    return tensor_create(Q->ndim, shape);
}

static bool good(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (!Q || !K || !V || Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return false;
    for (int a = 0; a < Q->ndim - 2; a++)
        if (tensor_axis(Q, a) != tensor_axis(K, a) || tensor_axis(Q, a) != tensor_axis(V, a))
            return false;
    return tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(V, -2) == tensor_axis(K, -2);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    int lead[TENSOR_MAX_AXES] = {0};

    if (!good(Q, K, V))
        return r;
    r.weights = shaped(Q, tensor_axis(K, -2));
    r.output = shaped(Q, tensor_axis(V, -1));
    bool fits = r.weights && r.output;
    if (fits && mask)
        fits = tensor_broadcasts(mask, r.weights) &&
               tensor_axis(mask, -2) == tensor_axis(Q, -2) &&
               tensor_axis(mask, -1) == tensor_axis(K, -2);
    if (!fits) {
        tensor_free(r.weights);
        tensor_free(r.output);
        return (AttentionResult){NULL, NULL};
    }
    do
        for (int i = 0; i < tensor_axis(Q, -2); i++)
            row(Q, K, V, mask, r, lead, i);
    while (next(lead, Q->shape, Q->ndim - 2));
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *a = malloc(sizeof(SelfAttention));
    if (a != NULL)
        a->d_model = d_model;
    return a;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (attention && x && tensor_axis(x, -1) == attention->d_model)
        return scaled_dot_product_attention(x, x, x, mask);
    return (AttentionResult){NULL, NULL};
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    int index[2] = {0, 0};
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (!mask)
        return NULL;
    do
        tensor_set(mask, index, index[1] <= index[0]);
    while (next(index, mask->shape, 2));
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    int index[3] = {0, 0, 0};
    for (int b = 0; b < batch_size; b++)
        if (!lengths || lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!mask)
        return NULL;
    do
        tensor_set(mask, index,
                   index[1] < lengths[index[0]] && index[2] < lengths[index[0]] ? 1.0f : 0.0f);
    while (next(index, mask->shape, 3));
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        tensor_fill(mask, 1);
    return mask;
}
