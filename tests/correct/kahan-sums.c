/* Compensated (Kahan) summation wherever floats are added. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

typedef struct { float sum, lost; } Kahan;

static Kahan kahan_add(Kahan k, float x)
{
    float y = x - k.lost;
    float t = k.sum + y;
    k.lost = (t - k.sum) - y;
    k.sum = t;
    return k;
}

static float dot(const float *a, int stride_a, const float *b, int stride_b, int n)
{
    Kahan k = {0, 0};
    for (int i = 0; i < n; i++)
        k = kahan_add(k, a[(size_t)i * stride_a] * b[(size_t)i * stride_b]);
    return k.sum;
}

static void softmax(float *row, int n)
{
    Kahan total = {0, 0};
    float m = row[0];
    for (int i = 1; i < n; i++) m = row[i] > m ? row[i] : m;
    for (int i = 0; i < n; i++) {
        row[i] = expf(row[i] - m);
        total = kahan_add(total, row[i]);
    }
    for (int i = 0; i < n; i++) row[i] /= total.sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    const AttentionResult failure = {NULL, NULL};

    if (!Q || !K || !V) return failure;
    const int nd = Q->ndim;
    if (nd < 2 || K->ndim != nd || V->ndim != nd) return failure;
    size_t batch = 1;
    for (int i = 0; i < nd - 2; i++) {
        if (Q->shape[i] != K->shape[i] || Q->shape[i] != V->shape[i]) return failure;
        batch *= (size_t)Q->shape[i];
    }
    const int lq = Q->shape[nd - 2], lk = K->shape[nd - 2], dk = Q->shape[nd - 1], dv = V->shape[nd - 1];
    if (K->shape[nd - 1] != dk || V->shape[nd - 2] != lk) return failure;

    int shape[TENSOR_MAX_AXES];
    memcpy(shape, Q->shape, sizeof shape);
    shape[nd - 1] = lk;
    Tensor *weights = tensor_create(nd, shape);
    if (!weights) return failure;
    if (mask && (tensor_axis(mask, -2) != lq || tensor_axis(mask, -1) != lk || !tensor_broadcasts(mask, weights))) {
        tensor_free(weights);
        return failure;
    }
    shape[nd - 1] = dv;
    Tensor *output = tensor_create(nd, shape);
    if (!output) {
        tensor_free(weights);
        return failure;
    }

    for (size_t b = 0; b < batch; b++)
        for (int i = 0; i < lq; i++) {
            size_t row = b * lq + i;
            float *w = weights->data + row * lk;
            for (int j = 0; j < lk; j++) {
                w[j] = dot(Q->data + row * dk, 1, K->data + (b * lk + j) * dk, 1, dk) / sqrtf((float)dk);
                if (mask && mask->data[tensor_broadcast_index(mask, weights, row * lk + j)] == 0)
                    w[j] = ATTENTION_MASKED_SCORE;
            }
            softmax(w, lk);
            for (int c = 0; c < dv; c++)
                output->data[row * dv + c] = dot(w, 1, V->data + b * lk * dv + c, dv, lk);
        }
    return (AttentionResult){.weights = weights, .output = output};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *result = d_model < 1 ? NULL : calloc(1, sizeof(SelfAttention));
    if (result) result->d_model = d_model;
    return result;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x, const Tensor *mask)
{
    bool fits = attention && x && tensor_axis(x, -1) == attention->d_model;
    return fits ? scaled_dot_product_attention(x, x, x, mask) : (AttentionResult){NULL, NULL};
}

void self_attention_free(SelfAttention *attention) { free(attention); }

Tensor *create_causal_mask(int seq_len)
{
    Tensor *t = tensor_create(2, (int[]){seq_len, seq_len});
    if (!t) return NULL;
    float *p = t->data;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j < seq_len; j++)
            *p++ = i < j ? 0.f : 1.f;
    return t;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || batch_size < 1) return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length) return NULL;
    Tensor *t = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!t) return NULL;
    float *p = t->data;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < max_length; i++)
            for (int j = 0; j < max_length; j++)
                *p++ = (i > j ? i : j) < lengths[b] ? 1.f : 0.f;
    return t;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *t = tensor_create(2, (int[]){seq_len, seq_len});
    if (t) tensor_fill(t, 1.f);
    return t;
}
