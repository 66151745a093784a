/*
 * tensor.c: the tensors of tensor.h. Given to you complete; read it if you wonder how something
 * works, but do not change it: your code is graded with the kit's own copy.
 */
#include "tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life cycle ------------------------------------------------------------------------------ */

/* The number of elements of a shape, or 0 if there is no tensor of that shape. */
static size_t count_elements(int ndim, const int *shape)
{
    if (shape == NULL || ndim < 1 || ndim > TENSOR_MAX_AXES)
        return 0;
    size_t size = 1;
    for (int axis = 0; axis < ndim; axis++) {
        /* Divide instead of multiplying first: the product itself could overflow. */
        if (shape[axis] < 1 || (size_t)shape[axis] > TENSOR_MAX_SIZE / size)
            return 0;
        size *= (size_t)shape[axis];
    }
    return size;
}

Tensor *tensor_create(int ndim, const int *shape)
{
    size_t size = count_elements(ndim, shape);
    if (size == 0)
        return NULL;
    Tensor *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->data = calloc(size, sizeof *t->data);
    if (t->data == NULL) {
        free(t);
        return NULL;
    }
    t->ndim = ndim;
    t->size = size;
    memcpy(t->shape, shape, (size_t)ndim * sizeof *shape);
    return t;
}

Tensor *tensor_copy(const Tensor *t)
{
    if (t == NULL)
        return NULL;
    Tensor *copy = tensor_create(t->ndim, t->shape);
    if (copy == NULL)
        return NULL;
    memcpy(copy->data, t->data, t->size * sizeof *t->data);
    return copy;
}

void tensor_free(Tensor *t)
{
    if (t == NULL)
        return;
    free(t->data);
    free(t);
}

/* ---- elements -------------------------------------------------------------------------------- */

static void print_numbers(const int *numbers, int count)
{
    for (int i = 0; i < count; i++)
        fprintf(stderr, "%s%d", i == 0 ? "(" : ", ", numbers[i]);
    fputc(')', stderr);
}

/* Say which index is wrong, and stop the program: a wrong index is a bug in the caller. */
static void refuse_index(const Tensor *t, const int *index, const char *caller)
{
    fprintf(stderr, "%s: index ", caller);
    print_numbers(index, t->ndim);
    fputs(" is outside the shape ", stderr);
    print_numbers(t->shape, t->ndim);
    fputc('\n', stderr);
    abort();
}

/* Where in t->data the element at an index is. */
static size_t offset_of(const Tensor *t, const int *index, const char *caller)
{
    size_t offset = 0;
    for (int axis = 0; axis < t->ndim; axis++) {
        if (index[axis] < 0 || index[axis] >= t->shape[axis])
            refuse_index(t, index, caller);
        offset = offset * (size_t)t->shape[axis] + (size_t)index[axis];
    }
    return offset;
}

float tensor_get(const Tensor *t, const int *index)
{
    return t->data[offset_of(t, index, "tensor_get")];
}

void tensor_set(Tensor *t, const int *index, float value)
{
    t->data[offset_of(t, index, "tensor_set")] = value;
}

void tensor_fill(Tensor *t, float value)
{
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = value;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

int tensor_axis(const Tensor *t, int axis)
{
    if (t == NULL)
        return 0;
    if (axis < 0)
        axis += t->ndim;
    if (axis < 0 || axis >= t->ndim)
        return 0;
    return t->shape[axis];
}

/* True if a and b, neither of them NULL, agree in their first `count` axes. */
static bool same_leading_axes(const Tensor *a, const Tensor *b, int count)
{
    return memcmp(a->shape, b->shape, (size_t)count * sizeof *a->shape) == 0;
}

bool tensor_same_shape(const Tensor *a, const Tensor *b)
{
    if (a == NULL || b == NULL || a->ndim != b->ndim)
        return false;
    return same_leading_axes(a, b, a->ndim);
}

bool tensor_broadcasts(const Tensor *small, const Tensor *big)
{
    if (small == NULL || big == NULL || small->ndim > big->ndim)
        return false;
    for (int axis = -1; axis >= -small->ndim; axis--) {
        int size = tensor_axis(small, axis);
        if (size != 1 && size != tensor_axis(big, axis))
            return false;
    }
    return true;
}

size_t tensor_broadcast_index(const Tensor *small, const Tensor *big, size_t i)
{
    size_t partner = 0;
    size_t stride = 1; /* how far apart in small->data two neighbours along this axis are */
    for (int back = 1; back <= small->ndim; back++) {
        size_t size = (size_t)small->shape[small->ndim - back];
        size_t big_size = (size_t)big->shape[big->ndim - back];
        /* Along an axis of size 1 the remainder is 0: its only element serves for all of them. */
        partner += i % big_size % size * stride;
        i /= big_size;
        stride *= size;
    }
    return partner;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* One matrix product: c = a b, where a is (n, k), b is (k, m) and c is (n, m). */
static void multiply(const float *a, const float *b, float *c, size_t n, size_t k, size_t m)
{
    for (size_t row = 0; row < n; row++) {
        for (size_t column = 0; column < m; column++) {
            float sum = 0.0f;
            for (size_t i = 0; i < k; i++)
                sum += a[row * k + i] * b[i * m + column];
            c[row * m + column] = sum;
        }
    }
}

Tensor *tensor_matmul(const Tensor *a, const Tensor *b)
{
    if (a == NULL || b == NULL || a->ndim < 2 || a->ndim != b->ndim)
        return NULL;
    if (!same_leading_axes(a, b, a->ndim - 2) || tensor_axis(a, -1) != tensor_axis(b, -2))
        return NULL;

    int shape[TENSOR_MAX_AXES];
    memcpy(shape, a->shape, sizeof shape);
    shape[a->ndim - 1] = tensor_axis(b, -1);
    Tensor *product = tensor_create(a->ndim, shape);
    if (product == NULL)
        return NULL;

    size_t n = (size_t)a->shape[a->ndim - 2];
    size_t k = (size_t)a->shape[a->ndim - 1];
    size_t m = (size_t)b->shape[b->ndim - 1];
    size_t matrices = product->size / (n * m);
    for (size_t i = 0; i < matrices; i++)
        multiply(a->data + i * n * k, b->data + i * k * m, product->data + i * n * m, n, k, m);
    return product;
}

Tensor *tensor_swap_last_axes(const Tensor *t)
{
    if (t == NULL || t->ndim < 2)
        return NULL;

    int shape[TENSOR_MAX_AXES];
    memcpy(shape, t->shape, sizeof shape);
    shape[t->ndim - 2] = t->shape[t->ndim - 1];
    shape[t->ndim - 1] = t->shape[t->ndim - 2];
    Tensor *swapped = tensor_create(t->ndim, shape);
    if (swapped == NULL)
        return NULL;

    size_t n = (size_t)t->shape[t->ndim - 2];
    size_t m = (size_t)t->shape[t->ndim - 1];
    for (size_t i = 0; i < t->size; i++) {
        size_t matrix = i / (n * m);
        size_t row = i / m % n;
        size_t column = i % m;
        swapped->data[matrix * n * m + column * n + row] = t->data[i];
    }
    return swapped;
}
