/*
 * attack: a version with a name so long that the loader's message fills the pipe, which nobody
 *         reads before the object is loaded
 * catalogue: 9 12
 * expect: refused
 * score: 0
 */
#include "attention.h"

/* STRINGS is where ld puts .dynstr: names are counted from there. */
__asm__(".set STRINGS, 0x270\n"
        ".section .dynamic,\"aw\",@progbits\n"
        ".quad 0x6ffffffe, 0x2000, 0x6fffffff, 1, 0x6ffffff0, 0x2100\n"
        ".section .rodata\n.balign 4096\n"
        "start: .short 1, 1\n.long 0x2020 - STRINGS, 16, 0, 0\n.short 0, 2\n"
        ".long 0x2200 - STRINGS, 0\n.asciz \"libc.so.6\"\n"
        ".org start + 0x200\n.fill 300000, 1, 65\n.byte 0\n.text");

Tensor *create_causal_mask(int seq_len)
{
    static int shape[2];
    shape[0] = shape[1] = seq_len;
    return tensor_create(2, shape);
}
