/* Tables of row pointers (float **) turn every tensor into t[row][column]. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

static float **rows_of(const Tensor *t)
{
    size_t width = (size_t)t->shape[t->ndim - 1];
    size_t height = t->size / width;
    float **table = malloc(height * sizeof(float *));
    if (table == NULL)
        return NULL;
    for (size_t r = 0; r < height; r++)
        table[r] = t->data + r * width;
    return table;
}

static int leading_axes_differ(const Tensor *a, const Tensor *b)
{
    for (int i = 0; i < a->ndim - 2; i++)
        if (a->shape[i] != b->shape[i])
            return 1;
    return 0;
}

static int bad_shapes(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (Q == NULL || K == NULL || V == NULL)
        return 1;
    if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return 1;
    if (leading_axes_differ(Q, K) || leading_axes_differ(Q, V))
        return 1;
    if (tensor_axis(Q, -1) != tensor_axis(K, -1))
        return 1;
    return tensor_axis(K, -2) != tensor_axis(V, -2);
}

static int bad_mask(const Tensor *mask, const Tensor *weights)
{
    if (mask == NULL)
        return 0;
    if (mask->ndim < 2 || mask->ndim > weights->ndim)
        return 1;
    for (int back = 1; back <= mask->ndim; back++) {
        int have = tensor_axis(mask, -back), want = tensor_axis(weights, -back);
        if (have != want && (back <= 2 || have != 1))
            return 1;
    }
    return 0;
}

static void softmax(float *x, int n)
{
    float biggest = x[0], sum = 0;
    int i;
    for (i = 1; i < n; i++)
        if (x[i] > biggest)
            biggest = x[i];
    for (i = 0; i < n; i++)
        sum += (x[i] = expf(x[i] - biggest));
    for (i = 0; i < n; i++)
        x[i] = x[i] / sum;
}

static void compute(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                    AttentionResult r, float **q, float **k, float **v, float **w, float **o)
{
    int Lq = tensor_axis(Q, -2), Lk = tensor_axis(K, -2);
    int dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    size_t rows = r.weights->size / (size_t)Lk;

    for (size_t i = 0; i < rows; i++) {
        size_t first = i / (size_t)Lq * (size_t)Lk;
        for (int j = 0; j < Lk; j++) {
            for (int x = 0; x < dk; x++)
                w[i][j] += q[i][x] * k[first + j][x];
            w[i][j] /= sqrtf(dk);
            if (mask && !mask->data[tensor_broadcast_index(mask, r.weights, i * Lk + j)])
                w[i][j] = -1e9f;
        }
        softmax(w[i], Lk);
        for (int c = 0; c < dv; c++)
            for (int j = 0; j < Lk; j++)
                o[i][c] += w[i][j] * v[first + j][c];
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    int shape[TENSOR_MAX_AXES], done = 0;

    if (bad_shapes(Q, K, V))
        return r;
    memcpy(shape, Q->shape, sizeof shape);
    shape[Q->ndim - 1] = tensor_axis(K, -2);
    r.weights = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = tensor_axis(V, -1);
    r.output = tensor_create(Q->ndim, shape);

    if (r.weights && r.output && !bad_mask(mask, r.weights)) {
        float **q = rows_of(Q), **k = rows_of(K), **v = rows_of(V);
        float **w = rows_of(r.weights), **o = rows_of(r.output);
        if (q && k && v && w && o) {
            compute(Q, K, V, mask, r, q, k, v, w, o);
            done = 1;
        }
        free(q);
        free(k);
        free(v);
        free(w);
        free(o);
    }
    if (!done) {
        tensor_free(r.weights);
        tensor_free(r.output);
        r.weights = r.output = NULL;
    }
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *p = NULL;
    if (d_model > 0)
        p = (SelfAttention *)malloc(sizeof(SelfAttention));
    if (p != NULL)
        p->d_model = d_model;
    return p;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (attention == NULL || x == NULL)
        return none;
    if (attention->d_model != tensor_axis(x, -1))
        return none;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    if (attention != NULL)
        free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    float **m = mask ? rows_of(mask) : NULL;
    if (m == NULL) {
        tensor_free(mask);
        return NULL;
    }
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            m[i][j] = 1;
    free(m);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    float **m = mask ? rows_of(mask) : NULL;
    if (m == NULL) {
        tensor_free(mask);
        return NULL;
    }
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                m[b * max_length + i][j] = 1;
    free(m);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1);
    return mask;
}
