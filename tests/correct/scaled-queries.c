/* Divides the queries by sqrt(d_k) before the product, and expands the mask to a full tensor. */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

// The mask with the full shape of the scores, so that the rest need not know about broadcasting.
static Tensor *expand_mask(const Tensor *mask, const Tensor *scores)
{
    if (tensor_axis(mask, -1) != tensor_axis(scores, -1) ||
        tensor_axis(mask, -2) != tensor_axis(scores, -2) || !tensor_broadcasts(mask, scores))
        return NULL;
    Tensor *full = tensor_create(scores->ndim, scores->shape);
    for (size_t i = 0; full != NULL && i < full->size; i++)
        full->data[i] = mask->data[tensor_broadcast_index(mask, scores, i)];
    return full;
}

static Tensor *scaled_scores(const Tensor *Q, const Tensor *K)
{
    Tensor *scores = NULL;
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *scaled = tensor_copy(Q);
    if (K_T != NULL && scaled != NULL) {
        const float factor = powf((float)tensor_axis(Q, -1), -0.5f);
        for (size_t i = 0; i < scaled->size; i++)
            scaled->data[i] *= factor;
        scores = tensor_matmul(scaled, K_T);
    }
    tensor_free(K_T);
    tensor_free(scaled);
    return scores;
}

static bool mask_scores(Tensor *scores, const Tensor *mask)
{
    if (mask == NULL)
        return true;
    Tensor *full = expand_mask(mask, scores);
    if (full == NULL)
        return false;
    for (size_t i = 0; i < scores->size; i++)
        scores->data[i] = full->data[i] == 0.0f ? ATTENTION_MASKED_SCORE : scores->data[i];
    tensor_free(full);
    return true;
}

static void softmax(Tensor *t)
{
    const size_t n = (size_t)tensor_axis(t, -1);
    for (float *row = t->data; row < t->data + t->size; row += n) {
        float max = row[0];
        for (size_t j = 1; j < n; j++)
            max = row[j] > max ? row[j] : max;
        float sum = 0.0f;
        for (size_t j = 0; j < n; j++)
            sum += expf(row[j] - max);
        for (size_t j = 0; j < n; j++)
            row[j] = expf(row[j] - max) / sum;
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (Q == NULL || K == NULL || V == NULL)
        return (AttentionResult){NULL, NULL};

    Tensor *weights = scaled_scores(Q, K);
    Tensor *output = NULL;
    if (weights != NULL && mask_scores(weights, mask)) {
        softmax(weights);
        output = tensor_matmul(weights, V);
    }
    if (output == NULL) {
        tensor_free(weights);
        weights = NULL;
    }
    return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *attention = NULL;
    if (d_model > 0) {
        attention = malloc(sizeof(*attention));
        if (attention != NULL)
            attention->d_model = d_model;
    }
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    const bool usable = attention != NULL && x != NULL && tensor_axis(x, -1) == attention->d_model;
    const Tensor *input = usable ? x : NULL;
    return scaled_dot_product_attention(input, input, input, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = create_bidirectional_mask(seq_len);
    if (mask == NULL)
        return NULL;
    for (int row = 0; row < seq_len; row++)
        for (int col = row + 1; col < seq_len; col++)
            tensor_set(mask, (int[]){row, col}, 0.0f);
    return mask;
}

static bool lengths_ok(const int *lengths, int n, int max_length)
{
    for (int i = 0; i < n; i++)
        if (lengths[i] < 0 || lengths[i] > max_length)
            return false;
    return n > 0;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL || !lengths_ok(lengths, batch_size, max_length))
        return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;
    // start from all ones, then clear the padding: first whole rows, then the rest of the others
    tensor_fill(mask, 1.0f);
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < max_length; i++)
            for (int j = i < lengths[b] ? lengths[b] : 0; j < max_length; j++)
                tensor_set(mask, (int[]){b, i, j}, 0.0f);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
