/*
 * attack: reads the worker's connection, from which nothing more comes, in each of its functions: so
 *         it takes twenty times as long as code that uses up its CPU time
 * catalogue: 19
 * expect: graded
 * score: 0
 * says: not run: too many tests before it did not return
 */
#include <elf.h>
#include <stdint.h>
#include <string.h>
#include "attention.h"

static uintptr_t find_worker(void)
{
    uintptr_t base = (uintptr_t)tensor_free & ~(uintptr_t)4095;
    while (memcmp((void *)base, ELFMAG, SELFMAG) != 0)
        base -= 4096;
    return base;
}

static const Elf64_Phdr *find_segment(unsigned type)
{
    uintptr_t base = find_worker();
    const Elf64_Phdr *segment = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
    while (segment->p_type != type)
        segment++;
    return segment;
}

/* A function of the worker's by its name, in the table for the dynamic linker. */
static void *find_function(const char *name)
{
    uintptr_t base = find_worker();
    const Elf64_Sym *symbol = NULL;
    const char *names = NULL;
    const Elf64_Dyn *d = (void *)(base + find_segment(PT_DYNAMIC)->p_vaddr);
    for (; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_SYMTAB)
            symbol = (void *)d->d_un.d_ptr;
        if (d->d_tag == DT_STRTAB)
            names = (void *)d->d_un.d_ptr;
    }
    while (strcmp(names + symbol->st_name, name) != 0)
        symbol++;
    return (void *)(base + symbol->st_value);
}

static void wait(void)
{
    enum { CONNECTION = 3 };
    char byte;
    ((_Bool(*)(int, void *, size_t))find_function("wire_read_all"))(CONNECTION, &byte, 1);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)Q, (void)K, (void)V, (void)mask;
    wait();
    return (AttentionResult){0};
}

Tensor *create_causal_mask(int seq_len)
{
    wait();
    return tensor_create(2, (int[]){seq_len, seq_len});
}

Tensor *create_bidirectional_mask(int seq_len)
{
    wait();
    return tensor_create(2, (int[]){seq_len, seq_len});
}
