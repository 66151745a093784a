/* Every sum is kept in double and rounded to float once, at the end. */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

#define NONE ((AttentionResult){ NULL, NULL })

static int matching(const Tensor* a, const Tensor* b)
{
    if (a->ndim != b->ndim || a->ndim < 2) return 0;
    for (int i = 0; i < a->ndim - 2; i++)
        if (a->shape[i] != b->shape[i]) return 0;
    return 1;
}

AttentionResult scaled_dot_product_attention(const Tensor* Q, const Tensor* K, const Tensor* V, const Tensor* mask)
{
    if (!Q || !K || !V) return NONE;
    if (!matching(Q, K) || !matching(K, V)) return NONE;

    const int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2);
    const int dk = tensor_axis(Q, -1), dv = tensor_axis(V, -1);
    if (tensor_axis(K, -1) != dk || tensor_axis(V, -2) != lk) return NONE;

    int shape[4] = { Q->shape[0], Q->shape[1], Q->shape[2], Q->shape[3] };
    shape[Q->ndim - 1] = lk;
    Tensor* weights = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = dv;
    Tensor* output = tensor_create(Q->ndim, shape);
    double* p = malloc(sizeof(double) * (size_t)lk);

    if (!weights || !output || !p ||
        (mask && (!tensor_broadcasts(mask, weights) || tensor_axis(mask, -2) != lq || tensor_axis(mask, -1) != lk))) {
        free(p);
        tensor_free(output);
        tensor_free(weights);
        return NONE;
    }

    size_t rows = weights->size / (size_t)lk;
    for (size_t r = 0; r < rows; r++) {
        const float* q = &Q->data[r * dk];
        const float* k = &K->data[r / lq * lk * dk];
        const float* v = &V->data[r / lq * lk * dv];
        double largest = -HUGE_VAL, total = 0.0;

        for (int j = 0; j < lk; j++) {
            double s = 0.0;
            for (int x = 0; x < dk; x++) s += (double)q[x] * (double)k[(size_t)j * dk + x];
            s /= sqrt((double)dk);
            if (mask && mask->data[tensor_broadcast_index(mask, weights, r * lk + j)] == 0.0f) s = (double)ATTENTION_MASKED_SCORE;
            p[j] = s;
            if (s > largest) largest = s;
        }
        for (int j = 0; j < lk; j++) {
            p[j] = exp(p[j] - largest);
            total += p[j];
        }
        for (int j = 0; j < lk; j++) {
            p[j] /= total;
            weights->data[r * lk + j] = (float)p[j];
        }
        for (int c = 0; c < dv; c++) {
            double s = 0.0;
            for (int j = 0; j < lk; j++) s += p[j] * (double)v[(size_t)j * dv + c];
            output->data[r * dv + c] = (float)s;
        }
    }
    free(p);
    return (AttentionResult){ output, weights };
}

SelfAttention* self_attention_create(int d_model)
{
    if (d_model < 1) return NULL;
    SelfAttention* sa = malloc(sizeof(SelfAttention));
    if (!sa) return NULL;
    sa->d_model = d_model;
    return sa;
}

AttentionResult self_attention_forward(const SelfAttention* sa, const Tensor* x, const Tensor* mask)
{
    if (!sa || !x) return NONE;
    if (tensor_axis(x, -1) != sa->d_model) return NONE;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention* sa)
{
    free(sa);
}

Tensor* create_causal_mask(int n)
{
    Tensor* m = tensor_create(2, (int[2]){ n, n });
    if (!m) return NULL;
    for (size_t e = 0; e < m->size; e++)
        if (e % (size_t)n <= e / (size_t)n) m->data[e] = 1.0f;
    return m;
}

Tensor* create_padding_mask(const int* lengths, int batch_size, int max_length)
{
    if (!lengths || batch_size < 1) return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length) return NULL;

    Tensor* m = tensor_create(3, (int[3]){ batch_size, max_length, max_length });
    if (!m) return NULL;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < max_length; i++)
            for (int j = 0; j < max_length; j++)
                if (i < lengths[b] && j < lengths[b])
                    tensor_set(m, (int[3]){ b, i, j }, 1.0f);
    return m;
}

Tensor* create_bidirectional_mask(int n)
{
    Tensor* m = tensor_create(2, (int[2]){ n, n });
    if (m) tensor_fill(m, 1.0f);
    return m;
}
