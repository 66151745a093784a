/* Pointers to variable length arrays: q[b][i][d] on plain memory, and a VLA for each row. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

static int fits(const Tensor *q, const Tensor *k, const Tensor *v)
{
    if (!q || !k || !v) return 0;
    if (q->ndim < 2 || q->ndim != k->ndim || q->ndim != v->ndim) return 0;
    for (int i = 0; i < q->ndim - 2; i++)
        if (q->shape[i] != k->shape[i] || q->shape[i] != v->shape[i]) return 0;
    return tensor_axis(q, -1) == tensor_axis(k, -1) && tensor_axis(k, -2) == tensor_axis(v, -2);
}

static int mask_fits(const Tensor *mask, const Tensor *w)
{
    return !mask || (tensor_axis(mask, -1) == tensor_axis(w, -1)
                     && tensor_axis(mask, -2) == tensor_axis(w, -2)
                     && tensor_broadcasts(mask, w));
}

static void softmax(int n, const float score[n], float weight[n])
{
    float e[n], max = score[0], sum = 0;

    for (int j = 1; j < n; j++)
        max = fmaxf(max, score[j]);
    for (int j = 0; j < n; j++)
        sum += e[j] = expf(score[j] - max);
    for (int j = 0; j < n; j++)
        weight[j] = e[j] / sum;
}

static void attend(int B, int Lq, int Lk, int dk, int dv, float q[B][Lq][dk], float k[B][Lk][dk],
                   float v[B][Lk][dv], float o[B][Lq][dv], float w[B][Lq][Lk], const Tensor *mask,
                   const Tensor *weights)
{
    for (int b = 0; b < B; b++)
        for (int i = 0; i < Lq; i++) {
            float score[Lk];
            for (int j = 0; j < Lk; j++) {
                score[j] = 0;
                for (int d = 0; d < dk; d++)
                    score[j] += q[b][i][d] * k[b][j][d];
                score[j] /= sqrtf(dk);
                size_t e = ((size_t)b * Lq + i) * Lk + j;
                if (mask && mask->data[tensor_broadcast_index(mask, weights, e)] == 0)
                    score[j] = ATTENTION_MASKED_SCORE;
            }
            softmax(Lk, score, w[b][i]);
            for (int c = 0; c < dv; c++)
                for (int j = 0; j < Lk; j++)
                    o[b][i][c] += w[b][i][j] * v[b][j][c];
        }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (!fits(Q, K, V)) return (AttentionResult){0};

    int n = Q->ndim, Lq = tensor_axis(Q, -2), dk = tensor_axis(Q, -1);
    int Lk = tensor_axis(K, -2), dv = tensor_axis(V, -1);
    int B = (int)(Q->size / ((size_t)Lq * dk)), shape[n];

    for (int i = 0; i < n; i++) shape[i] = Q->shape[i];
    shape[n - 1] = Lk;
    Tensor *weights = tensor_create(n, shape);
    shape[n - 1] = dv;
    Tensor *output = tensor_create(n, shape);
    if (!weights || !output || !mask_fits(mask, weights)) {
        tensor_free(weights);
        tensor_free(output);
        return (AttentionResult){0};
    }
    attend(B, Lq, Lk, dk, dv, (void *)Q->data, (void *)K->data, (void *)V->data,
           (void *)output->data, (void *)weights->data, mask, weights);
    return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *p = NULL;
    if (d_model >= 1 && (p = malloc(sizeof *p))) p->d_model = d_model;
    return p;
}

AttentionResult self_attention_forward(const SelfAttention *p, const Tensor *x, const Tensor *mask)
{
    if (!p || !x || tensor_axis(x, -1) != p->d_model) return (AttentionResult){0};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *p) { free(p); }

Tensor *create_causal_mask(int n)
{
    Tensor *mask = tensor_create(2, (int[]){n, n});
    if (!mask) return NULL;
    float (*m)[n] = (void *)mask->data;
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) m[i][j] = 1;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int n)
{
    if (!lengths || batch_size < 1 || n < 1) return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > n) return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, n, n});
    if (!mask) return NULL;
    float (*m)[n][n] = (void *)mask->data;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++) m[b][i][j] = 1;
    return mask;
}

Tensor *create_bidirectional_mask(int n)
{
    Tensor *mask = tensor_create(2, (int[]){n, n});
    if (!mask) return NULL;
    float (*m)[n] = (void *)mask->data;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) m[i][j] = 1;
    return mask;
}
