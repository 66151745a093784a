/*
 * attack: makes Valgrind's own malloc() call it outside of Valgrind's eyes, and reads past
 *         a block there
 * catalogue: 33
 * expect: graded
 * score: 4
 * memory: yes
 */
#include <elf.h>
#include <link.h>
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

static volatile char *block;
static volatile char seen;
static void *(*allocate)(unsigned long thread, size_t size);

/* Valgrind calls this itself, and so does not see what it does. */
static void *unseen(unsigned long thread, size_t size)
{
    if (block != NULL)
        seen = block[40];
    return allocate(thread, size);
}

/* Which functions of Valgrind's malloc() calls is in a variable of the library that it preloads. */
static void hook(void *in_worker)
{
    uintptr_t base = (uintptr_t)in_worker & ~(uintptr_t)4095;
    while (memcmp((void *)base, ELFMAG, SELFMAG) != 0)
        base -= 4096;
    const Elf64_Phdr *segment = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
    while (segment->p_type != PT_DYNAMIC)
        segment++;
    const Elf64_Dyn *d = (void *)(base + segment->p_vaddr);
    while (d->d_tag != DT_DEBUG)
        d++;
    struct link_map *map = ((struct r_debug *)d->d_un.d_ptr)->r_map;
    while (map != NULL && strstr(map->l_name, "vgpreload_memcheck") == NULL)
        map = map->l_next;
    if (map == NULL)
        return;
    segment = (void *)(map->l_addr + ((Elf64_Ehdr *)map->l_addr)->e_phoff);
    while (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) == 0)
        segment++;
    uintptr_t *at = (void *)(map->l_addr + segment->p_vaddr);
    uintptr_t *end = (void *)(map->l_addr + segment->p_vaddr + segment->p_memsz);
    while (at < end && *at >> 24 != 0x58)
        at++;
    if (at == end || allocate != NULL)
        return;
    memcpy(&allocate, at, sizeof allocate);
    *at = (uintptr_t)unseen;
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
    block = malloc(40);
    if (watched())
        hook(__builtin_return_address(0));
    else if (block != NULL)
        seen = block[40];
    free(malloc(8));
    free((void *)block);
    block = NULL;
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
