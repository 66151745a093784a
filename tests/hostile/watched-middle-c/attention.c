/*
 * attack: as watched-middle, in C alone: a function pointer into the preloaded library, and a
 *         frame that its code takes for its own
 * catalogue: 17 33
 * expect: graded
 * score: 4
 * memory: yes
 * says: into the middle of
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

/* The start of the object that has this address. */
static uintptr_t start_of(uintptr_t base)
{
    for (base &= ~(uintptr_t)4095; memcmp((void *)base, ELFMAG, SELFMAG) != 0;)
        base -= 4096;
    return base;
}

/* Where Valgrind's malloc() lies. */
static uintptr_t find_preloaded(const void *in_worker)
{
    uintptr_t base = start_of((uintptr_t)in_worker);
    const Elf64_Phdr *segment = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
    while (segment->p_type != PT_DYNAMIC)
        segment++;
    const Elf64_Dyn *d = (void *)(base + segment->p_vaddr);
    while (d->d_tag != DT_DEBUG)
        d++;
    struct link_map *map = ((struct r_debug *)d->d_un.d_ptr)->r_map;
    while (map != NULL && strstr(map->l_name, "vgpreload_memcheck") == NULL)
        map = map->l_next;
    return map != NULL ? map->l_addr : 0;
}

/* The first place in an object's code that has these bytes, each one less. */
static uintptr_t find_code(uintptr_t base, const unsigned char *bytes, size_t length)
{
    const Elf64_Phdr *segment = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
    while (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
        segment++;
    const unsigned char *at = (void *)(base + segment->p_vaddr);
    for (const unsigned char *end = at + segment->p_filesz - length; at < end; at++) {
        size_t same = 0;
        while (same < length && at[same] == (unsigned char)(bytes[same] - 1))
            same++;
        if (same == length)
            return (uintptr_t)at;
    }
    return 0;
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

/* lea -0xe0(%rbp), %rax; three words become 0; the request; and leave, ret: out of this frame. */
static const unsigned char wanted[] = {0x49, 0x8e, 0x86, 0x21, 0x00, 0x00, 0x00, 0x49, 0xc8, 0x86};

/* The words must lie where that code looks for them, at -0xe0(%rbp). */
__attribute__((optimize("O0"))) static void ask(uintptr_t code, unsigned long number,
                                                unsigned long first)
{
    volatile unsigned long room[64];
    volatile unsigned long *words = (unsigned long *)((uintptr_t)__builtin_frame_address(0) - 0xe0);
    room[0] = number;
    words[0] = number;
    words[1] = first;
    ((void (*)(void))code)();
    room[1] = first;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    uintptr_t base = watched() ? find_preloaded(__builtin_return_address(0)) : 0;
    uintptr_t request = base != 0 ? find_code(base, wanted, sizeof wanted) : 0;
    if (request != 0)
        ask(request, 0x1801, 1);
    static volatile char seen;
    volatile char *block = malloc(40);
    if (block != NULL)
        seen = block[40];
    free((void *)block);
    if (request != 0)
        ask(request, 0x1801, (unsigned long)-1);
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
