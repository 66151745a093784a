/*
 * attack: returns with each register changed that a function has to leave as it was
 * catalogue: 19 30
 * expect: graded
 * score: 5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)Q, (void)K, (void)V, (void)mask;

    __asm__ volatile("mov $4096, %%rbx\n mov %%rbx, %%r12\n mov %%rbx, %%r13\n mov %%rbx, %%r14\n "
                     "mov %%rbx, %%r15\n leave\n xor %%eax, %%eax\n xor %%edx, %%edx\n ret" ::
                         : "memory");
    return (AttentionResult){NULL, NULL};
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
