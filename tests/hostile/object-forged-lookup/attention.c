/*
 * attack: a whole dynamic table of its own before the linker's; its table of names leads to a symbol
 *         behind the table of symbols, an IFUNC whose resolver runs in the kit's own process
 * catalogue: 12 15
 * expect: refused
 * score: 0
 * rule: object
 */
#include <stdio.h>
#include <stdlib.h>
#include "attention.h"
/* Says that the object is loaded, and then ends: no worker can be made, and nothing is graded. */
__attribute__((used)) static void *resolve(void)
{
    static const char ready[16];
    stdout->_fileno = 3;
    fwrite(ready, 1, sizeof ready, stdout);
    fflush(stdout);
    exit(0);
}
/* The addresses are those that gcc 12 and ld 2.40 give to this file. */
__asm__(".section .dynamic,\"aw\",@progbits\n.quad 0x5,0x338\n.quad 0x6,0x230\n.quad 0xa,0xa7\n.quad 0xb,0x18\n.quad 0x6ffffef5,0x2000\n.quad 0x2,0x90\n.quad 0x14,0x7\n.quad 0x17,0x440\n.quad 0x7,0x428\n.quad 0x8,0x18\n.quad 0x9,0x18\n.quad 0x18,0x0\n.quad 0x10,0x0\n.quad 0x0,0x0\n"
        ".section .rodata.table,\"a\",@progbits\n.balign 8\ntable: .long 1,320,1,0\n.quad -1\n.long 320\n.long 2150516093\n"
        ".balign 8\n.skip 16\nforged: .long 27\n.byte 0x1a,0\n.short 9\n.quad 0x1070,16\n.text");

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
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
