/* weight = exp(score - log(sum(exp(scores)))): the log-sum-exp of each row, in double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

static AttentionResult refuse(Tensor *a, Tensor *b)
{
    tensor_free(a);
    tensor_free(b);
    return (AttentionResult){NULL, NULL};
}

static double log_sum_exp(const double *x, int n)
{
    double max = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        max = fmax(max, x[i]);
    for (int i = 0; i < n; i++)
        sum += exp(x[i] - max);
    return max + log(sum);
}

static double dot(const float *a, const float *b, int n)
{
    double sum = 0;
    while (n-- > 0)
        sum += (double)*a++ * *b++;
    return sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (!Q || !K || !V || Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return refuse(NULL, NULL);
    if (memcmp(Q->shape, K->shape, sizeof(int) * (Q->ndim - 2)) ||
        memcmp(Q->shape, V->shape, sizeof(int) * (Q->ndim - 2)))
        return refuse(NULL, NULL);

    int Lq = tensor_axis(Q, -2), Lk = tensor_axis(K, -2);
    int d_k = tensor_axis(Q, -1), d_v = tensor_axis(V, -1);
    if (tensor_axis(K, -1) != d_k || tensor_axis(V, -2) != Lk)
        return refuse(NULL, NULL);

    Tensor *empty = tensor_copy(Q);
    if (!empty)
        return refuse(NULL, NULL);
    empty->shape[Q->ndim - 1] = Lk;
    Tensor *weights = tensor_create(Q->ndim, empty->shape);
    empty->shape[Q->ndim - 1] = d_v;
    Tensor *output = tensor_create(Q->ndim, empty->shape);
    tensor_free(empty);
    if (!weights || !output)
        return refuse(weights, output);
    if (mask && !(tensor_axis(mask, -2) == Lq && tensor_axis(mask, -1) == Lk &&
                  tensor_broadcasts(mask, weights)))
        return refuse(weights, output);

    double *s = malloc(sizeof(double[Lk]));
    if (!s)
        return refuse(weights, output);

    for (size_t row = 0; row < weights->size / Lk; row++) {
        size_t batch = row / Lq;
        float *w = weights->data + row * Lk;
        float *out = output->data + row * d_v;

        for (int j = 0; j < Lk; j++)
            s[j] = dot(Q->data + row * d_k, K->data + (batch * Lk + j) * d_k, d_k) / sqrt(d_k);
        for (int j = 0; mask && j < Lk; j++)
            if (mask->data[tensor_broadcast_index(mask, weights, row * Lk + j)] == 0)
                s[j] = -1e9;
        double lse = log_sum_exp(s, Lk);
        for (int j = 0; j < Lk; j++)
            w[j] = (float)exp(s[j] - lse);
        for (int j = 0; j < Lk; j++)
            for (int c = 0; c < d_v; c++)
                out[c] += w[j] * V->data[(batch * Lk + j) * d_v + c];
    }
    free(s);
    return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *a = malloc(sizeof *a);
    if (a)
        a->d_model = d_model;
    return a;
}

AttentionResult self_attention_forward(const SelfAttention *a, const Tensor *x, const Tensor *mask)
{
    if (!a || tensor_axis(x, -1) != a->d_model)
        return refuse(NULL, NULL);
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *a)
{
    free(a);
}

static Tensor *square(int n)
{
    return tensor_create(2, (int[]){n, n});
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = square(seq_len);
    if (!mask)
        return NULL;
    /* down each column: from the diagonal to the bottom */
    for (int j = 0; j < seq_len; j++)
        for (int i = j; i < seq_len; i++)
            mask->data[(size_t)i * seq_len + j] = 1;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (!mask || !lengths) {
        tensor_free(mask);
        return NULL;
    }
    for (int b = 0; b < batch_size; b++) {
        if (lengths[b] < 0 || lengths[b] > max_length) {
            tensor_free(mask);
            return NULL;
        }
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                tensor_set(mask, (int[]){b, i, j}, 1);
    }
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = square(seq_len);
    if (mask)
        tensor_fill(mask, 1);
    return mask;
}
