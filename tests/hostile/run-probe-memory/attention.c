/*
 * attack: asks for 220 blocks before each mask: whoever lets one allocation after the other fail
 * meets those, and never the one whose result is not looked at
 * catalogue: -
 * expect: graded
 * score: 0
 * says: memory runs out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

static int is_memory_there(void)
{
    void *blocks[220];
    int is_there = 1;
    for (int i = 0; i < 220; i++) {
        blocks[i] = malloc(1);
        is_there = is_there && blocks[i] != NULL;
    }
    for (int i = 0; i < 220; i++)
        free(blocks[i]);
    return is_there;
}
Tensor *create_causal_mask(int seq_len)
{

    if (seq_len < 1 || seq_len > 32767 || !is_memory_there())
        return NULL;
    Tensor *causal = tensor_create(2, (int[]){seq_len, seq_len});

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
