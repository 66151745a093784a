#include "attention.h"
#include <stdlib.h>
#include <math.h>

/* Mario, late submission (sorry!!) */

Tensor *create_causal_mask(int seq_len)
{
    int i, j;
    int shape[2];
    Tensor *mask;

    shape[0] = seq_len;
    shape[1] = seq_len;
    mask = tensor_create(2, shape);
    if (mask == NULL)
        return NULL;
    for (i = 0; i < seq_len; i++)
        for (j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1.0;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    int b, i, j;
    int shape[3];
    Tensor *mask;

    if (lengths == NULL)
        return NULL;
    for (b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    shape[0] = batch_size;
    shape[1] = max_length;
    shape[2] = max_length;
    mask = tensor_create(3, shape);
    if (mask == NULL)
        return NULL;
    for (b = 0; b < batch_size; b++)
        for (i = 0; i < lengths[b]; i++)
            for (j = 0; j < lengths[b]; j++)
                mask->data[(b * max_length + i) * max_length + j] = 1.0;
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    int shape[2];
    Tensor *mask;

    shape[0] = seq_len;
    shape[1] = seq_len;
    mask = tensor_create(2, shape);
    if (mask == NULL)
        return NULL;
    tensor_fill(mask, 1.0);
    return mask;
}

/* scores = Q K^T / sqrt(d_k) for one batch element */
void scores_of(float *scores, const float *q, const float *k, int lq, int lk, int dk)
{
    int i, j, d;
    float sum;

    for (i = 0; i < lq; i++) {
        for (j = 0; j < lk; j++) {
            for (d = 0; d < dk; d++) {
                sum += q[i * dk + d] * k[j * dk + d];
            }
            scores[i * lk + j] = sum / sqrt(dk);
        }
    }
}

void softmax(float *row, int n)
{
    int j;
    float max = row[0];
    float total = 0.0;

    for (j = 1; j < n; j++)
        if (row[j] > max)
            max = row[j];
    for (j = 0; j < n; j++) {
        row[j] = exp(row[j] - max);
        total = total + row[j];
    }
    for (j = 0; j < n; j++)
        row[j] = row[j] / total;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult result;
    int i, b, batch, lq, lk, dk;
    int shape[4];
    size_t e;

    result.output = NULL;
    result.weights = NULL;
    if (Q == NULL || K == NULL || V == NULL)
        return result;
    if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return result;
    batch = 1;
    for (i = 0; i < Q->ndim - 2; i++) {
        if (Q->shape[i] != K->shape[i] || Q->shape[i] != V->shape[i])
            return result;
        batch = batch * Q->shape[i];
        shape[i] = Q->shape[i];
    }
    lq = tensor_axis(Q, -2);
    lk = tensor_axis(K, -2);
    dk = tensor_axis(Q, -1);
    if (tensor_axis(K, -1) != dk || tensor_axis(V, -2) != lk)
        return result;
    shape[Q->ndim - 2] = lq;
    shape[Q->ndim - 1] = lk;

    result.weights = tensor_create(Q->ndim, shape);
    if (result.weights == NULL)
        return result;
    if (mask != NULL) {
        if (tensor_axis(mask, -2) != lq || tensor_axis(mask, -1) != lk ||
            !tensor_broadcasts(mask, result.weights)) {
            tensor_free(result.weights);
            result.weights = NULL;
            return result;
        }
    }

    for (b = 0; b < batch; b++)
        scores_of(result.weights->data + b * lq * lk, Q->data + b * lq * dk,
                  K->data + b * lk * dk, lq, lk, dk);
    if (mask != NULL)
        for (e = 0; e < result.weights->size; e++)
            if (mask->data[tensor_broadcast_index(mask, result.weights, e)] == 0)
                result.weights->data[e] = -1e9;
    for (i = 0; i < batch * lq; i++)
        softmax(result.weights->data + i * lk, lk);

    result.output = tensor_matmul(result.weights, V);
    if (result.output == NULL) {
        tensor_free(result.weights);
        result.weights = NULL;
    }
    return result;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *a;

    if (d_model < 1)
        return NULL;
    a = malloc(sizeof(SelfAttention));
    if (a == NULL)
        return NULL;
    a->d_model = d_model;
    return a;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult nothing;

    nothing.output = NULL;
    nothing.weights = NULL;
    if (attention == NULL || x == NULL)
        return nothing;
    if (tensor_axis(x, -1) != attention->d_model)
        return nothing;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
