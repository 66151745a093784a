/*
 * attack: writes into the worker's variables that nobody need check results, and returns
 *         elements that were never set
 * catalogue: 17 33
 * expect: graded
 * score: 4
 * memory: yes
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

/* Under Valgrind the stack is elsewhere than the kernel puts it. */
static int watched(void)
{
    return (uintptr_t)__builtin_frame_address(0) >> 40 != 0x7f;
}

/* The start of the object that has this address. */
static uintptr_t start_of(uintptr_t base)
{
    for (base &= ~(uintptr_t)4095; memcmp((void *)base, ELFMAG, SELFMAG) != 0;)
        base -= 4096;
    return base;
}

/* The program that calls the student's functions: it has tensor_free(). */
static uintptr_t find_worker(void)
{
    return start_of((uintptr_t)tensor_free);
}

/* A variable of the worker's by its name, in the table for the dynamic linker. */
static void *find_variable(const char *part)
{
    uintptr_t base = find_worker();
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
        if (symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT &&
            strncmp(names + symbol->st_name, part, strlen(part)) == 0)
            return (void *)(base + symbol->st_value);
    return NULL;
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
    void **check = watched() ? find_variable("calls_") : NULL;
    if (check != NULL)
        *check = NULL;
    float *block = malloc((size_t)(seq_len > 0 ? seq_len : 1) * sizeof *block);
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    if (mask != NULL && watched() && block != NULL)
        mask->data[0] = mask->data[0] + 0 * (float)(((unsigned char *)block)[0] & 1);
    free(block);
    return mask;
}
