/* The mask by arithmetic, not by an if; sums in double. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>

static Tensor *ones_below(int n, int diagonal)
{
    Tensor *m = tensor_create(2, (int[]){n, n});
    for (int i = 0; m != NULL && i < n; i++) {
        float *row = m->data + (size_t)i * n;
        int end = i + diagonal < n ? i + diagonal : n;
        for (int j = 0; j < end; j++)
            row[j] = 1.0f;
    }
    return m;
}

Tensor *create_causal_mask(int seq_len)
{
    return ones_below(seq_len, 1);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (m == NULL)
        return NULL;
    size_t square = (size_t)max_length * max_length;
    for (int b = 0; b < batch_size; b++) {
        int n = lengths[b];
        if (n < 0 || n > max_length) {
            tensor_free(m);
            return NULL;
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                m->data[b * square + (size_t)i * max_length + j] = 1.0f;
    }
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    return ones_below(seq_len, seq_len);
}

static Tensor *scores_of(const Tensor *Q, const Tensor *K)
{
    Tensor *KT = tensor_swap_last_axes(K);
    if (KT == NULL)
        return NULL;
    Tensor *S = tensor_matmul(Q, KT);
    tensor_free(KT);
    if (S == NULL)
        return NULL;
    const float root = sqrtf((float)tensor_axis(Q, -1));
    for (size_t n = 0; n < S->size; n++)
        S->data[n] = S->data[n] / root;
    return S;
}

static bool mask_scores(Tensor *S, const Tensor *mask)
{
    if (mask == NULL)
        return true;
    if (!tensor_broadcasts(mask, S))
        return false;
    for (size_t n = 0; n < S->size; n++) {
        float m = mask->data[tensor_broadcast_index(mask, S, n)];
        float open = (float)(m != 0.0f);
        S->data[n] = open * S->data[n] + (1.0f - open) * ATTENTION_MASKED_SCORE;
    }
    return true;
}

static float row_max(const float *row, int n)
{
    float best = row[n - 1];
    for (int j = n - 2; j >= 0; j--)
        if (row[j] > best)
            best = row[j];
    return best;
}

static void softmax_rows(Tensor *S)
{
    int n = tensor_axis(S, -1);
    size_t rows = S->size / n;
    for (size_t r = 0; r < rows; r++) {
        float *row = S->data + r * n;
        float best = row_max(row, n);
        double total = 0.0;
        for (int j = 0; j < n; j++)
            total += expf(row[j] - best);
        for (int j = 0; j < n; j++)
            row[j] = (float)(expf(row[j] - best) / total);
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    if (Q == NULL || K == NULL || V == NULL)
        return r;
    r.weights = scores_of(Q, K);
    if (r.weights == NULL)
        return r;
    if (!mask_scores(r.weights, mask)) {
        tensor_free(r.weights);
        r.weights = NULL;
        return r;
    }
    softmax_rows(r.weights);
    r.output = tensor_matmul(r.weights, V);
    if (r.output == NULL) {
        tensor_free(r.weights);
        r.weights = NULL;
    }
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *sa = malloc(sizeof(*sa));
    if (sa == NULL)
        return NULL;
    sa->d_model = d_model;
    return sa;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (attention == NULL || x == NULL)
        return none;
    if (x->shape[x->ndim - 1] != attention->d_model)
        return none;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
