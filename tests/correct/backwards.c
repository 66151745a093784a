/* The last batch and the last row come first. */
#include "attention.h"
#include <stdlib.h>
#include <math.h>

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult result;
    result.output = NULL;
    result.weights = NULL;

    // check everything first
    if (Q == NULL) return result;
    if (K == NULL) return result;
    if (V == NULL) return result;
    if (Q->ndim < 2) return result;
    if (Q->ndim != K->ndim) return result;
    if (Q->ndim != V->ndim) return result;
    int batch = 1;
    for (int i = 0; i < Q->ndim - 2; i++) {
        if (Q->shape[i] != K->shape[i]) return result;
        if (Q->shape[i] != V->shape[i]) return result;
        batch = batch * Q->shape[i];
    }
    int lq = Q->shape[Q->ndim - 2];
    int lk = K->shape[K->ndim - 2];
    int dk = Q->shape[Q->ndim - 1];
    int dv = V->shape[V->ndim - 1];
    if (K->shape[K->ndim - 1] != dk) return result;
    if (V->shape[V->ndim - 2] != lk) return result;

    // the mask may have fewer leading axes, or 1 there
    int step[4] = {0, 0, 0, 0};
    if (mask != NULL) {
        if (mask->ndim < 2 || mask->ndim > Q->ndim) return result;
        if (mask->shape[mask->ndim - 2] != lq) return result;
        if (mask->shape[mask->ndim - 1] != lk) return result;
        int stride = lq * lk;
        for (int i = 3; i <= mask->ndim; i++) {
            int m = mask->shape[mask->ndim - i];
            if (m != 1 && m != Q->shape[Q->ndim - i]) return result;
            if (m != 1) step[Q->ndim - i] = stride;
            stride = stride * m;
        }
    }

    int shape[4];
    for (int i = 0; i < Q->ndim; i++) shape[i] = Q->shape[i];
    shape[Q->ndim - 1] = lk;
    Tensor *weights = tensor_create(Q->ndim, shape);
    if (weights == NULL) return result;
    shape[Q->ndim - 1] = dv;
    Tensor *output = tensor_create(Q->ndim, shape);
    if (output == NULL) {
        tensor_free(weights);
        return result;
    }

    for (int b = batch - 1; b >= 0; b--) {
        // which part of the mask belongs to this batch
        int where = 0, rest = b;
        for (int i = Q->ndim - 3; i >= 0; i--) {
            where += rest % Q->shape[i] * step[i];
            rest = rest / Q->shape[i];
        }
        for (int i = lq - 1; i >= 0; i--) {
            float *w = &weights->data[(b * lq + i) * lk];
            float *o = &output->data[(b * lq + i) * dv];
            float max = 0;
            for (int j = 0; j < lk; j++) {
                float s = 0;
                for (int k = 0; k < dk; k++) {
                    s += Q->data[(b * lq + i) * dk + k] * K->data[(b * lk + j) * dk + k];
                }
                s = s / sqrtf(dk);
                if (mask != NULL && mask->data[where + i * lk + j] == 0) s = -1e9f;
                w[j] = s;
                if (j == 0 || s > max) max = s;
            }
            float sum = 0;
            for (int j = 0; j < lk; j++) {
                w[j] = expf(w[j] - max);
                sum = sum + w[j];
            }
            for (int j = 0; j < lk; j++) {
                w[j] = w[j] / sum;
                for (int k = 0; k < dv; k++) {
                    o[k] = o[k] + w[j] * V->data[(b * lk + j) * dv + k];
                }
            }
        }
    }
    result.output = output;
    result.weights = weights;
    return result;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1) return NULL;
    SelfAttention *attention = malloc(sizeof(SelfAttention));
    if (attention == NULL) return NULL;
    attention->d_model = d_model;
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (attention != NULL && x != NULL) {
        if (x->shape[x->ndim - 1] == attention->d_model) {
            return scaled_dot_product_attention(x, x, x, mask);
        }
    }
    AttentionResult result = {NULL, NULL};
    return result;
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    if (seq_len < 1) return NULL;
    int shape[2] = {seq_len, seq_len};
    Tensor *mask = tensor_create(2, shape);
    if (mask == NULL) return NULL;
    for (int i = 0; i < seq_len; i++) {
        for (int j = 0; j < seq_len; j++) {
            if (i >= j) {
                mask->data[i * seq_len + j] = 1;
            } else {
                mask->data[i * seq_len + j] = 0;
            }
        }
    }
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL || batch_size < 1 || max_length < 1) return NULL;
    for (int b = 0; b < batch_size; b++) {
        if (lengths[b] < 0) return NULL;
        if (lengths[b] > max_length) return NULL;
    }
    int shape[3] = {batch_size, max_length, max_length};
    Tensor *mask = tensor_create(3, shape);
    if (mask == NULL) return NULL;
    for (int b = 0; b < batch_size; b++) {
        for (int i = 0; i < max_length; i++) {
            for (int j = 0; j < max_length; j++) {
                int index[3] = {b, i, j};
                if (i < lengths[b] && j < lengths[b]) {
                    tensor_set(mask, index, 1);
                } else {
                    tensor_set(mask, index, 0);
                }
            }
        }
    }
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    if (seq_len < 1) return NULL;
    int shape[2] = {seq_len, seq_len};
    Tensor *mask = tensor_create(2, shape);
    if (mask == NULL) return NULL;
    tensor_fill(mask, 1);
    return mask;
}
