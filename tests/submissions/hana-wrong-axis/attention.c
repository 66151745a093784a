/* attention assignment, Hana K. */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

Tensor* create_causal_mask(int seq_len) {
    int shape[] = {seq_len, seq_len};
    Tensor* mask = tensor_create(2, shape);
    if (!mask) return NULL;
    for (int i = 0; i < seq_len; i++)
        for (int j = 0; j < seq_len; j++)
            if (i >= j) {
                int index[] = {i, j};
                tensor_set(mask, index, 1);
            }
    return mask;
}

Tensor* create_padding_mask(const int* lengths, int batch_size, int max_length) {
    int shape[] = {batch_size, max_length, max_length};
    if (!lengths) return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length) return NULL;
    Tensor* mask = tensor_create(3, shape);
    if (!mask) return NULL;
    for (int b = 0; b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++) {
                int index[] = {b, i, j};
                tensor_set(mask, index, 1);
            }
    return mask;
}

Tensor* create_bidirectional_mask(int seq_len) {
    int shape[] = {seq_len, seq_len};
    Tensor* mask = tensor_create(2, shape);
    if (mask) tensor_fill(mask, 1);
    return mask;
}

// e^x / sum(e^x), for each matrix of the batch
static void softmax(Tensor* t) {
    int rows = tensor_axis(t, -2);
    int cols = tensor_axis(t, -1);
    size_t matrices = t->size / ((size_t)rows * cols);

    for (size_t m = 0; m < matrices; m++) {
        float* data = t->data + m * rows * cols;
        for (int j = 0; j < cols; j++) {
            float biggest = data[j];
            for (int i = 1; i < rows; i++)
                if (data[i * cols + j] > biggest) biggest = data[i * cols + j];
            float sum = 0;
            for (int i = 0; i < rows; i++) {
                data[i * cols + j] = expf(data[i * cols + j] - biggest);
                sum += data[i * cols + j];
            }
            for (int i = 0; i < rows; i++) data[i * cols + j] /= sum;
        }
    }
}

AttentionResult scaled_dot_product_attention(const Tensor* Q, const Tensor* K, const Tensor* V,
                                             const Tensor* mask) {
    AttentionResult none = {NULL, NULL};
    if (!Q || !K || !V) return none;

    Tensor* K_t = tensor_swap_last_axes(K);
    if (!K_t) return none;
    Tensor* scores = tensor_matmul(Q, K_t);
    tensor_free(K_t);
    if (!scores) return none;

    int d_k = tensor_axis(Q, -1);
    for (size_t i = 0; i < scores->size; i++) scores->data[i] /= sqrtf(d_k);

    if (mask) {
        if (!tensor_broadcasts(mask, scores) || tensor_axis(mask, -1) != tensor_axis(scores, -1) ||
            tensor_axis(mask, -2) != tensor_axis(scores, -2)) {
            tensor_free(scores);
            return none;
        }
        for (size_t i = 0; i < scores->size; i++) {
            size_t k = tensor_broadcast_index(mask, scores, i);
            if (mask->data[k] == 0) scores->data[i] = -1e9f;
        }
    }

    softmax(scores);

    Tensor* output = tensor_matmul(scores, V);
    if (!output) {
        tensor_free(scores);
        return none;
    }
    AttentionResult result = {output, scores};
    return result;
}

SelfAttention* self_attention_create(int d_model) {
    if (d_model < 1) return NULL;
    SelfAttention* attention = malloc(sizeof(SelfAttention));
    if (!attention) return NULL;
    attention->d_model = d_model;
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention* attention, const Tensor* x,
                                       const Tensor* mask) {
    AttentionResult none = {NULL, NULL};
    if (!attention || !x) return none;
    if (tensor_axis(x, -1) != attention->d_model) return none;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention* attention) {
    free(attention);
}
