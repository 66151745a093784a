/* Loops made of labels and goto, as somebody writes who learned BASIC or assembly first. */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    int n, i, j, d, lq, lk, dk, dv, shape[TENSOR_MAX_AXES];
    size_t row = 0, rows, kv;
    float sum, max, *w;

    if (!Q || !K || !V) goto refuse;
    n = Q->ndim;
    if (n < 2 || K->ndim != n || V->ndim != n) goto refuse;
    i = 0;
axis:
    if (i == n) goto axes_done;
    shape[i] = Q->shape[i];
    if (i < n - 2 && (K->shape[i] != shape[i] || V->shape[i] != shape[i])) goto refuse;
    i++;
    goto axis;
axes_done:
    lq = Q->shape[n - 2];
    lk = K->shape[n - 2];
    dk = Q->shape[n - 1];
    dv = V->shape[n - 1];
    if (K->shape[n - 1] != dk || V->shape[n - 2] != lk) goto refuse;
    shape[n - 1] = lk;
    if (!(r.weights = tensor_create(n, shape))) goto refuse;
    shape[n - 1] = dv;
    if (!(r.output = tensor_create(n, shape))) goto refuse;
    if (!mask) goto mask_fits;
    if (tensor_axis(mask, -2) != lq || tensor_axis(mask, -1) != lk) goto refuse;
    if (!tensor_broadcasts(mask, r.weights)) goto refuse;
mask_fits:
    rows = r.weights->size / lk;

next_row:
    if (row == rows) return r;
    kv = row / lq * lk;
    w = r.weights->data + row * lk;
    max = 0;
    j = 0;
next_score:
    sum = 0;
    d = 0;
next_product:
    sum += Q->data[row * dk + d] * K->data[(kv + j) * dk + d];
    if (++d < dk) goto next_product;
    w[j] = sum / sqrtf(dk);
    if (mask && mask->data[tensor_broadcast_index(mask, r.weights, row * lk + j)] == 0)
        w[j] = ATTENTION_MASKED_SCORE;
    if (j == 0 || w[j] > max) max = w[j];
    if (++j < lk) goto next_score;

    sum = 0;
    j = 0;
next_exp:
    sum += w[j] = expf(w[j] - max);
    if (++j < lk) goto next_exp;
    j = 0;
next_weight:
    w[j] /= sum;
    d = 0;
next_value:
    r.output->data[row * dv + d] += w[j] * V->data[(kv + j) * dv + d];
    if (++d < dv) goto next_value;
    if (++j < lk) goto next_weight;
    row++;
    goto next_row;

refuse:
    tensor_free(r.weights);
    tensor_free(r.output);
    r.weights = r.output = NULL;
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *s = NULL;
    if (d_model < 1) goto out;
    s = malloc(sizeof *s);
    if (!s) goto out;
    s->d_model = d_model;
out:
    return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (!s) goto refuse;
    if (!x) goto refuse;
    if (tensor_axis(x, -1) != s->d_model) goto refuse;
    return scaled_dot_product_attention(x, x, x, mask);
refuse:
    return none;
}

void self_attention_free(SelfAttention *s) { free(s); }

Tensor *create_causal_mask(int seq_len)
{
    int i = 0, j, shape[2] = {seq_len, seq_len};
    Tensor *m = tensor_create(2, shape);
    if (!m) goto out;
row:
    j = 0;
column:
    m->data[(size_t)i * seq_len + j] = 1;
    if (j++ < i) goto column;
    if (++i < seq_len) goto row;
out:
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    int b = 0, i, j, shape[3] = {batch_size, max_length, max_length};
    Tensor *m = NULL;
    if (!lengths || batch_size < 1) goto out;
check:
    if (lengths[b] < 0 || lengths[b] > max_length) goto out;
    if (++b < batch_size) goto check;
    m = tensor_create(3, shape);
    if (!m) goto out;
    b = 0;
sequence:
    i = 0;
row:
    j = 0;
column:
    if (i >= lengths[b] || j >= lengths[b]) goto row_done;
    m->data[((size_t)b * max_length + i) * max_length + j++] = 1;
    goto column;
row_done:
    if (++i < lengths[b]) goto row;
    if (++b < batch_size) goto sequence;
out:
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    int shape[2] = {seq_len, seq_len};
    size_t i = 0;
    Tensor *m = tensor_create(2, shape);
    if (!m) goto out;
again:
    m->data[i] = 1;
    if (++i < m->size) goto again;
out:
    return m;
}
