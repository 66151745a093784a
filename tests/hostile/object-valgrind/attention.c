/*
 * attack: asks Valgrind to stop reporting errors, by a hand-made client request
 * catalogue: 17 33
 * expect: refused
 * score: 0
 * rule: valgrind
 */
#include <stdlib.h>
#include "attention.h"

static unsigned long request(unsigned long number)
{
    volatile unsigned long arguments[6] = {number};
    unsigned long result = 0;
    __asm__ volatile("rolq $3, %%rdi\nrolq $13, %%rdi\n"
                     "rolq $61, %%rdi\nrolq $51, %%rdi\nxchgq %%rbx, %%rbx"
                     : "=d"(result)
                     : "a"(arguments), "0"(result)
                     : "cc", "memory");
    return result;
}

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
    static volatile char *lost;
    request(0x1801);
    lost = malloc(40);
    lost = NULL;
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
