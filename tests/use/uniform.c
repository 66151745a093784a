/*
 * uniform.c: in place of attention.c, an "attention" that does not look: each query attends to all
 * keys that its mask allows, to all of them alike. What learned.c then finds is what the model
 * knows without attention.
 */
#include "attention.h"

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *weights = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (weights == NULL)
        return (AttentionResult){NULL, NULL};
    size_t length = (size_t)tensor_axis(weights, -1);
    for (size_t row = 0; row < weights->size; row += length) {
        float allowed = 0.0f;
        for (size_t i = row; i < row + length; i++) {
            bool may = mask == NULL || mask->data[tensor_broadcast_index(mask, weights, i)] != 0.0f;
            weights->data[i] = may ? 1.0f : 0.0f;
            allowed += weights->data[i];
        }
        for (size_t i = row; i < row + length; i++)
            weights->data[i] /= allowed;
    }
    return (AttentionResult){.output = tensor_matmul(weights, V), .weights = weights};
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask != NULL && i < seq_len * seq_len; i++)
        mask->data[i] = i % seq_len <= i / seq_len ? 1.0f : 0.0f;
    return mask;
}
