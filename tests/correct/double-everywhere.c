/* Converts every input to arrays of double first and back to float last; `double` everywhere. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

static double *to_double(const Tensor *t)
{
    double *d = malloc(t->size * sizeof(double));
    if (d)
        for (size_t i = 0; i < t->size; i++)
            d[i] = (double)t->data[i];
    return d;
}

static Tensor *to_tensor(const double *d, const Tensor *like, int last)
{
    int shape[4];
    for (int i = 0; i < 4; i++)
        shape[i] = like->shape[i];
    shape[like->ndim - 1] = last;
    Tensor *t = tensor_create(like->ndim, shape);
    if (t)
        for (size_t i = 0; i < t->size; i++)
            t->data[i] = (float)d[i];
    return t;
}

static double *multiply(const double *a, const double *b, size_t batch, int n, int k, int m,
                        bool b_transposed)
{
    double *c = malloc(batch * n * m * sizeof(double));
    if (!c)
        return NULL;
    for (size_t x = 0; x < batch; x++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++) {
                double sum = 0.0;
                for (int l = 0; l < k; l++) {
                    size_t at = b_transposed ? (x * m + j) * k + l : (x * k + l) * m + j;
                    sum += a[(x * n + i) * k + l] * b[at];
                }
                c[(x * n + i) * m + j] = sum;
            }
    return c;
}

static void softmax(double *row, int n)
{
    double max = row[0], sum = 0.0;
    for (int i = 1; i < n; i++)
        if (row[i] > max)
            max = row[i];
    for (int i = 0; i < n; i++)
        sum += row[i] = exp(row[i] - max);
    for (int i = 0; i < n; i++)
        row[i] /= sum;
}

static bool ok(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    if (!Q || !K || !V)
        return false;
    int n = Q->ndim;
    if (n < 2 || K->ndim != n || V->ndim != n)
        return false;
    for (int i = 0; i < n - 2; i++)
        if (K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i])
            return false;
    if (K->shape[n - 1] != Q->shape[n - 1] || V->shape[n - 2] != K->shape[n - 2])
        return false;
    if (!mask)
        return true;
    if (mask->ndim < 2 || mask->ndim > n || tensor_axis(mask, -2) != tensor_axis(Q, -2) ||
        tensor_axis(mask, -1) != tensor_axis(K, -2))
        return false;
    for (int back = 3; back <= mask->ndim; back++)
        if (tensor_axis(mask, -back) != 1 && tensor_axis(mask, -back) != tensor_axis(Q, -back))
            return false;
    return true;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!ok(Q, K, V, mask))
        return r;

    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    int dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    size_t batch = Q->size / ((size_t)lq * dk);
    double *q = to_double(Q), *k = to_double(K), *v = to_double(V), *s = NULL, *o = NULL;

    if (q && k && v)
        s = multiply(q, k, batch, lq, dk, lk, true);
    if (s) {
        for (size_t i = 0; i < batch * lq * lk; i++)
            s[i] /= sqrt((double)dk);
        if (mask) {
            Tensor *shape_only = to_tensor(s, Q, lk);
            if (!shape_only)
                goto out;
            for (size_t i = 0; i < shape_only->size; i++)
                if (mask->data[tensor_broadcast_index(mask, shape_only, i)] == 0.0f)
                    s[i] = -1e9;
            tensor_free(shape_only);
        }
        for (size_t row = 0; row < batch * lq; row++)
            softmax(s + row * lk, lk);
        o = multiply(s, v, batch, lq, lk, dv, false);
    }
    if (o) {
        r.output = to_tensor(o, Q, dv);
        r.weights = to_tensor(s, Q, lk);
        if (!r.output || !r.weights) {
            tensor_free(r.output);
            tensor_free(r.weights);
            r.output = r.weights = NULL;
        }
    }
out:
    free(q);
    free(k);
    free(v);
    free(s);
    free(o);
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *s = malloc(sizeof(SelfAttention));
    if (s)
        s->d_model = d_model;
    return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
    if (!s || !x || tensor_axis(x, -1) != s->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s)
{
    free(s);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    if (m)
        for (double i = 0; i < seq_len; i += 1)
            for (double j = 0; j <= i; j += 1)
                m->data[(size_t)(i * seq_len + j)] = 1;
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (!(lengths[b] >= 0 && lengths[b] <= max_length))
            return NULL;
    Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (m)
        for (int b = 0; b < batch_size; b++)
            for (int i = 0; i < lengths[b]; i++)
                for (int j = 0; j < lengths[b]; j++)
                    tensor_set(m, (int[]){b, i, j}, 1);
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    if (m)
        tensor_fill(m, 1.0);
    return m;
}
