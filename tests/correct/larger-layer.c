/* The layer is the first member of a larger object, with a tag that forward looks at. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 0x5e1f };

typedef struct {
    SelfAttention base;
    int tag;
    float *scale; /* 1 / sqrt(d_model), on the heap */
} Layer;

static bool valid(const Tensor *t)
{
    if (t == NULL || t->data == NULL || t->ndim < 2 || t->ndim > TENSOR_MAX_AXES)
        return false;
    size_t size = 1;
    for (int i = 0; i < t->ndim; i++) {
        if (t->shape[i] < 1)
            return false;
        size *= (size_t)t->shape[i];
    }
    return size == t->size;
}

static AttentionResult attend(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                              float scale)
{
    AttentionResult r = {NULL, NULL};
    if (mask != NULL && !valid(mask))
        return r;
    if (!valid(Q) || !valid(K) || !valid(V))
        return r;
    Tensor *turned = tensor_swap_last_axes(K);
    r.weights = turned ? tensor_matmul(Q, turned) : NULL;
    tensor_free(turned);
    if (r.weights == NULL)
        return r;
    if (mask == NULL || tensor_broadcasts(mask, r.weights)) {
        int n = tensor_axis(r.weights, -1);
        for (size_t i = 0; i < r.weights->size; i++) {
            bool open = mask == NULL || mask->data[tensor_broadcast_index(mask, r.weights, i)] != 0;
            r.weights->data[i] = open ? r.weights->data[i] * scale : ATTENTION_MASKED_SCORE;
        }
        for (size_t i = 0; i < r.weights->size; i += (size_t)n) {
            float *w = r.weights->data + i, max = w[0], sum = 0;
            for (int j = 1; j < n; j++)
                max = w[j] > max ? w[j] : max;
            for (int j = 0; j < n; j++)
                sum += w[j] = expf(w[j] - max);
            for (int j = 0; j < n; j++)
                w[j] *= 1 / sum;
        }
        r.output = tensor_matmul(r.weights, V);
    }
    if (r.output == NULL) {
        tensor_free(r.weights);
        r.weights = NULL;
    }
    return r;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    return attend(Q, K, V, mask, Q ? 1 / sqrtf((float)tensor_axis(Q, -1)) : 0);
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    Layer *layer = calloc(1, sizeof *layer);
    if (layer == NULL)
        return NULL;
    layer->scale = malloc(sizeof *layer->scale);
    if (layer->scale == NULL) {
        free(layer);
        return NULL;
    }
    *layer->scale = 1 / sqrtf((float)d_model);
    layer->base.d_model = d_model;
    layer->tag = TAG;
    return &layer->base;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    const Layer *layer = (const Layer *)attention;
    if (layer == NULL || layer->tag != TAG || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return attend(x, x, x, mask, *layer->scale);
}

void self_attention_free(SelfAttention *attention)
{
    Layer *layer = (Layer *)attention;
    if (layer == NULL)
        return;
    free(layer->scale);
    free(layer);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    for (int b = 0; b < batch_size; b++)
        if (!lengths || lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    for (int b = 0; mask && b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                mask->data[(b * max_length + i) * max_length + j] = 1;
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        tensor_fill(mask, 1);
    return mask;
}
