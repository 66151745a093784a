/* Floats are compared and cleared as bits, halves are shifts, and mask elements are one xor. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

static uint32_t bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float from_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* An integer that is ordered as the floats are: the sign bit flips what it must. */
static uint32_t ordered(float x)
{
    uint32_t u = bits(x);
    return u ^ (-(u >> 31) | 0x80000000u);
}

static float max(float a, float b)
{
    return ordered(a) >= ordered(b) ? a : b;
}

static int is_zero(float x)
{
    return !(bits(x) << 1);
}

/* a where the condition is 1, b where it is 0, without a branch */
static float choose(uint32_t condition, float a, float b)
{
    uint32_t all = -condition;
    return from_bits((bits(a) & all) | (bits(b) & ~all));
}

static int equal(int a, int b)
{
    return !(a ^ b);
}

static int leading_equal(const Tensor *a, const Tensor *b)
{
    int different = 0;
    for (int i = 0; i < a->ndim - 2; i++)
        different |= a->shape[i] ^ b->shape[i];
    return !different;
}

static int acceptable(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (!Q || !K || !V || !(Q->ndim >> 1) || (Q->ndim ^ K->ndim) | (Q->ndim ^ V->ndim))
        return 0;
    return leading_equal(Q, K) & leading_equal(Q, V) &
           equal(tensor_axis(Q, -1), tensor_axis(K, -1)) &
           equal(tensor_axis(K, -2), tensor_axis(V, -2));
}

static int mask_acceptable(const Tensor *mask, const Tensor *w)
{
    return !mask || (equal(tensor_axis(mask, -1), tensor_axis(w, -1)) &
                     equal(tensor_axis(mask, -2), tensor_axis(w, -2)) & tensor_broadcasts(mask, w));
}

static void softmax(float *row, int n)
{
    float m = row[0], s = from_bits(0);
    for (int j = 1; j < n; j++)
        m = max(m, row[j]);
    for (int j = 0; j < n; j++)
        s += row[j] = expf(row[j] - m);
    for (int j = n; j--;)
        row[j] /= s;
}

static Tensor *sized(const Tensor *q, int last)
{
    int shape[TENSOR_MAX_AXES];
    memcpy(shape, q->shape, sizeof shape);
    shape[q->ndim - 1] = last;
    return tensor_create(q->ndim, shape);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};

    if (!acceptable(Q, K, V))
        return r;
    unsigned lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    unsigned dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    r.weights = sized(Q, (int)lk);
    r.output = sized(Q, (int)dv);
    if (!r.weights || !r.output || !mask_acceptable(mask, r.weights)) {
        tensor_free(r.weights);
        tensor_free(r.output);
        return (AttentionResult){NULL, NULL};
    }
    for (size_t row = r.weights->size / lk; row--;) {
        const float *q = Q->data + row * dk, *k = K->data + row / lq * lk * dk;
        const float *v = V->data + row / lq * lk * dv;
        float *w = r.weights->data + row * lk, *o = r.output->data + row * dv;
        for (unsigned j = lk; j--;) {
            float s = 0;
            for (unsigned d = dk; d--;)
                s += q[d] * k[j * dk + d];
            s /= sqrtf((float)dk);
            uint32_t masked =
                mask && is_zero(mask->data[tensor_broadcast_index(mask, r.weights, row * lk + j)]);
            w[j] = choose(masked, ATTENTION_MASKED_SCORE, s);
        }
        softmax(w, (int)lk);
        for (unsigned j = lk; j--;)
            for (unsigned c = dv; c--;)
                o[c] += w[j] * v[j * dv + c];
    }
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if ((unsigned)d_model - 1 >= 0x7fffffffu)
        return NULL;
    SelfAttention *s = malloc(sizeof *s);
    if (s)
        s->d_model = d_model;
    return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
    if (!s || !x || (s->d_model ^ tensor_axis(x, -1)))
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s)
{
    free(s);
}

#define ONE 0x3f800000u

Tensor *create_causal_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    if (!m)
        return NULL;
    for (uint32_t i = 0; i < (uint32_t)seq_len; i++)
        for (uint32_t j = 0; j < (uint32_t)seq_len; j++)
            m->data[(size_t)i * seq_len + j] = from_bits(ONE & (((i - j) >> 31) - 1));
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    int bad = 0;
    for (int b = 0; lengths && b < batch_size; b++)
        bad |= (lengths[b] < 0) | (lengths[b] > max_length);
    if (bad || !lengths)
        return NULL;
    Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!m)
        return NULL;
    float *p = m->data;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < max_length; i++)
            for (int j = 0; j < max_length; j++)
                *p++ = from_bits(ONE & -(uint32_t)((i < lengths[b]) & (j < lengths[b])));
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    for (size_t i = 0; m && i < m->size; i++)
        m->data[i] = from_bits(bits(m->data[i]) ^ ONE);
    return m;
}
