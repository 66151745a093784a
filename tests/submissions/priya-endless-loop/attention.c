#include "attention.h"

#include <math.h>
#include <stdlib.h>

/*
 * Create the causal mask: position i may attend to itself and to what came before, not to the
 * future.
 */
Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;

    int i = 0;
    while (i < seq_len) {
        int j = 0;
        while (j <= i) {
            tensor_set(mask, (int[]){i, j}, 1.0f);
            j++;
        }
        i++;
    }
    return mask;
}

/*
 * Create the padding masks of a batch.
 */
Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;

    int b = 0;
    while (b < batch_size) {
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
        b++;
    }

    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;

    b = 0;
    while (b < batch_size) {
        if (lengths[b] == 0)
            continue; /* an empty sequence: leave its zeros alone */
        int i = 0;
        while (i < lengths[b]) {
            int j = 0;
            while (j < lengths[b]) {
                tensor_set(mask, (int[]){b, i, j}, 1.0f);
                j++;
            }
            i++;
        }
        b++;
    }
    return mask;
}

/*
 * Create the bidirectional mask: every position may attend to every other, before and after it.
 */
Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    tensor_fill(mask, 1.0f);
    return mask;
}

/*
 * Scaled dot-product attention.
 */
AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult result = {NULL, NULL};

    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *scores = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (scores == NULL)
        return result;

    int d_k = tensor_axis(Q, -1);
    size_t i = 0;
    while (i < scores->size) {
        scores->data[i] /= sqrtf((float)d_k);
        i++;
    }

    if (mask != NULL) {
        if (tensor_axis(mask, -2) != tensor_axis(scores, -2) ||
            tensor_axis(mask, -1) != tensor_axis(scores, -1) || !tensor_broadcasts(mask, scores)) {
            tensor_free(scores);
            return result;
        }
        i = 0;
        while (i < scores->size) {
            size_t m = tensor_broadcast_index(mask, scores, i);
            if (mask->data[m] == 0.0f)
                scores->data[i] = ATTENTION_MASKED_SCORE;
            i++;
        }
    }

    int n = tensor_axis(scores, -1);
    size_t start = 0;
    while (start < scores->size) {
        float *row = scores->data + start;
        float max = row[0];
        float sum = 0.0f;
        int j = 1;
        while (j < n) {
            if (row[j] > max)
                max = row[j];
            j++;
        }
        j = 0;
        while (j < n) {
            row[j] = expf(row[j] - max);
            sum += row[j];
            j++;
        }
        j = 0;
        while (j < n) {
            row[j] /= sum;
            j++;
        }
        start += (size_t)n;
    }

    result.output = tensor_matmul(scores, V);
    if (result.output == NULL) {
        tensor_free(scores);
        return result;
    }
    result.weights = scores;
    return result;
}

/*
 * Create a self-attention layer.
 */
SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *p = malloc(sizeof *p);
    if (p == NULL)
        return NULL;
    p->d_model = d_model;
    return p;
}

/*
 * Self-attention: a sequence attends to itself.
 */
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
