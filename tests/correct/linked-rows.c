/* The rows of scores in a linked list, which is walked backwards at the end. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How many matrices there are in front of the last two axes. */
static size_t batches(const Tensor *t)
{
    size_t n = 1;
    for (int a = 0; a + 2 < t->ndim; a++)
        n *= (size_t)t->shape[a];
    return n;
}

static int inputs_fit(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (Q == NULL || K == NULL || V == NULL)
        return 0;
    if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return 0;
    int nd = Q->ndim;
    for (int a = 0; a < nd - 2; a++)
        if (Q->shape[a] != K->shape[a] || Q->shape[a] != V->shape[a])
            return 0;
    if (Q->shape[nd - 1] != K->shape[nd - 1])
        return 0;
    if (K->shape[nd - 2] != V->shape[nd - 2])
        return 0;
    return 1;
}

static Tensor *like(const Tensor *t, int rows, int columns)
{
    int dims[TENSOR_MAX_AXES];
    memcpy(dims, t->shape, sizeof dims);
    dims[t->ndim - 2] = rows;
    dims[t->ndim - 1] = columns;
    return tensor_create(t->ndim, dims);
}

static Tensor *ones_below(int n, int diagonal)
{
    Tensor *m = tensor_create(2, (int[]){n, n});
    for (int i = 0; m != NULL && i < n; i++) {
        float *row = m->data + (size_t)i * n;
        int end = i + diagonal < n ? i + diagonal : n;
        for (int j = 0; j < end; j++)
            row[j] = 1.0f;
    }
    return m;
}

Tensor *create_causal_mask(int seq_len)
{
    return ones_below(seq_len, 1);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (m == NULL)
        return NULL;
    size_t square = (size_t)max_length * max_length;
    for (int b = 0; b < batch_size; b++) {
        int n = lengths[b];
        if (n < 0 || n > max_length) {
            tensor_free(m);
            return NULL;
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                m->data[b * square + (size_t)i * max_length + j] = 1.0f;
    }
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    return ones_below(seq_len, seq_len);
}

typedef struct Row {
    float *scores;
    struct Row *next;
} Row;

static void drop(Row *row)
{
    while (row != NULL) {
        Row *next = row->next;
        free(row->scores);
        free(row);
        row = next;
    }
}

static Row *push(Row *head, int n)
{
    Row *row = malloc(sizeof *row);
    float *scores = malloc(sizeof(float) * (size_t)n);
    if (row == NULL || scores == NULL) {
        free(row);
        free(scores);
        drop(head);
        return NULL;
    }
    row->scores = scores;
    row->next = head;
    return row;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    const AttentionResult no = {NULL, NULL};
    if (!inputs_fit(Q, K, V))
        return no;
    int Lq = tensor_axis(Q, -2), Lk = tensor_axis(K, -2), d = tensor_axis(Q, -1), e = tensor_axis(V, -1);
    AttentionResult r = {like(Q, Lq, e), like(Q, Lq, Lk)};
    if (!r.output || !r.weights || (mask && !tensor_broadcasts(mask, r.weights))) {
        tensor_free(r.output);
        tensor_free(r.weights);
        return no;
    }
    Row *rows = NULL;
    size_t count = batches(Q) * (size_t)Lq;
    for (size_t i = 0; i < count; i++) {
        rows = push(rows, Lk);
        if (rows == NULL) {
            tensor_free(r.output);
            tensor_free(r.weights);
            return no;
        }
        for (int j = 0; j < Lk; j++) {
            double s = 0;
            for (int c = 0; c < d; c++)
                s += (double)Q->data[i * d + c] * K->data[(i / Lq * Lk + j) * d + c];
            rows->scores[j] = (float)(s / sqrt(d));
            if (mask && !mask->data[tensor_broadcast_index(mask, r.weights, i * Lk + j)])
                rows->scores[j] = -1e9f;
        }
    }
    size_t i = count;
    for (Row *row = rows; row != NULL; row = row->next) {
        i--;
        float hi = -INFINITY, sum = 0;
        for (int j = 0; j < Lk; j++)
            hi = fmaxf(hi, row->scores[j]);
        for (int j = 0; j < Lk; j++)
            sum += expf(row->scores[j] - hi);
        for (int j = 0; j < Lk; j++) {
            float w = expf(row->scores[j] - hi) / sum;
            r.weights->data[i * Lk + j] = w;
            for (int c = 0; c < e; c++)
                r.output->data[i * e + c] += w * V->data[(i / Lq * Lk + j) * e + c];
        }
    }
    drop(rows);
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
