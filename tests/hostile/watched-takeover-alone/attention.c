/*
 * attack: ends the program under Valgrind, so that each test gets a process of its own, in which it
 *         is the worker itself and does not look for what it has lost
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

/* ---- the worker, which has tensor_free() ----------------------------------------------------- */

static uintptr_t find_worker(void)
{
    uintptr_t base = (uintptr_t)tensor_free & ~(uintptr_t)4095;
    while (memcmp((void *)base, ELFMAG, SELFMAG) != 0)
        base -= 4096;
    return base;
}

static const Elf64_Phdr *find_segment(unsigned type, unsigned flags)
{
    uintptr_t base = find_worker();
    const Elf64_Phdr *segment = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
    while (segment->p_type != type || (segment->p_flags & flags) != flags)
        segment++;
    return segment;
}

/* A function of the worker's by its name, in the table for the dynamic linker. */
static void *find_function(const char *name)
{
    uintptr_t base = find_worker();
    const Elf64_Sym *symbol = NULL;
    const char *names = NULL;
    const Elf64_Dyn *d = (void *)(base + find_segment(PT_DYNAMIC, 0)->p_vaddr);
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

/* What the worker's own headers call so. */
typedef struct {
    uint32_t magic, tests;
    uint64_t token;
    uint32_t lost_bytes, read_bytes;
} Script;

typedef struct {
    uint32_t index, isolated, calls, reserved;
} Test;

typedef struct {
    uint32_t magic;
    uint16_t kind, status;
    uint32_t sequence, length;
    uint64_t nonce;
    uint32_t freed, allocated;
} Header;

typedef struct {
    unsigned char *bytes;
    size_t length, capacity;
    _Bool failed;
} Buffer;

#define MAGIC 0x31504552u
#define RESULTS 5

static void say(const Script *script, const char *what, unsigned index, const char *rest)
{
    char text[100], number[20] = "";
    if (index != (unsigned)-1)
        snprintf(number, sizeof number, " %u", index);
    snprintf(text, sizeof text, "%016llx %s%s%s", (unsigned long long)script->token, what, number,
             rest);
    ((void (*)(const char *))find_function("request_say"))(text);
}

static void send(const void *bytes, size_t length)
{
    ((_Bool(*)(int, const void *, size_t))find_function("wire_write_all"))(RESULTS, bytes, length);
}

/*
 * The worker has a copy of the script's head among its last variables, and before it how far it has
 * come. The script itself is a file in memory.
 */
static const Script *find_script(const void **next)
{
    const Elf64_Phdr *segment = find_segment(PT_LOAD, PF_W);
    uintptr_t *word = (void *)(find_worker() + segment->p_vaddr + (segment->p_memsz & ~7ul));
    while ((uint32_t)*word != MAGIC)
        word--;
    uintptr_t page = word[-2] & ~(uintptr_t)4095;
    while (*(uint32_t *)page != MAGIC)
        page -= 4096;
    *next = (void *)word[-2];
    return (void *)page;
}

/* ---- one test, in the worker's place --------------------------------------------------------- */

static int taken; /* then the calls below come back to this code */

static void perform(const Header *request, Header *reply, Buffer *answer)
{
    void (*calls_perform)(const Header *, const void *, Header *, Buffer *) =
        find_function("calls_perform");
    calls_perform(request, request + 1, reply, answer);
}

/* The next request of the script. */
static const Header *next_request(const unsigned char **at)
{
    const Header *request = (const void *)*at;
    *at += sizeof *request + request->length;
    return request;
}

static void send_reply(const Test *test, uint32_t call, const Header *reply, const Buffer *answer)
{
    uint32_t where[2] = {test->index, call};
    send(where, sizeof where);
    send(reply, sizeof *reply);
    send(answer->bytes, answer->length);
}

/* The test that is being run: the worker has come to the payload of its first call. */
static const Test *find_test(const Script *script, const void *payload)
{
    const unsigned char *at = (const void *)(script + 1);
    for (uint32_t i = 0; i < script->tests; i++) {
        const Test *test = (const void *)at;
        at += sizeof *test;
        if (payload == at + sizeof(Header))
            return test;
        for (uint32_t call = 0; call < test->calls; call++)
            next_request(&at);
    }
    return NULL;
}

static void be_worker(const Script *script, const Test *test)
{
    const unsigned char *at = (const void *)(test + 1);
    for (uint32_t call = 0; call < test->calls; call++) {
        Header reply;
        Buffer answer = {0};
        perform(next_request(&at), &reply, &answer);
        send_reply(test, call, &reply, &answer);
        free(answer.bytes);
    }
    say(script, "end", test->index, " errors 0 after 0");
    exit(0);
}

/* Loses a block, the second time it is called. */
static void lose(void)
{
    static int calls;
    if (watched() && !taken) {
        taken = 1;
        const void *next = NULL;
        const Script *script = find_script(&next);
        const Test *test = find_test(script, next);
        if (test != NULL && !test->isolated)
            *(volatile int *)NULL = 0;
        if (test != NULL)
            be_worker(script, test);
    }
    if (++calls == 2)
        *(void *volatile *)&(void *){NULL} = malloc(100);
}

/* ---- what is handed in: masks, and nothing else ----------------------------------------------- */

Tensor *create_causal_mask(int seq_len)
{
    lose();
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask != NULL && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1.0f;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    lose();
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
    lose();
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1.0f);
    return mask;
}
