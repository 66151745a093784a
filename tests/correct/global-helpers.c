/* Helpers with ordinary names and no `static`: softmax, max, index_of, mask, transpose, scores. */
#include <math.h>
#include <stdlib.h>

#include "attention.h"

float max(float a, float b)
{
    return a > b ? a : b;
}

size_t index_of(int row, int column, int columns)
{
    return (size_t)row * columns + column;
}

int batches(const Tensor *t)
{
    int n = 1;
    for (int i = 0; i < t->ndim - 2; i++)
        n *= t->shape[i];
    return n;
}

int valid_inputs(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (!Q || !K || !V)
        return 0;
    if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return 0;
    for (int i = 0; i < Q->ndim - 2; i++)
        if (Q->shape[i] != K->shape[i] || Q->shape[i] != V->shape[i])
            return 0;
    return tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

int valid_mask(const Tensor *m, const Tensor *s)
{
    return tensor_axis(m, -2) == tensor_axis(s, -2) && tensor_axis(m, -1) == tensor_axis(s, -1) &&
           tensor_broadcasts(m, s);
}

float dot(const float *a, const float *b, int n)
{
    float total = 0.0f;
    for (int i = 0; i < n; i++)
        total += a[i] * b[i];
    return total;
}

void scores(const float *q, const float *k, float *s, int lq, int lk, int dk)
{
    for (int i = 0; i < lq; i++)
        for (int j = 0; j < lk; j++)
            s[index_of(i, j, lk)] = dot(q + index_of(i, 0, dk), k + index_of(j, 0, dk), dk);
}

void scale(Tensor *t, float by)
{
    for (size_t i = 0; i < t->size; i++)
        t->data[i] *= by;
}

void mask(Tensor *s, const Tensor *m)
{
    for (size_t i = 0; i < s->size; i++)
        if (m->data[tensor_broadcast_index(m, s, i)] == 0.0f)
            s->data[i] = ATTENTION_MASKED_SCORE;
}

void softmax(Tensor *t)
{
    int n = tensor_axis(t, -1);
    int rows = (int)(t->size / n);

    for (int i = 0; i < rows; i++) {
        float *row = t->data + index_of(i, 0, n);
        float top = row[0], sum = 0.0f;
        for (int j = 1; j < n; j++)
            top = max(top, row[j]);
        for (int j = 0; j < n; j++) {
            row[j] = expf(row[j] - top);
            sum += row[j];
        }
        for (int j = 0; j < n; j++)
            row[j] /= sum;
    }
}

Tensor *result(const Tensor *like, int last)
{
    int shape[TENSOR_MAX_AXES];
    for (int i = 0; i < like->ndim; i++)
        shape[i] = like->shape[i];
    shape[like->ndim - 1] = last;
    return tensor_create(like->ndim, shape);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *m)
{
    AttentionResult none = {NULL, NULL};

    if (!valid_inputs(Q, K, V))
        return none;
    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2), dk = tensor_axis(Q, -1);
    Tensor *s = result(Q, lk);
    if (!s || (m && !valid_mask(m, s))) {
        tensor_free(s);
        return none;
    }
    for (int b = 0; b < batches(Q); b++)
        scores(Q->data + index_of(b, 0, lq * dk), K->data + index_of(b, 0, lk * dk),
               s->data + index_of(b, 0, lq * lk), lq, lk, dk);
    scale(s, 1.0f / sqrtf(dk));
    if (m)
        mask(s, m);
    softmax(s);
    Tensor *output = tensor_matmul(s, V);
    if (!output) {
        tensor_free(s);
        return none;
    }
    return (AttentionResult){output, s};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *attention;
    if (d_model < 1 || (attention = malloc(sizeof(SelfAttention))) == NULL)
        return NULL;
    attention->d_model = d_model;
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *m)
{
    if (!attention || !x || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, m);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *square(int n)
{
    return tensor_create(2, (int[]){n, n});
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *t = square(seq_len);
    for (int i = 0; t && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            t->data[index_of(i, j, seq_len)] = 1.0f;
    return t;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *t = tensor_create(3, (int[]){batch_size, max_length, max_length});
    for (int b = 0; t && b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                t->data[index_of(b * max_length + i, j, max_length)] = 1.0f;
    return t;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *t = square(seq_len);
    if (t)
        tensor_fill(t, 1.0f);
    return t;
}
