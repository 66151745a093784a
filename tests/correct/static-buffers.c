/* Scratch memory is kept in static buffers that grow when they must and are used again. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

static float *score_buffer;
static size_t score_capacity;
static float *key_buffer;
static size_t key_capacity;

/* Make room for n floats; what is there already stays usable if there is no memory. */
static bool reserve(float **buffer, size_t *capacity, size_t n)
{
    if (n <= *capacity)
        return true;
    float *grown = realloc(*buffer, n * sizeof **buffer);
    if (grown == NULL)
        return false;
    *buffer = grown;
    *capacity = n;
    return true;
}

static bool compatible(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (Q == NULL || K == NULL || V == NULL || Q->ndim < 2 || Q->ndim != K->ndim ||
        Q->ndim != V->ndim)
        return false;
    for (int axis = 0; axis + 2 < Q->ndim; axis++)
        if (Q->shape[axis] != K->shape[axis] || Q->shape[axis] != V->shape[axis])
            return false;
    return tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static bool mask_compatible(const Tensor *mask, const Tensor *weights)
{
    if (mask == NULL)
        return true;
    return tensor_axis(mask, -2) == tensor_axis(weights, -2) &&
           tensor_axis(mask, -1) == tensor_axis(weights, -1) && tensor_broadcasts(mask, weights);
}

static void load_keys(const float *keys, int Lk, int d_k)
{
    for (int j = 0; j < Lk; j++)
        for (int d = 0; d < d_k; d++)
            key_buffer[d * Lk + j] = keys[j * d_k + d];
}

static void compute_row(const Tensor *mask, AttentionResult r, const float *query,
                        const float *values, size_t row, int d_k)
{
    int Lk = tensor_axis(r.weights, -1), d_v = tensor_axis(r.output, -1);
    float *weights = r.weights->data + row * Lk, *output = r.output->data + row * d_v;
    float highest = 0, sum = 0;

    for (int j = 0; j < Lk; j++)
        score_buffer[j] = 0;
    for (int d = 0; d < d_k; d++)
        for (int j = 0; j < Lk; j++)
            score_buffer[j] += query[d] * key_buffer[d * Lk + j];
    for (int j = 0; j < Lk; j++) {
        score_buffer[j] /= sqrtf((float)d_k);
        if (mask && mask->data[tensor_broadcast_index(mask, r.weights, row * Lk + j)] == 0)
            score_buffer[j] = ATTENTION_MASKED_SCORE;
        if (j == 0 || score_buffer[j] > highest)
            highest = score_buffer[j];
    }
    for (int j = 0; j < Lk; j++)
        sum += score_buffer[j] = expf(score_buffer[j] - highest);
    for (int j = 0; j < Lk; j++) {
        weights[j] = score_buffer[j] / sum;
        for (int c = 0; c < d_v; c++)
            output[c] += weights[j] * values[j * d_v + c];
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult none = {NULL, NULL}, r;
    int shape[TENSOR_MAX_AXES];

    if (!compatible(Q, K, V))
        return none;
    int Lq = tensor_axis(Q, -2), Lk = tensor_axis(K, -2);
    int d_k = tensor_axis(Q, -1), d_v = tensor_axis(V, -1);
    if (!reserve(&score_buffer, &score_capacity, (size_t)Lk) ||
        !reserve(&key_buffer, &key_capacity, (size_t)Lk * (size_t)d_k))
        return none;

    for (int axis = 0; axis < Q->ndim; axis++)
        shape[axis] = Q->shape[axis];
    shape[Q->ndim - 1] = Lk;
    r.weights = tensor_create(Q->ndim, shape);
    shape[Q->ndim - 1] = d_v;
    r.output = tensor_create(Q->ndim, shape);
    if (r.weights == NULL || r.output == NULL || !mask_compatible(mask, r.weights)) {
        tensor_free(r.weights);
        tensor_free(r.output);
        return none;
    }
    for (size_t row = 0; row < r.weights->size / Lk; row++) {
        size_t batch = row / Lq;
        if (row % Lq == 0)
            load_keys(K->data + batch * Lk * d_k, Lk, d_k);
        compute_row(mask, r, Q->data + row * d_k, V->data + batch * Lk * d_v, row, d_k);
    }
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *attention = malloc(sizeof *attention);
    if (attention != NULL)
        attention->d_model = d_model;
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    static int i, j;
    if (mask == NULL)
        return NULL;
    for (i = 0; i < seq_len; i++)
        for (j = 0; j <= i; j++)
            tensor_set(mask, (int[]){i, j}, 1);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    static int b, i, j;
    if (lengths == NULL)
        return NULL;
    for (b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;
    for (b = 0; b < batch_size; b++)
        for (i = 0; i < lengths[b]; i++)
            for (j = 0; j < lengths[b]; j++)
                tensor_set(mask, (int[]){b, i, j}, 1);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1);
    return mask;
}
