/* Hidden tests of what scaled_dot_product_attention() refuses. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "expect_attention.h"
#include "inputs.h"
#include "sizes.h"

enum { WHY_LENGTH = 400 };

/* Q, K and V with one thing wrong; they are random, of these shapes. */
typedef struct {
    const char *why;
    int q[5], k[5], v[5]; /* the number of axes, then the shape; 0: NULL */
} BadCall;

static Tensor *tensor_like(const int *axes)
{
    return axes[0] ? random_tensor(axes[0], axes + 1) : NULL;
}

static const BadCall bad_calls[] = {
    {"Q is NULL", {0}, {2, 4, 3}, {2, 4, 2}},
    {"K is NULL", {2, 4, 3}, {0}, {2, 4, 2}},
    {"V is NULL", {2, 4, 3}, {2, 4, 3}, {0}},
    {"Q and K differ in d_k", {2, 4, 3}, {2, 4, 5}, {2, 4, 2}},
    {"Q and K differ in d_k", {2, 3, 4}, {2, 4, 3}, {2, 4, 3}},
    {"K and V differ in Lk", {2, 4, 3}, {2, 4, 3}, {2, 5, 3}},
    {"K and V differ in Lk", {2, 4, 3}, {2, 4, 3}, {2, 3, 3}},
    {"Q, K and V have one axis", {1, 3}, {1, 3}, {1, 3}},
    {"Q has one axis", {1, 3}, {2, 4, 3}, {2, 4, 2}},
    {"Q has more axes than K and V", {3, 2, 4, 3}, {2, 4, 3}, {2, 4, 2}},
    {"V has fewer axes than Q and K", {3, 2, 4, 3}, {3, 2, 4, 3}, {2, 4, 2}},
    {"V has fewer axes than Q and K", {3, 1, 4, 3}, {3, 1, 4, 3}, {2, 4, 2}},
    {"K has fewer axes than Q and V", {3, 1, 4, 3}, {2, 4, 3}, {3, 1, 4, 2}},
    {"Q has fewer axes than K and V", {2, 4, 3}, {3, 1, 4, 3}, {3, 1, 4, 2}},
    {"K has more axes than Q and V", {2, 4, 3}, {3, 4, 3, 2}, {2, 4, 2}},
    {"V has more axes than Q and K", {2, 4, 3}, {2, 4, 3}, {3, 4, 2, 5}},
    {"K has more axes than Q and V", {2, 4, 3}, {3, 1, 4, 3}, {2, 4, 2}},
    {"V has more axes than Q and K", {2, 4, 3}, {2, 4, 3}, {3, 1, 4, 2}},
    {"K has more axes than Q and V", {3, 2, 4, 3}, {4, 2, 1, 4, 3}, {3, 2, 4, 2}},
    {"V has more axes than Q and K", {3, 2, 4, 3}, {3, 2, 4, 3}, {4, 2, 1, 4, 2}},
    {"K has fewer axes than Q and V", {3, 4, 4, 3}, {2, 4, 3}, {3, 4, 4, 2}},
    {"V has fewer axes than Q and K", {3, 4, 4, 3}, {3, 4, 4, 3}, {2, 4, 2}},
};

static void expect_call_refused(const char *why, const Tensor *Q, const Tensor *K, const Tensor *V,
                                const Tensor *mask)
{
    char text[WHY_LENGTH];
    snprintf(text, sizeof text, "%s, %s", why, describe_call(Q, K, V, mask));
    expect_refused(scaled_dot_product_attention(Q, K, V, mask), text);
}

/* With a mask, the same is refused that is refused without one. */
static void expect_bad_call_refused(const BadCall *call)
{
    owned Tensor *Q = tensor_like(call->q);
    owned Tensor *K = tensor_like(call->k);
    owned Tensor *V = tensor_like(call->v);
    bool has_rows = tensor_axis(Q, -2) > 0 && tensor_axis(K, -2) > 0;
    int rows = has_rows ? tensor_axis(Q, -2) : 4, columns = has_rows ? tensor_axis(K, -2) : 4;
    owned Tensor *mask = random_mask(2, (int[]){rows, columns});
    expect_call_refused(call->why, Q, K, V, NULL);
    expect_call_refused(call->why, Q, K, V, mask);
}

/* ---- leading axes ---------------------------------------------------------------------------- */

/* Which of Q, K and V have another size in one of their leading axes than the rest. */
typedef struct {
    const char *why;
    bool in_K, in_V;
} OddOnes;

static const OddOnes odd_ones[] = {
    {"the leading axes of K are not those of Q and V", true, false},
    {"the leading axes of V are not those of Q and K", false, true},
    {"the leading axes of Q are not those of K and V", true, true},
};
enum { ODD_ONES = sizeof odd_ones / sizeof *odd_ones };

/*
 * The size of such an axis in the rest, and in the odd ones. Not even a 1 is broadcast, and no group
 * of heads shares keys or values.
 */
static const int odd_sizes[][2] = {{2, 1}, {1, 2}, {4, 2}, {2, 4}, {2, 3}};
enum { ODD_SIZES = sizeof odd_sizes / sizeof *odd_sizes };

/* (n, rows, columns), (n, other, rows, columns) or (other, n, rows, columns), for `place` 0, 1, 2. */
static Tensor *with_leading(int place, int n, int other, int rows, int columns)
{
    if (place == 0)
        return random_tensor(3, (int[]){n, rows, columns});
    return random_tensor(4, (int[]){place == 1 ? n : other, place == 1 ? other : n, rows, columns});
}

static void expect_odd_axis_refused(const OddOnes *odd, int rest, int size, int place, bool masked)
{
    int other = random_between(1, 3), rows = random_between(2, 5), keys = random_between(2, 5);
    owned Tensor *Q = with_leading(place, rest, other, rows, 2);
    owned Tensor *K = with_leading(place, odd->in_K ? size : rest, other, keys, 2);
    owned Tensor *V = with_leading(place, odd->in_V ? size : rest, other, keys, 3);
    owned Tensor *mask = masked ? random_mask(2, (int[]){rows, keys}) : NULL;
    expect_call_refused(odd->why, Q, K, V, mask);
}

/* As many batches in all, but not in the same axes. */
static void expect_swapped_axes_refused(const OddOnes *odd)
{
    int n = random_between(2, 3), m = n + 1;
    owned Tensor *Q = random_tensor(4, (int[]){n, m, 2, 2});
    owned Tensor *swapped = random_tensor(4, (int[]){m, n, 2, 2});
    expect_call_refused(odd->why, Q, odd->in_K ? swapped : Q, odd->in_V ? swapped : Q, NULL);
}

static void expect_odd_axes_refused(void)
{
    for (int ones = 0; ones < ODD_ONES; ones++) {
        for (int i = 0; i < ODD_SIZES * 3; i++)
            expect_odd_axis_refused(&odd_ones[ones], odd_sizes[i / 3][0], odd_sizes[i / 3][1],
                                    i % 3, (i + ones) % 2);
        expect_swapped_axes_refused(&odd_ones[ones]);
    }
}

/* ---- masks ----------------------------------------------------------------------------------- */

/* Scores and a mask that does not fit. The sizes of leading axes are multiplied, but for 1. */
typedef struct {
    const char *why;
    int of_scores[3], of_mask[3]; /* the number of leading axes, then their sizes */
    int rows, columns;            /* so many more has the mask */
} BadMask;

static const BadMask bad_masks[] = {
    {"the mask has too many columns", {0}, {0}, 0, 1},
    {"the mask has too few columns", {0}, {0}, 0, -1},
    {"the mask has too few rows", {0}, {0}, -1, 0},
    {"the mask has too many rows", {0}, {0}, 1, 0},
    {"the mask is transposed", {0}, {0}, 2, -2},
    {"the mask has too few columns", {1, 2}, {1, 2}, 0, -1},
    {"the mask has too few rows", {1, 2}, {1, 1}, -1, 0},
    {"the mask is transposed", {1, 2}, {1, 2}, 2, -2},
    {"the mask has too many columns", {2, 2, 3}, {0}, 0, 1},
    {"the mask has too many rows", {2, 2, 3}, {1, 3}, 1, 0},
    {"the mask has too few columns", {2, 2, 3}, {2, 2, 3}, 0, -1},
    {"the mask has too few rows", {2, 2, 3}, {2, 1, 1}, -1, 0},
    {"the mask is transposed", {2, 2, 3}, {2, 2, 3}, 2, -2},
    {"the mask has more axes than Q", {0}, {1, 1}, 0, 0},
    {"the mask has more axes than Q", {0}, {1, 2}, 0, 0},
    {"the mask has more axes than Q", {0}, {2, 1, 1}, 0, 0},
    {"the mask has more axes than Q", {1, 2}, {2, 1, 2}, 0, 0},
    {"the mask has more axes than Q", {1, 2}, {2, 1, 1}, 0, 0},
    {"the mask is for other batches", {1, 2}, {1, 3}, 0, 0},
    {"the mask is for other batches", {1, 2}, {1, 4}, 0, 0},
    {"the mask is for other batches", {1, 4}, {1, 2}, 0, 0},
    {"the mask is for other batches", {1, 1}, {1, 2}, 0, 0},
    {"the mask is for other heads", {2, 2, 3}, {1, 2}, 0, 0},
    {"the mask is for other heads", {2, 2, 3}, {1, 6}, 0, 0},
    {"the mask is for other heads", {2, 2, 4}, {1, 2}, 0, 0},
    {"the mask is for other heads", {2, 2, 2}, {1, 4}, 0, 0},
    {"the mask is for other heads", {2, 3, 1}, {1, 3}, 0, 0},
    {"the mask is for other heads", {2, 2, 3}, {2, 2, 2}, 0, 0},
    {"the mask is for other heads", {2, 2, 2}, {2, 1, 4}, 0, 0},
    {"the mask is for other heads", {2, 2, 4}, {2, 2, 2}, 0, 0},
    {"the mask is for other batches", {2, 2, 3}, {2, 3, 3}, 0, 0},
    {"the mask is for other batches", {2, 2, 3}, {2, 4, 1}, 0, 0},
    {"the mask is for other batches", {2, 4, 2}, {2, 2, 2}, 0, 0},
    {"the mask is for other batches", {2, 1, 3}, {2, 2, 3}, 0, 0},
    {"the axes of the mask are swapped", {2, 2, 3}, {2, 3, 2}, 0, 0},
    {"the axes of the mask are swapped", {2, 2, 1}, {2, 1, 2}, 0, 0},
};

static void with_rows(int shape[TENSOR_MAX_AXES], const int *leading, int factor, int rows,
                      int columns)
{
    for (int axis = 0; axis < leading[0]; axis++)
        shape[axis] = leading[axis + 1] > 1 ? factor * leading[axis + 1] : 1;
    shape[leading[0]] = rows;
    shape[leading[0] + 1] = columns;
}

static void expect_bad_mask_refused(const BadMask *bad)
{
    int factor = random_between(1, 2), rows = random_between(3, 6), columns = rows + 2;
    int ndim = bad->of_scores[0] + 2, shape[TENSOR_MAX_AXES];
    with_rows(shape, bad->of_scores, factor, rows, 2);
    owned Tensor *Q = random_tensor(ndim, shape);
    with_rows(shape, bad->of_scores, factor, columns, 2);
    owned Tensor *K = random_tensor(ndim, shape);
    with_rows(shape, bad->of_mask, factor, rows + bad->rows, columns + bad->columns);
    owned Tensor *mask = random_mask(bad->of_mask[0] + 2, shape);
    expect_call_refused(bad->why, Q, K, K, mask);
}

/* A function that refuses everything refuses nothing: good calls come first and last. */
Test(scaled_dot_product_attention, bad_input, .description = "bad input is refused", .timeout = 60)
{
    owned Tensor *x = random_tensor(2, (int[]){5, 13});
    owned Tensor *mask = random_mask(2, (int[]){5, 5});
    expect_attention(x, x, x, mask, NULL);
    for (size_t i = 0; i < sizeof bad_calls / sizeof *bad_calls; i++)
        expect_bad_call_refused(&bad_calls[i]);
    expect_odd_axes_refused();
    for (size_t i = 0; i < sizeof bad_masks / sizeof *bad_masks; i++)
        expect_bad_mask_refused(&bad_masks[i]);
    expect_attention(x, x, x, NULL, NULL);
}
