#include "attention.h"

#include <math.h>
#include <stdlib.h>

// the last two axes are a matrix, everything in front of them is the batch
typedef struct
{
    int batch, rows, cols;
} Dims;

static Dims dims(const Tensor *t)
{
    Dims d = {1, tensor_axis(t, -2), tensor_axis(t, -1)};
    for (int i = 0; i < t->ndim - 2; i++)
        d.batch *= t->shape[i];
    return d;
}

static bool sameBatch(const Tensor *a, const Tensor *b)
{
    if (a->ndim != b->ndim)
        return false;
    for (int i = 0; i < a->ndim - 2; i++)
        if (a->shape[i] != b->shape[i])
            return false;
    return true;
}

static bool inputsOk(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    if (Q == NULL || K == NULL || V == NULL)
        return false;
    if (Q->ndim < 2 || !sameBatch(Q, K) || !sameBatch(Q, V))
        return false;
    return dims(Q).cols == dims(K).cols && dims(K).rows == dims(V).rows;
}

static Tensor *newTensor(const Tensor *like, int lastAxis)
{
    int shape[TENSOR_MAX_AXES];
    for (int i = 0; i < TENSOR_MAX_AXES; i++)
        shape[i] = like->shape[i];
    shape[like->ndim - 1] = lastAxis;
    return tensor_create(like->ndim, shape);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    for (int i = 0; i < seq_len; i++)
    {
        for (int j = 0; j <= i; j++)
        {
            mask->data[(size_t)i * seq_len + j] = 1;
        }
    }
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL || batch_size < 1 || max_length < 1)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++)
    {
        float *m = mask->data + (size_t)b * max_length * max_length;
        for (int i = 0; i < lengths[b]; i++)
        {
            for (int j = 0; j < lengths[b]; j++)
            {
                m[i * max_length + j] = 1;
            }
        }
    }
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    tensor_fill(mask, 1);
    return mask;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult failed = {NULL, NULL};
    if (!inputsOk(Q, K, V))
        return failed;

    Dims q = dims(Q), k = dims(K), v = dims(V);
    Tensor *weights = newTensor(Q, k.rows);
    Tensor *output = newTensor(Q, v.cols);
    bool ok = weights != NULL && output != NULL;
    if (ok && mask != NULL)
        ok = tensor_broadcasts(mask, weights) && tensor_axis(mask, -2) == q.rows &&
             tensor_axis(mask, -1) == k.rows;
    if (!ok)
    {
        tensor_free(weights);
        tensor_free(output);
        return failed;
    }

    for (int b = 0; b < q.batch; b++)
    {
        const float *qb = Q->data + (size_t)b * q.rows * q.cols;
        const float *kb = K->data + (size_t)b * k.rows * k.cols;
        const float *vb = V->data + (size_t)b * v.rows * v.cols;
        for (int i = 0; i < q.rows; i++)
        {
            size_t first = ((size_t)b * q.rows + i) * k.rows;
            float *w = weights->data + first;
            float *o = output->data + ((size_t)b * q.rows + i) * v.cols;
            float sum = 0;
            for (int j = 0; j < k.rows; j++)
            {
                float score = 0;
                for (int d = 0; d < q.cols; d++)
                    score += qb[i * q.cols + d] * kb[j * k.cols + d];
                score /= sqrtf((float)q.cols);
                if (mask != NULL &&
                    mask->data[tensor_broadcast_index(mask, weights, first + j)] == 0)
                    score = ATTENTION_MASKED_SCORE;
                w[j] = expf(score);
                sum += w[j];
            }
            for (int j = 0; j < k.rows; j++)
            {
                w[j] /= sum;
                for (int c = 0; c < v.cols; c++)
                    o[c] += w[j] * vb[j * v.cols + c];
            }
        }
    }
    AttentionResult result = {output, weights};
    return result;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *self = malloc(sizeof(SelfAttention));
    if (self != NULL)
        self->d_model = d_model;
    return self;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult failed = {NULL, NULL};
    if (attention == NULL || x == NULL || tensor_axis(x, -1) != attention->d_model)
        return failed;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
