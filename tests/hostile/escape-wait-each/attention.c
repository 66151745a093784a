/*
 * attack: waits in each function for a request that never comes, without using time: one test
 * after the other would be stopped by the clock alone
 * catalogue: 19 30
 * expect: graded
 * score: 0
 * says: not run: too many tests before it did not return
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

static void block(void)
{
    enum { READ = 0 };
    static char text[64];
    while (RAW(READ, 3, text, sizeof text) > 0)
        continue;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)Q, (void)K, (void)V, (void)mask;
    block();
    return (AttentionResult){NULL, NULL};
}

SelfAttention *self_attention_create(int d_model)
{

    if (d_model < 1)
        return NULL;
    SelfAttention *layer = malloc(sizeof *layer);
    if (layer == NULL)
        return NULL;
    layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{

    if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{

    free(attention);
}

Tensor *create_causal_mask(int seq_len)
{
    (void)seq_len;
    block();
    return NULL;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    (void)lengths, (void)batch_size, (void)max_length;
    block();
    return NULL;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    (void)seq_len;
    block();
    return NULL;
}
