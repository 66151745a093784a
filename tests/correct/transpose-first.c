/* Transposes K into memory of its own and multiplies with a matrix product of its own. */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

static float *transposed(const float *a, int rows, int cols)
{
    float *t = malloc((size_t)rows * (size_t)cols * sizeof *t);
    if (!t)
        return NULL;
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < cols; ++c)
            t[c * rows + r] = a[r * cols + c];
    return t;
}

/* out (n x m) = a (n x k) times b (k x m) */
static void matmul(float *out, const float *a, const float *b, int n, int k, int m)
{
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < m; ++j)
            out[i * m + j] = 0;
        for (int p = 0; p < k; ++p)
            for (int j = 0; j < m; ++j)
                out[i * m + j] += a[i * k + p] * b[p * m + j];
    }
}

static void softmax(float *x, int n)
{
    float max = x[0], sum = 0;
    for (int i = 1; i < n; ++i)
        max = x[i] > max ? x[i] : max;
    for (int i = 0; i < n; ++i)
        sum += x[i] = expf(x[i] - max);
    for (int i = 0; i < n; ++i)
        x[i] *= 1 / sum;
}

static size_t batches(const Tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->ndim - 2; ++i)
        n *= (size_t)t->shape[i];
    return n;
}

static bool mask_fits(const Tensor *mask, const Tensor *w)
{
    if (!mask)
        return true;
    if (mask->ndim < 2 || !tensor_broadcasts(mask, w))
        return false;
    return tensor_axis(mask, -1) == tensor_axis(w, -1) && tensor_axis(mask, -2) == tensor_axis(w, -2);
}

static bool attend(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask, Tensor *o,
                   Tensor *w)
{
    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2), dk = tensor_axis(K, -1);
    int dv = tensor_axis(V, -1);
    float root = sqrtf((float)dk);

    for (size_t b = 0; b < batches(Q); ++b) {
        float *weights = w->data + b * lq * lk;
        float *kt = transposed(K->data + b * lk * dk, lk, dk);
        if (!kt)
            return false;
        matmul(weights, Q->data + b * lq * dk, kt, lq, dk, lk);
        free(kt);
        for (int e = 0; e < lq * lk; ++e) {
            weights[e] /= root;
            if (mask && mask->data[tensor_broadcast_index(mask, w, b * lq * lk + e)] == 0)
                weights[e] = ATTENTION_MASKED_SCORE;
        }
        for (int i = 0; i < lq; ++i)
            softmax(weights + i * lk, lk);
        matmul(o->data + b * lq * dv, weights, V->data + b * lk * dv, lq, lk, dv);
    }
    return true;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    int shape[TENSOR_MAX_AXES] = {0};

    if (!Q || !K || !V || Q->ndim < 2 || K->ndim != Q->ndim || V->ndim != Q->ndim)
        return r;
    for (int i = 0; i < Q->ndim - 2; ++i) {
        if (K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i])
            return r;
        shape[i] = Q->shape[i];
    }
    if (tensor_axis(Q, -1) != tensor_axis(K, -1) || tensor_axis(K, -2) != tensor_axis(V, -2))
        return r;

    shape[Q->ndim - 2] = tensor_axis(Q, -2);
    shape[Q->ndim - 1] = tensor_axis(K, -2);
    Tensor *w = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = tensor_axis(V, -1);
    Tensor *o = tensor_create(Q->ndim, shape);

    if (w && o && mask_fits(mask, w) && attend(Q, K, V, mask, o, w)) {
        r.weights = w;
        r.output = o;
    } else {
        tensor_free(w);
        tensor_free(o);
    }
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *self = malloc(sizeof *self);
    if (self)
        *self = (SelfAttention){d_model};
    return self;
}

AttentionResult self_attention_forward(const SelfAttention *self, const Tensor *x,
                                       const Tensor *mask)
{
    if (!self || !x || x->shape[x->ndim - 1] != self->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *self)
{
    free(self);
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    for (size_t i = 0; m && i < m->size; ++i)
        m->data[i] = 1;
    return m;
}

Tensor *create_causal_mask(int seq_len)
{
    /* the upper triangle is the strictly lower one, transposed and inverted */
    Tensor *lower = tensor_create(2, (int[]){seq_len, seq_len});
    if (!lower)
        return NULL;
    for (int i = 0; i < seq_len; ++i)
        for (int j = 0; j < i; ++j)
            tensor_set(lower, (int[]){i, j}, 1);
    Tensor *mask = tensor_swap_last_axes(lower);
    tensor_free(lower);
    for (size_t i = 0; mask && i < mask->size; ++i)
        mask->data[i] = 1 - mask->data[i];
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || batch_size < 1 || max_length < 1)
        return NULL;
    for (int b = 0; b < batch_size; ++b)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!m)
        return NULL;
    for (int b = 0; b < batch_size; ++b)
        for (int i = 0; i < lengths[b]; ++i) {
            float *row = m->data + ((size_t)b * max_length + i) * max_length;
            for (int j = 0; j < lengths[b]; ++j)
                row[j] = 1;
        }
    return m;
}
