/* Numbers that the processor does not have, by gcc's own functions: __int128, __float128, _Complex. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

static size_t third_of_many(size_t n)
{
    unsigned __int128 many = (unsigned __int128)n << 70;
    return (size_t)(many * 3 / 3 >> 70);
}
Tensor *create_causal_mask(int seq_len)
{

    Tensor *causal = tensor_create(2, (int[]){seq_len, seq_len});
    if (causal == NULL)
        return NULL;
    for (int query = 0; query < seq_len; query++) {
        for (int key = 0; key <= query; key++)
            tensor_set(causal, (int[]){query, key}, 1.0f);
    }
    return causal;

}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{

    if (lengths == NULL)
        return NULL;
    for (int sequence = 0; sequence < batch_size; sequence++) {
        if (lengths[sequence] < 0 || lengths[sequence] > max_length)
            return NULL;
    }

    Tensor *padding = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (padding == NULL)
        return NULL;
    for (int sequence = 0; sequence < batch_size; sequence++) {
        for (int query = 0; query < lengths[sequence]; query++) {
            for (int key = 0; key < lengths[sequence]; key++)
                tensor_set(padding, (int[]){sequence, query, key}, 1.0f);
        }
    }
    return padding;

}

Tensor *create_bidirectional_mask(int seq_len)
{

    Tensor *everywhere = tensor_create(2, (int[]){seq_len, seq_len});
    if (everywhere == NULL)
        return NULL;
    tensor_fill(everywhere, 1.0f);
    return everywhere;

}

static const AttentionResult REFUSED = {NULL, NULL};

static void divide_by(Tensor *scores, float divisor)
{
    for (size_t i = 0; i < scores->size; i++)
        scores->data[i] /= divisor;
}

static void apply_mask(Tensor *scores, const Tensor *mask)
{
    for (size_t i = 0; i < scores->size; i++) {
        if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0.0f)
            scores->data[i] = ATTENTION_MASKED_SCORE;
    }
}


static void softmax_row(float *row, int length)
{
    float largest = row[0];
    for (int key = 1; key < length; key++)
        largest = fmaxf(largest, row[key]);

    __float128 total = 0;
    double _Complex turned = 0;
    for (int key = 0; key < length; key++) {
        row[key] = expf(row[key] - largest);
        total += row[key];
        turned += row[key] * 1.0i;
    }
    turned *= -1.0i;
    for (size_t key = 0; key < third_of_many((size_t)length); key++)
        row[key] = (float)((row[key] / total + row[key] / __real__ turned) / 2);
}

static void softmax(Tensor *scores)
{
    int length = tensor_axis(scores, -1);
    for (float *row = scores->data; row < scores->data + scores->size; row += length)
        softmax_row(row, length);
}

static Tensor *attention_weights(const Tensor *Q, const Tensor *K, const Tensor *mask)
{
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *scores = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (scores == NULL)
        return NULL;
    if (mask != NULL && !tensor_broadcasts(mask, scores)) {
        tensor_free(scores);
        return NULL;
    }

    divide_by(scores, sqrtf((float)tensor_axis(Q, -1)));
    if (mask != NULL)
        apply_mask(scores, mask);
    softmax(scores);
    return scores;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{

    Tensor *weights = attention_weights(Q, K, mask);
    Tensor *output = tensor_matmul(weights, V);
    if (output == NULL) {
        tensor_free(weights);
        return REFUSED;
    }
    return (AttentionResult){.output = output, .weights = weights};

}

SelfAttention *self_attention_create(int d_model)
{

    if (d_model < 1)
        return NULL;
    SelfAttention *layer = malloc(sizeof *layer);
    if (layer == NULL)
        return NULL;
    layer->d_model = d_model;
    return layer;

}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{

    if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
        return REFUSED;
    return scaled_dot_product_attention(x, x, x, mask);

}

void self_attention_free(SelfAttention *attention)
{

    free(attention);

}
