/* The rarer parts of C: unions, enumerations, _Generic, complex numbers, 128 bits, K&R parameters. */
#include "attention.h"

#include <math.h>
#include <stdlib.h>

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    for (int i = 0; i < seq_len; i++) {
        for (int j = 0; j <= i; j++)
            tensor_set(mask, (int[]){i, j}, 1.0f);
    }
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++) {
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    }

    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++) {
        for (int i = 0; i < lengths[b]; i++) {
            for (int j = 0; j < lengths[b]; j++)
                tensor_set(mask, (int[]){b, i, j}, 1.0f);
        }
    }
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask == NULL)
        return NULL;
    tensor_fill(mask, 1.0f);
    return mask;
}

static const AttentionResult REFUSED = {NULL, NULL};

#include <alloca.h>
#include <complex.h>
#include <string.h>
#include <strings.h>

typedef union {
    float number;
    unsigned bits;
} Float;

enum { SIGN = 31 };

#define ABSOLUTE(x) _Generic((x), float: fabsf, double: fabs, long double: fabsl)(x)

static const double factors[] = {[0] = M_PI, [3] = M_E};

__attribute__((unused)) static int is_negative(float x)
{
    return (int)(((Float){.number = x}).bits >> SIGN & 1);
}

static int clamp(v, low, high)
    register int v, low, high;
{
    return v < low ? low : v > high ? high : v;
}

static int blocks(int n)
{
    __int128 wide = (__int128)n << 70;
    return clamp((int)((wide / 3 * 3 + 2) >> 70) + (wide % 3 == 5), 0, n + 1);
}

static float length_of(float complex z)
{
    return sqrtf(crealf(z * conjf(z)));
}

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
    float *copy = alloca((size_t)length * sizeof *copy), zero[4];
    memcpy(copy, row, (size_t)length * sizeof *copy);
    bzero(zero, sizeof zero);
    float high = copy[0] + zero[0] + 0 * (float)factors[1] + 0 * (float)blocks(length);
    for (int j = 1; j < length; j++)
        high = fmaxf(high, row[j]);

    float sum = 0.0f;
    for (int j = 0; j < length; j++) {
        row[j] = expf(row[j] - high);
        sum += row[j];
    }
    for (int j = 0; j < length; j++)
        row[j] /= length_of(ABSOLUTE(sum) + 0 * I);
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
