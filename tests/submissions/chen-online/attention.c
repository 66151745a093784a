/* Chen W. -- one pass over the keys per query, cf. Milakov & Gimelshein (2018), "Online normalizer
 * calculation for softmax". */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static Tensor *square(int n)
{
    return tensor_create(2, (int[2]){n, n});
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *m = square(seq_len);

    if (m)
        for (size_t i = 0; i < m->size; ++i)
            m->data[i] = i % seq_len <= i / seq_len;
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *m = square(seq_len);

    if (m)
        tensor_fill(m, 1.f);
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    Tensor *m;

    if (!lengths || batch_size < 1)
        return NULL;
    for (const int *l = lengths; l != lengths + batch_size; ++l)
        if (*l < 0 || *l > max_length)
            return NULL;
    if (!(m = tensor_create(3, (int[3]){batch_size, max_length, max_length})))
        return NULL;
    float *p = m->data;
    for (int b = 0; b < batch_size; ++b)
        for (int i = 0; i < max_length; ++i)
            for (int j = 0; j < max_length; ++j)
                *p++ = i < lengths[b] && j < lengths[b];
    return m;
}

/* running state of one query */
typedef struct {
    float max;  /* of the scores so far */
    float norm; /* sum of exp(score - max) so far */
} Online;

static float absorb(Online *o, float score)
{
    float rescale = 1.f;

    if (score > o->max) {
        rescale = expf(o->max - score);
        o->norm *= rescale;
        o->max = score;
    }
    o->norm += expf(score - o->max);
    return rescale;
}

static void query(const float *q, const float *k, const float *v, const float *allow, int lk,
                  int dk, int dv, float *w, float *out)
{
    Online o = {-INFINITY, 0.f};

    for (int j = 0; j < lk; ++j, k += dk, v += dv) {
        float s = 0.f;
        for (int d = 0; d < dk; ++d)
            s += q[d] * k[d];
        s = allow && allow[j] == 0.f ? ATTENTION_MASKED_SCORE : s / sqrtf(dk);
        w[j] = s;
        float rescale = absorb(&o, s);
        float e = expf(s - o.max);
        for (int c = 0; c < dv; ++c)
            out[c] = out[c] * rescale + e * v[c];
    }
    for (int c = 0; c < dv; ++c)
        out[c] /= o.norm;
    for (int j = 0; j < lk; ++j)
        w[j] = expf(w[j] - o.max) / o.norm;
}

static bool fits(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (!Q || !K || !V || Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return false;
    size_t lead = (Q->ndim - 2) * sizeof(int);
    return !memcmp(Q->shape, K->shape, lead) && !memcmp(Q->shape, V->shape, lead) &&
           tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static Tensor *with_last(const Tensor *t, int last)
{
    int shape[TENSOR_MAX_AXES];

    memcpy(shape, t->shape, sizeof shape);
    shape[t->ndim - 1] = last;
    return tensor_create(t->ndim, shape);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult none = {NULL, NULL}, r = none;

    if (!fits(Q, K, V))
        return none;
    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    int dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    if (mask && (tensor_axis(mask, -2) != lq || tensor_axis(mask, -1) != lk))
        return none;

    r.weights = with_last(Q, lk);
    r.output = with_last(Q, dv);
    if (!r.weights || !r.output || (mask && !tensor_broadcasts(mask, r.weights))) {
        tensor_free(r.weights);
        tensor_free(r.output);
        return none;
    }
    for (size_t i = 0; i < r.weights->size / lk; ++i) {
        size_t b = i / lq;
        const float *allow =
            mask ? mask->data + tensor_broadcast_index(mask, r.weights, i * lk) : NULL;
        query(Q->data + i * dk, K->data + b * lk * dk, V->data + b * lk * dv, allow, lk, dk, dv,
              r.weights->data + i * lk, r.output->data + i * dv);
    }
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *a = d_model > 0 ? malloc(sizeof *a) : NULL;

    if (a)
        a->d_model = d_model;
    return a;
}

AttentionResult self_attention_forward(const SelfAttention *a, const Tensor *x, const Tensor *mask)
{
    if (!a || !x || tensor_axis(x, -1) != a->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *a)
{
    free(a);
}
