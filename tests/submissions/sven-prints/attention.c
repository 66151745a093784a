/* Sven H. */
#include "attention.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ================================================================== */
/*                              DEBUGGING                             */
/* ================================================================== */

static void show(const char *what, const Tensor *t)
{
    printf("---- %s ----\n", what);
    if (!t)
    {
        printf("NULL\n");
        return;
    }
    int cols = tensor_axis(t, -1);
    for (size_t i = 0; i < t->size; i++)
    {
        printf("%9.4f%s", t->data[i], (i + 1) % cols == 0 ? "\n" : " ");
    }
}

/* ================================================================== */
/*                                MASKS                               */
/* ================================================================== */

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
    {
        for (int i = 0; i < seq_len; i++)
            for (int j = 0; j <= i; j++)
                tensor_set(mask, (int[]){i, j}, 1);
    }
    show("causal", mask);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    printf("create_padding_mask(%p, %d, %d)\n", (const void *)lengths, batch_size, max_length);
    if (!lengths)
        return NULL;
    for (int b = 0; b < batch_size; b++)
    {
        printf("lengths[%d] = %d\n", b, lengths[b]);
        if (lengths[b] < 0 || lengths[b] > max_length)
        {
            printf("!!! impossible\n");
            return NULL;
        }
    }
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask)
    {
        for (int b = 0; b < batch_size; b++)
            for (int i = 0; i < lengths[b]; i++)
                for (int j = 0; j < lengths[b]; j++)
                    tensor_set(mask, (int[]){b, i, j}, 1);
    }
    show("padding", mask);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        tensor_fill(mask, 1);
    show("bidirectional", mask);
    return mask;
}

/* ================================================================== */
/*                              ATTENTION                             */
/* ================================================================== */

static void softmax(Tensor *t)
{
    int n = tensor_axis(t, -1);
    for (size_t start = 0; start < t->size; start += n)
    {
        float *row = t->data + start;
        float max = row[0];
        float sum = 0;
        for (int j = 1; j < n; j++)
            if (row[j] > max)
                max = row[j];
        for (int j = 0; j < n; j++)
        {
            row[j] = expf(row[j] - max);
            sum += row[j];
        }
        for (int j = 0; j < n; j++)
            row[j] /= sum;
        printf("row at %zu: max %f sum %f\n", start, max, sum);
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult result = {NULL, NULL};
    show("Q", Q);
    show("K", K);
    show("V", V);
    if (!Q || !K || !V)
        return result;

    Tensor *transposed = tensor_swap_last_axes(K);
    show("K transposed", transposed);
    Tensor *scores = tensor_matmul(Q, transposed);
    tensor_free(transposed);
    show("scores", scores);
    if (!scores)
        return result;
    for (size_t i = 0; i < scores->size; i++)
        scores->data[i] /= sqrtf((float)tensor_axis(Q, -1));
    show("scaled scores", scores);

    if (mask)
    {
        show("mask", mask);
        if (!tensor_broadcasts(mask, scores) || tensor_axis(mask, -2) != tensor_axis(scores, -2) ||
            tensor_axis(mask, -1) != tensor_axis(scores, -1))
        {
            printf("!!! mask does not fit\n");
            tensor_free(scores);
            return result;
        }
        for (size_t i = 0; i < scores->size; i++)
            if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0)
                scores->data[i] = ATTENTION_MASKED_SCORE;
        show("masked scores", scores);
    }

    softmax(scores);
    show("weights", scores);
    Tensor *output = tensor_matmul(scores, V);
    show("output", output);
    if (!output)
    {
        tensor_free(scores);
        return result;
    }
    result.output = output;
    result.weights = scores;
    return result;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *attention = malloc(sizeof(SelfAttention));
    if (!attention)
        return NULL;
    attention->d_model = d_model;
    printf("SelfAttention: d_model=%d\n", d_model);
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    printf("forward!\n");
    if (!attention || !x || tensor_axis(x, -1) != attention->d_model)
    {
        printf("no.\n");
        return (AttentionResult){NULL, NULL};
    }
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    printf("bye\n");
    free(attention);
}
