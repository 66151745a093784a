/* Plain nested loops over raw pointers, no helper but tensor_create. */
#include <math.h>
#include <stdlib.h>

#include "attention.h"

static const AttentionResult FAILED = {NULL, NULL};

static bool shapes_ok(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (Q == NULL || K == NULL || V == NULL) {
        return false;
    }
    int n = Q->ndim;
    if (n < 2 || K->ndim != n || V->ndim != n) {
        return false;
    }
    for (int a = 0; a < n - 2; a++) {
        if (Q->shape[a] != K->shape[a] || Q->shape[a] != V->shape[a]) {
            return false;
        }
    }
    return Q->shape[n - 1] == K->shape[n - 1] && K->shape[n - 2] == V->shape[n - 2];
}

static bool mask_ok(const Tensor *mask, const Tensor *scores)
{
    if (mask->ndim < 2 || !tensor_broadcasts(mask, scores)) {
        return false;
    }
    return mask->shape[mask->ndim - 2] == scores->shape[scores->ndim - 2] &&
           mask->shape[mask->ndim - 1] == scores->shape[scores->ndim - 1];
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (!shapes_ok(Q, K, V)) {
        return FAILED;
    }

    int n = Q->ndim;
    int Lq = Q->shape[n - 2];
    int d_k = Q->shape[n - 1];
    int Lk = K->shape[n - 2];
    int d_v = V->shape[n - 1];
    int batches = 1;
    int wshape[TENSOR_MAX_AXES] = {0};
    int oshape[TENSOR_MAX_AXES] = {0};

    for (int a = 0; a < n - 2; a++) {
        batches *= Q->shape[a];
        wshape[a] = Q->shape[a];
        oshape[a] = Q->shape[a];
    }
    wshape[n - 2] = Lq;
    wshape[n - 1] = Lk;
    oshape[n - 2] = Lq;
    oshape[n - 1] = d_v;

    Tensor *weights = tensor_create(n, wshape);
    if (weights == NULL) {
        return FAILED;
    }
    if (mask != NULL && !mask_ok(mask, weights)) {
        tensor_free(weights);
        return FAILED;
    }
    Tensor *output = tensor_create(n, oshape);
    if (output == NULL) {
        tensor_free(weights);
        return FAILED;
    }

    float scale = 1.0f / sqrtf((float)d_k);

    for (int b = 0; b < batches; b++) {
        const float *q = Q->data + (size_t)b * Lq * d_k;
        const float *k = K->data + (size_t)b * Lk * d_k;
        const float *v = V->data + (size_t)b * Lk * d_v;
        float *w = weights->data + (size_t)b * Lq * Lk;
        float *o = output->data + (size_t)b * Lq * d_v;

        /* scores */
        for (int i = 0; i < Lq; i++) {
            for (int j = 0; j < Lk; j++) {
                float dot = 0.0f;
                for (int d = 0; d < d_k; d++) {
                    dot += q[i * d_k + d] * k[j * d_k + d];
                }
                w[i * Lk + j] = dot * scale;
            }
        }

        /* mask */
        if (mask != NULL) {
            size_t first = (size_t)b * Lq * Lk;
            for (int e = 0; e < Lq * Lk; e++) {
                if (mask->data[tensor_broadcast_index(mask, weights, first + e)] == 0.0f) {
                    w[e] = ATTENTION_MASKED_SCORE;
                }
            }
        }

        /* softmax over each row */
        for (int i = 0; i < Lq; i++) {
            float max = w[i * Lk];
            for (int j = 1; j < Lk; j++) {
                if (w[i * Lk + j] > max) {
                    max = w[i * Lk + j];
                }
            }
            float sum = 0.0f;
            for (int j = 0; j < Lk; j++) {
                w[i * Lk + j] = expf(w[i * Lk + j] - max);
                sum += w[i * Lk + j];
            }
            for (int j = 0; j < Lk; j++) {
                w[i * Lk + j] /= sum;
            }
        }

        /* weighted mean of the values */
        for (int i = 0; i < Lq; i++) {
            for (int c = 0; c < d_v; c++) {
                float total = 0.0f;
                for (int j = 0; j < Lk; j++) {
                    total += w[i * Lk + j] * v[j * d_v + c];
                }
                o[i * d_v + c] = total;
            }
        }
    }
    return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1) {
        return NULL;
    }
    SelfAttention *layer = malloc(sizeof(SelfAttention));
    if (layer == NULL) {
        return NULL;
    }
    layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (attention == NULL || x == NULL) {
        return FAILED;
    }
    if (x->shape[x->ndim - 1] != attention->d_model) {
        return FAILED;
    }
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    if (seq_len < 1) {
        return NULL;
    }
    int shape[2] = {seq_len, seq_len};
    Tensor *mask = tensor_create(2, shape);
    if (mask == NULL) {
        return NULL;
    }
    for (int i = 0; i < seq_len; i++) {
        for (int j = 0; j < seq_len; j++) {
            mask->data[i * seq_len + j] = j <= i ? 1.0f : 0.0f;
        }
    }
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL || batch_size < 1 || max_length < 1) {
        return NULL;
    }
    for (int b = 0; b < batch_size; b++) {
        if (lengths[b] < 0 || lengths[b] > max_length) {
            return NULL;
        }
    }
    int shape[3] = {batch_size, max_length, max_length};
    Tensor *mask = tensor_create(3, shape);
    if (mask == NULL) {
        return NULL;
    }
    for (int b = 0; b < batch_size; b++) {
        for (int i = 0; i < lengths[b]; i++) {
            for (int j = 0; j < lengths[b]; j++) {
                mask->data[(b * max_length + i) * max_length + j] = 1.0f;
            }
        }
    }
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    if (seq_len < 1) {
        return NULL;
    }
    int shape[2] = {seq_len, seq_len};
    Tensor *mask = tensor_create(2, shape);
    if (mask == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < mask->size; i++) {
        mask->data[i] = 1.0f;
    }
    return mask;
}
