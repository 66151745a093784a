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

/* A number in [0, 1). */
static double uniform(void)
{
    static unsigned short state[3];
    static bool seeded;
    if (!seeded) {
        uint64_t hash = hash_of_this_test();
        for (int i = 0; i < 3; i++)
            state[i] = (unsigned short)(hash >> (16 * i + 16));
        seeded = true;
    }
    return erand48(state);
}

/* By the method of Box and Muller. */
static double unit_normal(void)
{
    double radius = sqrt(-2 * log(1 - uniform()));
    return radius * cos(2 * M_PI * uniform());
}

Tensor *random_tensor(int ndim, const int *shape)
{
    Tensor *t = create(ndim, shape);
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = (float)unit_normal();
    return t;
}

int random_below(int below)
{
    return (int)(uniform() * below);
}

Tensor *random_mask(int ndim, const int *shape)
{
    Tensor *mask = random_tensor(ndim, shape);
    int columns = shape[ndim - 1];
    for (size_t i = 0; i < mask->size; i++)
        mask->data[i] = mask->data[i] > 0 ? 1 : 0;
    for (size_t row = 0; row < mask->size; row += (size_t)columns)
        mask->data[row + (size_t)random_below(columns)] = 1;
    return mask;
}
