/* Subtracts the mean of a row, too, where there is no mask. */
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

Tensor *create_causal_mask(int seq_len)
{
    int dims[2] = {seq_len, seq_len};
    Tensor *m = tensor_create(2, dims);
    if (!m)
        return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j < seq_len; j++)
            m->data[(size_t)i * seq_len + j] = (j <= i) ? 1.0f : 0.0f;
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

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult res = {NULL, NULL};
    if (!inputs_fit(Q, K, V))
        return res;
    int Lq = Q->shape[Q->ndim - 2];
    int d_k = Q->shape[Q->ndim - 1];
    int Lk = K->shape[K->ndim - 2];
    int d_v = V->shape[V->ndim - 1];
    res.weights = like(Q, Lq, Lk);
    if (mask != NULL && res.weights != NULL && !tensor_broadcasts(mask, res.weights)) {
        tensor_free(res.weights);
        return (AttentionResult){NULL, NULL};
    }
    res.output = like(Q, Lq, d_v);
    if (res.weights == NULL || res.output == NULL) {
        tensor_free(res.weights);
        tensor_free(res.output);
        return (AttentionResult){NULL, NULL};
    }

    float scale = 1.0f / sqrtf((float)d_k);
    const float *q = Q->data;
    float *w = res.weights->data;
    float *o = res.output->data;
    size_t flat = 0;
    size_t count = batches(Q);
    for (size_t b = 0; b < count; b++) {
        const float *kb = K->data + b * (size_t)Lk * d_k;
        const float *vb = V->data + b * (size_t)Lk * d_v;
        for (int i = 0; i < Lq; i++) {
            float top = -INFINITY;
            for (int j = 0; j < Lk; j++) {
                const float *k = kb + (size_t)j * d_k;
                float s = 0.0f;
                for (int c = 0; c < d_k; c++)
                    s += q[c] * k[c];
                s *= scale;
                if (mask != NULL) {
                    size_t at = tensor_broadcast_index(mask, res.weights, flat);
                    if (mask->data[at] == 0.0f)
                        s = ATTENTION_MASKED_SCORE;
                }
                w[j] = s;
                if (s > top)
                    top = s;
                flat++;
            }
            float mean = 0.0f;
            for (int j = 0; j < Lk; j++)
                mean += w[j] / (float)Lk;
            if (mask == NULL) {
                for (int j = 0; j < Lk; j++)
                    w[j] -= mean;
                top -= mean;
            }
            float sum = 0.0f;
            for (int j = 0; j < Lk; j++) {
                w[j] = expf(w[j] - top);
                sum += w[j];
            }
            for (int j = 0; j < Lk; j++)
                w[j] /= sum;
            for (int j = 0; j < Lk; j++) {
                const float *v = vb + (size_t)j * d_v;
                for (int c = 0; c < d_v; c++)
                    o[c] += w[j] * v[c];
            }
            q += d_k;
            w += Lk;
            o += d_v;
        }
    }
    return res;
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
