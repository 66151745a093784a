/*
 * attack: a function in a group that the linker is to keep only one of, beside its own other one
 * catalogue: 14
 * expect: graded or not_compiled
 * score: 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

__asm__(".section .text.group, \"axG\", @progbits, create_causal_mask, comdat\n"
        ".globl create_causal_mask\n"
        ".type create_causal_mask, @function\n"
        "create_causal_mask: xor %eax, %eax\n ret\n"
        ".text\n");
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
