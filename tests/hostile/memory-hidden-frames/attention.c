/*
 * attack: loses memory by the malloc of the C library, whose address it computes, with a return into the middle of
 *     an instruction of the C library, so that no frame of the student's is to be seen
 * catalogue: 33
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

/* The end of mov %rax, %rbx is a ret. There, in the middle of a function, its caller is looked for far up. */
static void *find_return(void)
{
    const unsigned char *code = (void *)printf;
    while (memcmp(code, "\x48\x89\xc3", 3) != 0)
        code++;
    return (void *)(code + 2);
}

static void *lose(size_t size)
{
    void *allocate = find("malloc"), *gadget = find_return(), *block;
    __asm__ volatile("mov %%rsp, %%rbx\n"
                     "and $-16, %%rsp\n"
                     "sub $4096, %%rsp\n"
                     "mov %%rsp, %%rdi\n"
                     "mov $512, %%ecx\n"
                     "xor %%eax, %%eax\n"
                     "rep stosq\n"
                     "mov %[size], %%rdi\n"
                     "lea 1f(%%rip), %%rax\n"
                     "mov %%rax, 16(%%rsp)\n"
                     "mov %[gadget], 8(%%rsp)\n"
                     "add $8, %%rsp\n"
                     "jmp *%[allocate]\n"
                     "1: mov %%rbx, %%rsp\n"
                     : "=&a"(block)
                     : [allocate] "r"(allocate), [gadget] "r"(gadget), [size] "r"(size)
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
    return block;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    *(volatile char *)lose(40) = 1;
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
