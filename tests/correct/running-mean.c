/* The output as a running mean of the values, one key after the other. */
#include "attention.h"

#include <float.h>
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

/* One query: a single pass over the keys with a running maximum; raw scores stay in w. */
static void attend(const float *q, const float *keys, const float *values, float *w, float *o,
                   int Lk, int d_k, int d_v, const unsigned char *allowed)
{
    const float root = sqrtf((float)d_k);
    float m = -FLT_MAX;
    float l = 0.0f;
    for (int c = 0; c < d_v; c++)
        o[c] = 0.0f;
    for (int j = 0; j < Lk; j++) {
        float s = 0.0f;
        for (int c = 0; c < d_k; c++)
            s += q[c] * keys[(size_t)j * d_k + c];
        s = s / root;
        if (allowed != NULL && !allowed[j])
            s = ATTENTION_MASKED_SCORE;
        w[j] = s;
        float m_new = s > m ? s : m;
        float shrink = expf(m - m_new);
        float p = expf(s - m_new);
        l = l * shrink + p;
        for (int c = 0; c < d_v; c++)
            o[c] += (values[(size_t)j * d_v + c] - o[c]) * (p / l);
        m = m_new;
    }
    for (int j = 0; j < Lk; j++)
        w[j] = expf(w[j] - m) / l;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult bad = {NULL, NULL};
    Tensor *W = NULL;
    Tensor *O = NULL;
    unsigned char *allowed = NULL;
    if (!inputs_fit(Q, K, V))
        return bad;
    int nd = Q->ndim;
    int Lq = Q->shape[nd - 2], d_k = Q->shape[nd - 1];
    int Lk = K->shape[nd - 2], d_v = V->shape[nd - 1];
    W = like(Q, Lq, Lk);
    if (W == NULL)
        goto fail;
    if (mask != NULL) {
        if (!tensor_broadcasts(mask, W))
            goto fail;
        allowed = malloc(W->size);
        if (allowed == NULL)
            goto fail;
        for (size_t i = 0; i < W->size; i++)
            allowed[i] = mask->data[tensor_broadcast_index(mask, W, i)] != 0.0f;
    }
    O = like(Q, Lq, d_v);
    if (O == NULL)
        goto fail;
    size_t rows = batches(Q) * (size_t)Lq;
    for (size_t r = 0; r < rows; r++) {
        size_t b = r / Lq;
        attend(Q->data + r * d_k, K->data + b * Lk * d_k, V->data + b * Lk * d_v,
               W->data + r * Lk, O->data + r * d_v, Lk, d_k, d_v,
               allowed != NULL ? allowed + r * Lk : NULL);
    }
    free(allowed);
    return (AttentionResult){.output = O, .weights = W};
fail:
    tensor_free(O);
    tensor_free(W);
    free(allowed);
    return bad;
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
