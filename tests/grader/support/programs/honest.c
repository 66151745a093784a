/* honest.c: what honest student code does, mistakes included: the sandbox must let it. */
#include "deeds.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB (1u << 20)

static void allocate(void)
{
    char *block = malloc(100 * MIB);
    if (block)
        memset(block, 1, 100 * MIB);
    char *larger = realloc(block, 200 * MIB);
    free(larger);
    _exit(larger ? 0 : 1);
}

static void print(void)
{
    printf("printed %f\n", 1.5);
    fprintf(stderr, "also printed\n");
    _exit(fflush(NULL));
}

static void look_at_clocks(void)
{
    _exit(time(NULL) > 0 && clock() >= 0 ? 0 : 1);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void sort(void)
{
    size_t count = 100000;
    int *numbers = calloc(count, sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = rand();
    qsort(numbers, count, sizeof *numbers, compare);
    free(numbers);
    _exit(0);
}

static void abort_by_assert(void)
{
    assert(1 == 2);
}

static void abort_by_double_free(void)
{
    void *volatile block = malloc(8);
    free(block);
    free(block); /* cppcheck-suppress doubleFree */
}

static void crash(void)
{
    *(volatile int *)8 = 1;
}

static void divide(void)
{
    volatile int zero = 0;
    _exit(10 / zero); /* cppcheck-suppress zerodiv */
}

__attribute__((noinline)) static int recurse(volatile int *depth)
{
    volatile int here[1000];
    here[0] = *depth + 1;
    return here[0] < 0 ? 0 : recurse(&here[0]) + here[0];
}

static void overflow_the_stack(void)
{
    int depth = 0;
    _exit(recurse(&depth));
}

static void use_four_mib_of_stack(void)
{
    volatile char frame[4 * MIB];
    frame[0] = frame[sizeof frame - 1] = 1;
    _exit(frame[0] - 1);
}

static void spin(void)
{
    for (volatile unsigned turn = 0;; turn++)
        continue;
}

static void take_all_memory(void)
{
    size_t blocks = 0;
    while (malloc(MIB)) /* cppcheck-suppress leakNoVarFunctionCall */
        blocks++;
    _exit(blocks > 0 && blocks < 1024 ? 0 : 1);
}

const Deed honest[] = {
    DEED(allocate),
    DEED(print),
    DEED(look_at_clocks),
    DEED(sort),
    DEED(abort_by_assert),
    DEED(abort_by_double_free),
    DEED(crash),
    DEED(divide),
    DEED(overflow_the_stack),
    DEED(use_four_mib_of_stack),
    DEED(spin),
    DEED(take_all_memory),
    {NULL, NULL},
};
