/* Sorts with qsort(): the largest score is the last, and the smallest terms are added first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int by_magnitude(const void *a, const void *b)
{
    float x = fabsf(*(const float *)a), y = fabsf(*(const float *)b);
    return (x > y) - (x < y);
}

static float sorted_sum(float *terms, int n)
{
    float sum = 0;
    qsort(terms, (size_t)n, sizeof *terms, by_magnitude);
    for (int i = 0; i < n; i++)
        sum += terms[i];
    return sum;
}

static void softmax(float *row, int n, float *scratch)
{
    memcpy(scratch, row, (size_t)n * sizeof *row);
    qsort(scratch, (size_t)n, sizeof *scratch, ascending);
    float max = scratch[n - 1];
    for (int i = 0; i < n; i++)
        scratch[i] = row[i] = expf(row[i] - max);
    float sum = sorted_sum(scratch, n);
    for (int i = 0; i < n; i++)
        row[i] /= sum;
}

static int shape_error(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    const int n = Q->ndim;
    if (n < 2 || K->ndim != n || V->ndim != n)
        return 1;
    for (int i = 0; i < n - 2; i++)
        if (K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i])
            return 1;
    return K->shape[n - 1] != Q->shape[n - 1] || V->shape[n - 2] != K->shape[n - 2];
}

static int mask_error(const Tensor *mask, const Tensor *w)
{
    return mask && (tensor_axis(mask, -2) != tensor_axis(w, -2) ||
                    tensor_axis(mask, -1) != tensor_axis(w, -1) || !tensor_broadcasts(mask, w));
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (!Q || !K || !V || shape_error(Q, K, V))
        return r;

    const int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    const int dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    const int most = lk > dk ? lk : dk;
    int shape[TENSOR_MAX_AXES];
    float *terms = malloc(sizeof(float) * (size_t)most);

    memcpy(shape, Q->shape, sizeof shape);
    shape[Q->ndim - 1] = lk;
    r.weights = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = dv;
    r.output = tensor_create(Q->ndim, shape);
    if (!terms || !r.weights || !r.output || mask_error(mask, r.weights)) {
        free(terms);
        tensor_free(r.weights);
        tensor_free(r.output);
        r.weights = NULL;
        r.output = NULL;
        return r;
    }

    for (size_t row = 0; row < r.weights->size / lk; row++) {
        const size_t first = row / lq * lk;
        float *w = r.weights->data + row * lk;
        for (int j = 0; j < lk; j++) {
            for (int d = 0; d < dk; d++)
                terms[d] = Q->data[row * dk + d] * K->data[(first + j) * dk + d];
            w[j] = sorted_sum(terms, dk) / sqrtf(dk);
            if (mask && mask->data[tensor_broadcast_index(mask, r.weights, row * lk + j)] == 0)
                w[j] = ATTENTION_MASKED_SCORE;
        }
        softmax(w, lk, terms);
        for (int c = 0; c < dv; c++) {
            for (int j = 0; j < lk; j++)
                terms[j] = w[j] * V->data[(first + j) * dv + c];
            r.output->data[row * dv + c] = sorted_sum(terms, lk);
        }
    }
    free(terms);
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *s = NULL;
    if (d_model >= 1)
        s = malloc(sizeof *s);
    if (s)
        s->d_model = d_model;
    return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (!s || !x || x->shape[x->ndim - 1] != s->d_model)
        return none;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s)
{
    free(s);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    if (!m)
        return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            m->data[(size_t)i * seq_len + (seq_len - 1 - j)] = 1;
    /* each row has its ones at the end now: in order they would be descending */
    for (int i = 0; i < seq_len; i++)
        for (int a = 0, z = seq_len - 1; a < z; a++, z--) {
            float *row = m->data + (size_t)i * seq_len, t = row[a];
            row[a] = row[z];
            row[z] = t;
        }
    return m;
}

static int int_ascending(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || batch_size < 1)
        return NULL;
    int *sorted = malloc(sizeof(int) * (size_t)batch_size);
    if (!sorted)
        return NULL;
    memcpy(sorted, lengths, sizeof(int) * (size_t)batch_size);
    qsort(sorted, (size_t)batch_size, sizeof(int), int_ascending);
    int smallest = sorted[0], largest = sorted[batch_size - 1];
    free(sorted);
    if (smallest < 0 || largest > max_length)
        return NULL;

    Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!m)
        return NULL;
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
        tensor_fill(m, 1);
    return m;
}
