/*
 * compare.h: what the tests of the assignment expect. Each function checks one thing, counts it as
 * an assertion, and otherwise fails the running test by fail.h with the first wrong element, what
 * was expected there, and a hint.
 * With ATTENTION_MARGINS in the environment, shares of the tolerance that errors used up go into
 * the file of that name.
 *
 * `where` ends the message and lets a student repeat the call by hand: "in create_causal_mask(4)",
 * "with Q (4, 6), K (4, 6), V (4, 6)". `hint` may be NULL.
 */
#pragma once

#include <stdbool.h>

#include "attention.h"

/* An array that a tensor must be equal to. */
typedef struct {
    int ndim;
    int shape[TENSOR_MAX_AXES];
    const double *elements;
} Expected;

/* Float results may differ from exact ones by this much: |a - b| <= ABSOLUTE + RELATIVE * |b|. */
#define TOLERANCE_ABSOLUTE 1e-5
#define TOLERANCE_RELATIVE 1e-4

/* A shape for a message: shape_text(2, shape).text is "(4, 6)". */
typedef struct {
    char text[64];
} ShapeText;

ShapeText shape_text(int ndim, const int *shape);

/* The shape and every element, within the tolerance; `name` is "weights", "output". */
void expect_tensor(const char *name, const Tensor *got, const Expected *expected, const char *where,
                   const char *hint);

/* The shape and every element, with no tolerance: for masks, which are made of 0 and 1. */
void expect_exactly(const char *name, const Tensor *got, const Expected *expected,
                    const char *where, const char *hint);

/* The shape only. */
void expect_shape(const char *name, const Tensor *got, int ndim, const int *shape,
                  const char *where);

/* Neither tensor of the result is NULL. */
void expect_result(AttentionResult got, const char *where);

/* Every row of the weights sums to 1. */
void expect_rows_sum_to_1(const Tensor *weights, const char *where);

/*
 * No weight where the mask is 0, except in rows in which it is 0 everywhere. Leading axes of the
 * mask are broadcast.
 */
void expect_masked_zero(const Tensor *weights, const Tensor *mask, const char *where);

/*
 * All of the above for one call of attention, in an order in which the first failure tells most:
 * both results, shapes, no nan, masked weights if there is a mask, row sums, weights, output. `hint`
 * is for wrong weights; NULL for the general one.
 */
void expect_attention_values(AttentionResult got, const Tensor *mask, const Expected *weights,
                             const Expected *output, const char *where, const char *hint);

/* Bad input was refused, with {NULL, NULL} or NULL; `why` says what is bad about it. */
void expect_refused(AttentionResult got, const char *why);
void expect_no_tensor(const Tensor *got, const char *why);

/*
 * For a loop in which the n-th allocation of a call fails: true, as long as n is a number of
 * allocations that a call may need. Code that tries whether there is memory for thousands of blocks
 * would otherwise outlast the loop, and never see a failure where it matters.
 */
bool expect_few_allocations(unsigned n);

/* Free both tensors of a result. */
void free_result(AttentionResult result);
