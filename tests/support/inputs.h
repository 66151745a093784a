/*
 * inputs.h: what the tests pass to the functions of attention.h. Every tensor is new, never NULL,
 * and the test's own.
 */
#pragma once

#include "tensor.h"

/* Frees a tensor at the end of its block: owned Tensor *Q = matrix(...). */
#define owned __attribute__((cleanup(free_owned_tensor)))
void free_owned_tensor(Tensor **t);

/* A tensor with these elements: tensor_of(2, (int[]){1, 3}, (float[]){1, 2, 3}). */
Tensor *tensor_of(int ndim, const int *shape, const float *elements);

/* The same, for two axes: matrix(1, 3, (float[]){1, 2, 3}). */
Tensor *matrix(int rows, int columns, const float *elements);

/*
 * A tensor of elements that are nearly normal, with mean 0 and variance 1. They come from ATTENTION_SEED and from the name of the running
 * test, so that a seed repeats a test exactly, whichever tests run before it.
 */
Tensor *random_tensor(int ndim, const int *shape);

/* A number from 0 to below - 1, from the same source. */
int random_below(int below);

/* A mask of 0 and 1 at random, with a 1 in each row so that no row is fully masked. */
Tensor *random_mask(int ndim, const int *shape);
