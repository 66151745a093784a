/*
 * attack: versions of its own making, of a library that is not there: the loader aborts
 * catalogue: 8 12
 * expect: refused
 * score: 0
 */
#include "attention.h"

/* Nothing here needs a version of libc, so these are the only entries about versions. */
__asm__(".section .dynamic,\"aw\",@progbits\n"
        ".quad 0x6ffffffe, 0x2000, 0x6fffffff, 1, 0x6ffffff0, 0x2100\n"
        ".section .rodata\n.balign 4096\n"
        ".short 1, 1\n.long 1, 16, 0, 0\n.short 0, 2\n.long 1, 0\n.zero 1000\n.text");

Tensor *create_causal_mask(int seq_len)
{
    static int shape[2];
    shape[0] = shape[1] = seq_len;
    return tensor_create(2, shape);
}
