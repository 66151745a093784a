#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

enum { TEXT_LENGTH = 128 };

static const double MASKED_TOLERANCE = 1e-6, ROW_SUM_TOLERANCE = 1e-5;

ShapeText shape_text(int ndim, const int *shape)
{
    ShapeText shown = {"("};
    for (int axis = 0; axis < ndim && axis < TENSOR_MAX_AXES; axis++) {
        size_t length = strlen(shown.text);
        snprintf(shown.text + length, sizeof shown.text - length, "%s%d%s", axis ? ", " : "",
                 shape[axis], ndim == 1 ? "," : "");
    }
    size_t length = strlen(shown.text);
    snprintf(shown.text + length, sizeof shown.text - length, ")");
    return shown;
}

/* "weights[1][2]", for the element at this place in the data. */
static const char *element_text(const char *name, const Tensor *t, size_t at)
{
    static char text[TEXT_LENGTH];
    size_t block = t->size;
    int length = snprintf(text, sizeof text, "%.60s", name);
    for (int axis = 0; axis < t->ndim; axis++) {
        block /= (size_t)t->shape[axis];
        length += snprintf(text + length, sizeof text - (size_t)length, "[%zu]", at / block);
        at %= block;
    }
    return text;
}

void expect_shape(const char *name, const Tensor *got, int ndim, const int *shape,
                  const char *where)
{
    if (!got)
        fail_test("not_implemented", "this input is legal: see attention.h",
                  "%s is NULL, expected shape %s, %s", name, shape_text(ndim, shape).text, where);
    if (got->ndim != ndim || memcmp(got->shape, shape, (size_t)ndim * sizeof *shape) != 0)
        fail_test("shape", "attention.h gives the shape of each result",
                  "the shape of %s is %s, expected %s, %s", name,
                  shape_text(got->ndim, got->shape).text, shape_text(ndim, shape).text, where);
    passed_check();
}

/* Written so that a NaN is not near anything. */
static bool is_near(double got, double expected, double absolute, double relative)
{
    return fabs(got - expected) <= absolute + relative * fabs(expected);
}

/* How the elements of a tensor differ from what was expected. */
typedef struct {
    size_t first, count;
    double worst;
} Difference;

static Difference find_difference(const Tensor *got, const double *expected, double absolute,
                                  double relative)
{
    Difference found = {0};
    for (size_t i = 0; i < got->size; i++) {
        double error = fabs(got->data[i] - expected[i]);
        if (is_near(got->data[i], expected[i], absolute, relative))
            continue;
        if (found.count++ == 0)
            found.first = i;
        if (!isnan(found.worst) && !(error <= found.worst))
            found.worst = error;
    }
    return found;
}

/*
 * How much of the tolerance the errors use up, for whoever sets tolerances: with ATTENTION_MARGINS
 * set, each new largest share of this test is a line in that file.
 */
static void note_margin(const char *name, const Tensor *got, const double *expected)
{
    static double largest;
    const char *path = getenv("ATTENTION_MARGINS");
    double before = largest;
    for (size_t i = 0; path && i < got->size; i++) {
        double allowed = TOLERANCE_ABSOLUTE + TOLERANCE_RELATIVE * fabs(expected[i]);
        largest = fmax(largest, fabs(got->data[i] - expected[i]) / allowed);
    }
    FILE *file = largest > before ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "%.6g %s\n", largest, name);
        fclose(file);
    }
}

/* Two numbers with as few digits as show that they differ. */
static void two_numbers(char *got_text, char *expected_text, double got, double expected)
{
    for (int digits = 4; digits <= 9; digits++) {
        snprintf(got_text, TEXT_LENGTH, "%.*g", digits, got);
        snprintf(expected_text, TEXT_LENGTH, "%.*g", digits, expected);
        if (strcmp(got_text, expected_text) != 0)
            return;
    }
}

static void fail_with(const char *name, const Tensor *got, const double *expected, Difference found,
                      const char *how_much, const char *where, const char *hint)
{
    char is[TEXT_LENGTH], should_be[TEXT_LENGTH];
    two_numbers(is, should_be, got->data[found.first], expected[found.first]);
    fail_test("value", hint, "%s is %s, expected %s (%zu of %zu differ%s), %s",
              element_text(name, got, found.first), is, should_be, found.count, got->size, how_much,
              where);
}

void expect_tensor(const char *name, const Tensor *got, const Expected *expected, const char *where,
                   const char *hint)
{
    expect_shape(name, got, expected->ndim, expected->shape, where);
    Difference found =
        find_difference(got, expected->elements, TOLERANCE_ABSOLUTE, TOLERANCE_RELATIVE);
    if (found.count) {
        char worst[TEXT_LENGTH];
        snprintf(worst, sizeof worst, ", worst %.1e", found.worst);
        fail_with(name, got, expected->elements, found, worst, where, hint);
    }
    note_margin(name, got, expected->elements);
    passed_check();
}

void expect_exactly(const char *name, const Tensor *got, const Expected *expected,
                    const char *where, const char *hint)
{
    expect_shape(name, got, expected->ndim, expected->shape, where);
    Difference found = find_difference(got, expected->elements, 0, 0);
    if (found.count)
        fail_with(name, got, expected->elements, found, "", where, hint);
    passed_check();
}

void expect_result(AttentionResult got, const char *where)
{
    if (!got.output && !got.weights)
        fail_test("not_implemented",
                  "this input is legal: Lq and Lk may differ, d_k and d_v may, and there may be "
                  "leading axes; if tensor_matmul() gave NULL, was K transposed?",
                  "the result is {NULL, NULL}, expected output and weights, %s", where);
    if (!got.output || !got.weights)
        fail_test("result", "return both tensors, or {NULL, NULL} after an error",
                  "the result has no %s, %s", got.output ? "weights" : "output", where);
    passed_check();
}

/* A nan makes every later check fail too; here it still shows where it came from. */
static void expect_numbers(const char *name, const Tensor *t, const char *where)
{
    for (size_t i = 0; i < t->size; i++)
        if (!isfinite(t->data[i]))
            fail_test("value",
                      "expf() overflowed, or all of a row became 0: subtract the largest score of "
                      "the row first, and mask with -1e9",
                      "%s is %s, expected a number, %s", element_text(name, t, i),
                      isnan(t->data[i]) ? "nan" : "infinite", where);
    passed_check();
}

void expect_rows_sum_to_1(const Tensor *weights, const char *where)
{
    size_t columns = (size_t)weights->shape[weights->ndim - 1];
    for (size_t row = 0; row < weights->size; row += columns) {
        double sum = 0;
        for (size_t i = 0; i < columns; i++)
            sum += weights->data[row + i];
        if (is_near(sum, 1, ROW_SUM_TOLERANCE, 0))
            continue;
        fail_test("row_sum", "the softmax goes over the keys: each row of weights sums to 1",
                  "the row from %s on sums to %.6g, expected 1, %s",
                  element_text("weights", weights, row), sum, where);
    }
    passed_check();
}

static bool row_is_masked(const Tensor *mask, const Tensor *weights, size_t row, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        if (mask->data[tensor_broadcast_index(mask, weights, row + i)] != 0)
            return false;
    return true;
}

void expect_masked_zero(const Tensor *weights, const Tensor *mask, const char *where)
{
    size_t columns = (size_t)weights->shape[weights->ndim - 1];
    for (size_t i = 0; i < weights->size; i++) {
        if (is_near(weights->data[i], 0, MASKED_TOLERANCE, 0) ||
            mask->data[tensor_broadcast_index(mask, weights, i)] != 0 ||
            row_is_masked(mask, weights, i - i % columns, columns))
            continue;
        fail_test("masked", "set the scores where the mask is 0 to -1e9 before the softmax",
                  "%s is %.4g, expected 0 because the mask is 0 there, %s",
                  element_text("weights", weights, i), weights->data[i], where);
    }
    passed_check();
}

void expect_attention_values(AttentionResult got, const Tensor *mask, const Expected *weights,
                             const Expected *output, const char *where, const char *hint)
{
    expect_result(got, where);
    expect_shape("weights", got.weights, weights->ndim, weights->shape, where);
    expect_shape("output", got.output, output->ndim, output->shape, where);
    expect_numbers("weights", got.weights, where);
    if (mask)
        expect_masked_zero(got.weights, mask, where);
    expect_rows_sum_to_1(got.weights, where);
    expect_tensor(
        "weights", got.weights, weights, where,
        hint ? hint
             : "weights = softmax(Q K^T / sqrt(d_k)), row by row; Q K^T is the dot product of "
               "each query with each key");
    expect_tensor("output", got.output, output, where,
                  "output = weights V: for each query a weighted mean of the rows of V");
}

void expect_refused(AttentionResult got, const char *why)
{
    if (got.output || got.weights)
        fail_test("not_refused", "check the input first, and return {NULL, NULL} if it is bad",
                  "%s came back, expected {NULL, NULL}: %s",
                  got.output && got.weights ? "a result" : "half a result", why);
    passed_check();
}

void expect_no_tensor(const Tensor *got, const char *why)
{
    if (got)
        fail_test("not_refused", "check the input first, and return NULL if it is bad",
                  "a tensor of shape %s came back, expected NULL: %s",
                  shape_text(got->ndim, got->shape).text, why);
    passed_check();
}

bool expect_few_allocations(unsigned n)
{
    enum { MOST_ALLOCATIONS = 500 };
    if (n > MOST_ALLOCATIONS)
        fail_test("value", "a handful is enough: one tensor is two of them",
                  "one call with small input asks for memory more than %d times", MOST_ALLOCATIONS);
    passed_check();
    return true;
}

void free_result(AttentionResult result)
{
    tensor_free(result.output);
    tensor_free(result.weights);
}
