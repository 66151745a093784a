/* The tensors that students are given: what tensor.h promises. */
#include "tensor.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHAPE(...)                                                                                 \
    (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[])                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* A tensor whose elements are 0, 1, 2, ... */
static Tensor *counting(int ndim, const int *shape)
{
    Tensor *t = tensor_create(ndim, shape);
    cr_assert_not_null(t, "no tensor of %d axes", ndim);
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = (float)i;
    return t;
}

static void assert_data(const Tensor *t, const float *expected, size_t size)
{
    cr_assert_not_null(t, "no tensor came back");
    cr_assert_eq(t->size, size, "size is %zu, expected %zu", t->size, size);
    for (size_t i = 0; i < size; i++)
        cr_assert(t->data[i] == expected[i], "data[%zu] is %g, expected %g", i, (double)t->data[i],
                  (double)expected[i]);
}

static void assert_shape(const Tensor *t, int ndim, const int *shape)
{
    cr_assert_eq(t->ndim, ndim, "ndim is %d, expected %d", t->ndim, ndim);
    for (int axis = 0; axis < TENSOR_MAX_AXES; axis++) {
        int expected = axis < ndim ? shape[axis] : 0;
        cr_assert_eq(t->shape[axis], expected, "shape[%d] is %d, expected %d", axis, t->shape[axis],
                     expected);
    }
}

/* ---- life cycle ------------------------------------------------------------------------------ */

Test(tensor, create_gives_zeros_of_the_shape)
{
    Tensor *t = tensor_create(SHAPE(2, 3));
    assert_data(t, (float[6]){0}, 6);
    assert_shape(t, SHAPE(2, 3));
    tensor_free(t);

    t = tensor_create(SHAPE(1, 2, 3, 4));
    assert_data(t, (float[24]){0}, 24);
    assert_shape(t, SHAPE(1, 2, 3, 4));
    tensor_free(t);
}

Test(tensor, create_refuses_what_is_no_shape)
{
    cr_assert_null(tensor_create(2, NULL), "no shape was accepted");
    cr_assert_null(tensor_create(0, (int[]){1}), "0 axes were accepted");
    cr_assert_null(tensor_create(-1, (int[]){1}), "-1 axes were accepted");
    cr_assert_null(tensor_create(SHAPE(1, 1, 1, 1, 1)), "5 axes were accepted");
    cr_assert_null(tensor_create(SHAPE(2, 0)), "a size of 0 was accepted");
    cr_assert_null(tensor_create(SHAPE(-2, -3)), "negative sizes were accepted");
}

Test(tensor, create_refuses_what_is_too_large)
{
    cr_assert_null(tensor_create(SHAPE(INT_MAX)), "INT_MAX elements were accepted");
    cr_assert_null(tensor_create(SHAPE(1 << 14, (1 << 14) + 1)), "just too many were accepted");
    cr_assert_null(tensor_create(SHAPE(1 << 16, 1 << 16, 1 << 16, 1 << 16)),
                   "a product that wraps around to 0 was accepted");
    cr_assert_null(tensor_create(SHAPE(INT_MAX, INT_MAX, INT_MAX, INT_MAX)),
                   "INT_MAX to the fourth was accepted");
}

Test(tensor, create_without_memory_gives_null)
{
#ifdef __SANITIZE_ADDRESS__
    cr_skip_test("ASan itself does not fit into the limit");
#endif
    struct rlimit limit = {256u << 20, 256u << 20};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0, "cannot limit the memory");
    cr_assert_null(tensor_create(SHAPE(1 << 14, 1 << 14)), "1 GiB of 256 MiB was given");
    Tensor *t = tensor_create(SHAPE(2));
    cr_assert_not_null(t, "a small tensor was refused afterwards");
    tensor_free(t);
}

Test(tensor, copy_is_equal_and_apart)
{
    Tensor *t = counting(SHAPE(2, 2));
    Tensor *copy = tensor_copy(t);
    assert_shape(copy, SHAPE(2, 2));
    t->data[0] = 9;
    assert_data(copy, (float[]){0, 1, 2, 3}, 4);
    tensor_free(t);
    tensor_free(copy);
    cr_assert_null(tensor_copy(NULL), "a copy of nothing was made");
}

Test(tensor, free_takes_null)
{
    tensor_free(NULL);
    cr_assert(true, "tensor_free(NULL) returns");
}

/* ---- elements -------------------------------------------------------------------------------- */

Test(tensor, get_and_set_are_row_major)
{
    Tensor *t = counting(SHAPE(2, 3, 4));
    cr_assert_eq(tensor_get(t, (int[]){0, 0, 0}), 0.0f, "first element");
    cr_assert_eq(tensor_get(t, (int[]){1, 2, 3}), 23.0f, "last element");
    cr_assert_eq(tensor_get(t, (int[]){1, 0, 2}), 14.0f, "element [1, 0, 2]");
    tensor_set(t, (int[]){0, 1, 3}, -5.0f);
    cr_assert_eq(t->data[7], -5.0f, "data[7] is %g", (double)t->data[7]);
    tensor_free(t);
}

Test(tensor, fill_reaches_every_element)
{
    Tensor *t = tensor_create(SHAPE(2, 2));
    tensor_fill(t, 1.5f);
    assert_data(t, (float[]){1.5f, 1.5f, 1.5f, 1.5f}, 4);
    tensor_free(t);
}

/* Run in a child, which must end by abort(), and compare what it says. */
static void assert_aborts(void (*run)(Tensor *), const char *expected)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0, "no pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        run(tensor_create(SHAPE(2, 3)));
        _exit(0);
    }
    close(ends[1]);

    char said[200] = "";
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)got;
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child, "the child is gone");
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "wait status is %x", status);
    cr_assert_str_eq(said, expected, "it said: %s", said);
}

static void get_behind_the_last_column(Tensor *t)
{
    tensor_get(t, (int[]){1, 3});
}

static void get_before_the_first_row(Tensor *t)
{
    tensor_get(t, (int[]){-1, 0});
}

static void set_behind_the_last_row(Tensor *t)
{
    tensor_set(t, (int[]){2, 0}, 1.0f);
}

Test(tensor, an_index_outside_the_shape_aborts)
{
    assert_aborts(get_behind_the_last_column,
                  "tensor_get: index (1, 3) is outside the shape (2, 3)\n");
    assert_aborts(get_before_the_first_row,
                  "tensor_get: index (-1, 0) is outside the shape (2, 3)\n");
    assert_aborts(set_behind_the_last_row,
                  "tensor_set: index (2, 0) is outside the shape (2, 3)\n");
}

/* ---- shapes ---------------------------------------------------------------------------------- */

Test(tensor, axis_counts_from_both_ends)
{
    Tensor *t = tensor_create(SHAPE(2, 3, 4));
    const struct {
        int axis, size;
    } cases[] = {{0, 2}, {2, 4}, {3, 0}, {-1, 4}, {-3, 2}, {-4, 0}, {INT_MIN, 0}, {INT_MAX, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int size = tensor_axis(t, cases[i].axis);
        cr_assert_eq(size, cases[i].size, "axis %d is %d", cases[i].axis, size);
    }
    cr_assert_eq(tensor_axis(NULL, 0), 0, "an axis of nothing");
    tensor_free(t);
}

Test(tensor, same_shape_compares_every_axis)
{
    Tensor *a = tensor_create(SHAPE(2, 3));
    Tensor *b = tensor_create(SHAPE(2, 3));
    Tensor *swapped = tensor_create(SHAPE(3, 2));
    Tensor *longer = tensor_create(SHAPE(2, 3, 1));
    cr_assert(tensor_same_shape(a, b), "(2, 3) and (2, 3)");
    cr_assert_not(tensor_same_shape(a, swapped), "(2, 3) and (3, 2)");
    cr_assert_not(tensor_same_shape(a, longer), "(2, 3) and (2, 3, 1)");
    cr_assert_not(tensor_same_shape(NULL, a), "NULL and (2, 3)");
    cr_assert_not(tensor_same_shape(a, NULL), "(2, 3) and NULL");
    tensor_free(a);
    tensor_free(b);
    tensor_free(swapped);
    tensor_free(longer);
}

static bool broadcasts(int small_ndim, const int *small_shape, int big_ndim, const int *big_shape)
{
    Tensor *small = tensor_create(small_ndim, small_shape);
    Tensor *big = tensor_create(big_ndim, big_shape);
    bool result = tensor_broadcasts(small, big);
    tensor_free(small);
    tensor_free(big);
    return result;
}

Test(tensor, broadcasts_as_numpy_does)
{
    cr_assert(broadcasts(SHAPE(4, 4), SHAPE(2, 4, 4)), "(4, 4) to (2, 4, 4)");
    cr_assert(broadcasts(SHAPE(1, 4, 4), SHAPE(2, 4, 4)), "(1, 4, 4) to (2, 4, 4)");
    cr_assert(broadcasts(SHAPE(2, 1, 3, 4), SHAPE(2, 5, 3, 4)), "(2, 1, 3, 4) to (2, 5, 3, 4)");
    cr_assert(broadcasts(SHAPE(1), SHAPE(2, 3)), "(1) to (2, 3)");
    cr_assert_not(broadcasts(SHAPE(2, 4), SHAPE(3, 4, 4)), "(2, 4) to (3, 4, 4)");
    cr_assert_not(broadcasts(SHAPE(4, 3), SHAPE(4, 4)), "(4, 3) to (4, 4)");
    cr_assert_not(broadcasts(SHAPE(1, 4, 4), SHAPE(4, 4)), "(1, 4, 4) to (4, 4)");
    cr_assert_not(broadcasts(SHAPE(4, 4), SHAPE(1, 4)), "(4, 4) to (1, 4)");
    cr_assert_not(tensor_broadcasts(NULL, NULL), "NULL to NULL");
}

/* The partners of all elements of a (2, 3, 2) tensor in a tensor of the given shape. */
static void assert_partners(int ndim, const int *shape, const size_t expected[12])
{
    Tensor *small = tensor_create(ndim, shape);
    Tensor *big = tensor_create(SHAPE(2, 3, 2));
    for (size_t i = 0; i < big->size; i++) {
        size_t partner = tensor_broadcast_index(small, big, i);
        cr_assert_eq(partner, expected[i], "%d axes: the partner of %zu is %zu, expected %zu", ndim,
                     i, partner, expected[i]);
    }
    tensor_free(small);
    tensor_free(big);
}

Test(tensor, broadcast_index_finds_the_partner)
{
    assert_partners(SHAPE(3, 2), (size_t[]){0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5});
    assert_partners(SHAPE(2, 3, 2), (size_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    assert_partners(SHAPE(2, 1, 2), (size_t[]){0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3});
    assert_partners(SHAPE(3, 1), (size_t[]){0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2});
    assert_partners(SHAPE(2, 1, 1), (size_t[]){0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
    assert_partners(SHAPE(1), (size_t[12]){0});
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

Test(tensor, matmul_of_matrices)
{
    Tensor *a = counting(SHAPE(2, 3)); /* 0 1 2 / 3 4 5 */
    Tensor *b = counting(SHAPE(3, 4)); /* 0 1 2 3 / 4 5 6 7 / 8 9 10 11 */
    Tensor *c = tensor_matmul(a, b);
    assert_data(c, (float[]){20, 23, 26, 29, 56, 68, 80, 92}, 8);
    assert_shape(c, SHAPE(2, 4));
    tensor_free(a);
    tensor_free(b);
    tensor_free(c);
}

Test(tensor, matmul_of_batches)
{
    Tensor *a = counting(SHAPE(2, 1, 1, 2)); /* (0 1), (2 3) */
    Tensor *b = counting(SHAPE(2, 1, 2, 1)); /* (0 1), (2 3), as columns */
    Tensor *c = tensor_matmul(a, b);
    assert_data(c, (float[]){1, 13}, 2);
    assert_shape(c, SHAPE(2, 1, 1, 1));
    tensor_free(a);
    tensor_free(b);
    tensor_free(c);
}

static Tensor *product(int a_ndim, const int *a_shape, int b_ndim, const int *b_shape)
{
    Tensor *a = counting(a_ndim, a_shape);
    Tensor *b = counting(b_ndim, b_shape);
    Tensor *c = tensor_matmul(a, b);
    tensor_free(a);
    tensor_free(b);
    return c;
}

Test(tensor, matmul_refuses_what_does_not_fit)
{
    Tensor *a = counting(SHAPE(2, 2));
    cr_assert_null(tensor_matmul(a, NULL), "NULL on the right");
    cr_assert_null(tensor_matmul(NULL, a), "NULL on the left");
    tensor_free(a);
    cr_assert_null(product(SHAPE(2), SHAPE(2)), "(2) times (2)");
    cr_assert_null(product(SHAPE(2, 3), SHAPE(2, 3)), "(2, 3) times (2, 3)");
    cr_assert_null(product(SHAPE(2, 2), SHAPE(1, 2, 2)), "(2, 2) times (1, 2, 2)");
    cr_assert_null(product(SHAPE(2, 2, 2), SHAPE(3, 2, 2)), "(2, 2, 2) times (3, 2, 2)");
    cr_assert_null(product(SHAPE(1 << 15, 1), SHAPE(1, 1 << 15)), "a product that is too large");
}

Test(tensor, matmul_passes_on_what_is_no_number)
{
    Tensor *a = tensor_create(SHAPE(1, 1));
    Tensor *b = tensor_create(SHAPE(1, 1));
    b->data[0] = INFINITY;
    Tensor *c = tensor_matmul(a, b);
    cr_assert(isnan(c->data[0]), "0 times infinity is %g", (double)c->data[0]);
    tensor_free(a);
    tensor_free(b);
    tensor_free(c);
}

Test(tensor, swap_last_axes_transposes_each_matrix)
{
    Tensor *t = counting(SHAPE(2, 2, 3));
    Tensor *swapped = tensor_swap_last_axes(t);
    assert_data(swapped, (float[]){0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}, 12);
    assert_shape(swapped, SHAPE(2, 3, 2));
    tensor_free(t);
    tensor_free(swapped);
}

Test(tensor, swap_last_axes_needs_two_axes)
{
    Tensor *t = counting(SHAPE(3));
    cr_assert_null(tensor_swap_last_axes(t), "one axis was accepted");
    cr_assert_null(tensor_swap_last_axes(NULL), "NULL was accepted");
    tensor_free(t);
}
