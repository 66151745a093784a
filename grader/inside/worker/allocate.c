/* allocate.c: the counting allocation functions; see allocate.h. */
#include "inside/worker/allocate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

static bool counting;
static AllocateCounts counts;
static unsigned failing;
static bool failing_rest;

void allocate_begin(unsigned fail_at)
{
    counting = true;
    counts = (AllocateCounts){0};
    failing = fail_at & ~WIRE_FAIL_REST;
    failing_rest = (fail_at & WIRE_FAIL_REST) != 0;
}

AllocateCounts allocate_end(void)
{
    counting = false;
    return counts;
}

static bool must_fail(void)
{
    if (!counting)
        return false;
    counts.allocated++;
    if (counts.allocated != failing && !(failing_rest && counts.allocated > failing))
        return false;
    errno = ENOMEM;
    return true;
}

static void count_free(void)
{
    if (counting)
        counts.freed++;
}

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t number, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
    return must_fail() ? NULL : malloc(size);
}

void *__wrap_calloc(size_t number, size_t size)
{
    return must_fail() ? NULL : calloc(number, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    if (must_fail())
        return NULL;
    bool had_block = block != NULL;
    block = realloc(block, size); /* NOLINT: size 0 is the student's to decide */
    if (had_block && (block != NULL || size == 0))
        count_free();
    return block;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return must_fail() ? NULL : aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return must_fail() ? NULL : strdup(text);
}

void __wrap_free(void *block)
{
    if (block != NULL)
        count_free();
    free(block);
}
