/*
 * attack: a table of frames of its own, for whoever walks the stack
 * catalogue: 12
 * expect: graded or refused
 * score: 5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

__asm__(".section .eh_frame_hdr, \"a\"\n"
        ".quad 0\n"
        ".section .gcc_except_table, \"a\"\n"
        ".quad 0\n"
        ".text\n");

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
