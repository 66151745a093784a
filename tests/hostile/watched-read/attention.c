/*
 * attack: reads under Valgrind from where its results go, and waits for ever
 * catalogue: 19 33
 * expect: graded
 * score: 5
 * memory: no
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"
#include <stdint.h>
#include <elf.h>
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

/* Under Valgrind the stack is elsewhere than the kernel puts it. */
static int watched(void)
{
    return (uintptr_t)__builtin_frame_address(0) >> 40 != 0x7f;
}

static void wait(void)
{
    char byte;
    if (watched())
        ((long (*)(int, void *, size_t))find("read"))(5, &byte, 1);
}

Tensor *create_causal_mask(int seq_len)
{
    wait();
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask != NULL && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1.0f;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    wait();
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
    wait();
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
