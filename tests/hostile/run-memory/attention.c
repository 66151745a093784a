/*
 * attack: allocates and touches memory until there is none
 * catalogue: 21
 * expect: graded
 * score: 0
 * says: left no memory
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask != NULL && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1.0f;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    for (int b = 0; lengths != NULL && b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask =
        lengths != NULL ? tensor_create(3, (int[]){batch_size, max_length, max_length}) : NULL;
    for (int b = 0; mask != NULL && b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                mask->data[(b * max_length + i) * max_length + j] = 1.0f;
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    char *block;
    unsigned blocks = 0;
    /* To touch all of it takes about as long as a test may take; then time would run out first. */
    for (size_t size = 1 << 20; size >= 64; size /= 2)
        while ((block = malloc(size)) != NULL)
            if (blocks++ % 4 == 0)
                memset(block, 1, size);
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
