#include "inputs.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "fail.h"

void free_owned_tensor(Tensor **t)
{
    tensor_free(*t);
}

static Tensor *create(int ndim, const int *shape)
{
    Tensor *t = tensor_create(ndim, shape);
    if (!t)
        fail_test("broken", NULL, "no memory for the inputs of this test");
    return t;
}

Tensor *tensor_of(int ndim, const int *shape, const float *elements)
{
    Tensor *t = create(ndim, shape);
    memcpy(t->data, elements, t->size * sizeof *elements);
    return t;
}

Tensor *matrix(int rows, int columns, const float *elements)
{
    return tensor_of(2, (int[]){rows, columns}, elements);
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_of_this_test(void)
{
    const char *seed = getenv("ATTENTION_SEED");
    uint64_t hash = mix(0xcbf29ce484222325u, seed ? seed : "0");
    hash = mix(mix(hash, "/"), criterion_current_test->category);
    return mix(mix(hash, "/"), criterion_current_test->name);
}

/* Splitmix64, by Sebastiano Vigna: the next 64 random bits. */
static uint64_t random_bits(void)
{
    static uint64_t state;
    static bool seeded;
    if (!seeded)
        state = hash_of_this_test();
    seeded = true;
    uint64_t bits = state += 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

/*
 * The sum of four uniform numbers, which is near enough to normal, and much faster: of 65536 values
 * each, they are added as a whole, and then moved and stretched to mean 0 and variance 1.
 */
static float nearly_normal(void)
{
    uint64_t bits = random_bits();
    double sum =
        (double)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    return (float)((sum / 0x10000 - 2) * sqrt(3));
}

Tensor *random_tensor(int ndim, const int *shape)
{
    Tensor *t = create(ndim, shape);
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = nearly_normal();
    return t;
}

int random_below(int below)
{
    return (int)((random_bits() >> 32) * (uint64_t)below >> 32);
}

Tensor *random_mask(int ndim, const int *shape)
{
    Tensor *mask = create(ndim, shape);
    int columns = shape[ndim - 1];
    for (size_t i = 0; i < mask->size; i++)
        mask->data[i] = random_bits() & 1 ? 1 : 0;
    for (size_t row = 0; row < mask->size; row += (size_t)columns)
        mask->data[row + (size_t)random_below(columns)] = 1;
    return mask;
}
