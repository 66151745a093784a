/*
 * tensor.h: arrays of float with up to four axes. Given to you complete; do not change it.
 *
 * A tensor is row-major and contiguous, as a NumPy array of float32 is: the last axis varies
 * fastest. For a tensor t of shape (2, 3),
 *
 *     t->data[i * 3 + j]    and    tensor_get(t, (int[]){i, j})
 *
 * are the same element. You may use whichever you like better.
 *
 * Ownership: every function here that returns a Tensor * returns a new tensor, which the caller
 * frees with tensor_free(). No function changes or keeps a tensor that is passed as const.
 *
 * Errors: a function that returns a Tensor * returns NULL when an argument is NULL, when shapes do
 * not fit, or when there is no memory. tensor_get() and tensor_set() stop the program with a
 * message when an index is outside the shape.
 */
#ifndef TENSOR_H
#define TENSOR_H

#include <stdbool.h>
#include <stddef.h>

#define TENSOR_MAX_AXES 4
#define TENSOR_MAX_SIZE ((size_t)1 << 28) /* elements; 1 GiB of float */

typedef struct Tensor {
    int ndim;                   /* number of axes, 1 to TENSOR_MAX_AXES */
    int shape[TENSOR_MAX_AXES]; /* shape[0] to shape[ndim - 1], each at least 1; the rest are 0 */
    size_t size;                /* number of elements: the product of the shape */
    float *data;                /* the elements, row-major */
} Tensor;

/* ---- life cycle ------------------------------------------------------------------------------ */

/*
 * Create a tensor filled with zeros, like np.zeros(shape).
 *
 *     Tensor *t = tensor_create(3, (int[]){2, 8, 32});
 *
 * NULL if ndim is not 1 to 4, a size is below 1, there are more than TENSOR_MAX_SIZE elements, or
 * there is no memory.
 */
Tensor *tensor_create(int ndim, const int *shape);

/* A new tensor with the same shape and the same elements, like t.copy(). */
Tensor *tensor_copy(const Tensor *t);

/* Free a tensor and its elements. NULL is fine: there is then nothing to free. */
void tensor_free(Tensor *t);

/* ---- elements -------------------------------------------------------------------------------- */

/* The element at an index, one number for each axis: tensor_get(t, (int[]){i, j}) is t[i, j]. */
float tensor_get(const Tensor *t, const int *index);

/* Set the element at an index: t[i, j] = value. */
void tensor_set(Tensor *t, const int *index, float value);

/* Set every element to the same value: t[...] = value. */
void tensor_fill(Tensor *t, float value);

/* ---- shapes ---------------------------------------------------------------------------------- */

/*
 * The size of an axis; negative axes count from the end: tensor_axis(Q, -1) is Q.shape[-1].
 * 0 if t is NULL or has no such axis.
 */
int tensor_axis(const Tensor *t, int axis);

/* True if a and b have the same shape. False if either is NULL. */
bool tensor_same_shape(const Tensor *a, const Tensor *b);

/*
 * True if NumPy would broadcast `small` to the shape of `big`: the shapes are compared from the
 * last axis to the first, and each axis of `small` must be equal to that of `big`, or 1, or
 * missing. (4, 4) and (1, 4, 4) broadcast to (2, 4, 4); (2, 4) and (3, 4, 4) do not. False for NULL.
 */
bool tensor_broadcasts(const Tensor *small, const Tensor *big);

/*
 * Where in small->data the partner of big->data[i] is, when `small` is broadcast to the shape of
 * `big` (tensor_broadcasts() must be true). With a mask of shape (4, 4) and scores of shape
 * (2, 4, 4), elements 3 and 19 of the scores both belong to element 3 of the mask:
 *
 *     mask->data[tensor_broadcast_index(mask, scores, i)]
 */
size_t tensor_broadcast_index(const Tensor *small, const Tensor *big, size_t i);

/* ---- arithmetic ------------------------------------------------------------------------------ */

/*
 * The matrix product over the last two axes, like np.matmul(a, b):
 * (..., n, k) times (..., k, m) gives (..., n, m). The leading axes must be equal.
 */
Tensor *tensor_matmul(const Tensor *a, const Tensor *b);

/*
 * Transpose the last two axes, like np.swapaxes(t, -2, -1): (..., n, m) gives (..., m, n). NULL for
 * a tensor with one axis.
 */
Tensor *tensor_swap_last_axes(const Tensor *t);

#endif
