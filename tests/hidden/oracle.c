#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

static const double MASKED_SCORE = -1e9;

static double *array(size_t size)
{
    double *elements = calloc(size, sizeof *elements);
    if (!elements)
        fail_test("broken", NULL, "no memory for the expected values");
    return elements;
}

/* An array shaped like `rows` except for its last axis. */
static Expected like(const Tensor *rows, int columns, double *elements)
{
    Expected expected = {.ndim = rows->ndim, .elements = elements};
    memcpy(expected.shape, rows->shape, sizeof rows->shape);
    expected.shape[rows->ndim - 1] = columns;
    return expected;
}

/* The elements of the mask for one row of the scores, or NULL; `row` counts through all of Q. */
static const float *mask_row(const Tensor *mask, const Tensor *Q, size_t row)
{
    if (!mask)
        return NULL;
    size_t offset = 0, stride = (size_t)mask->shape[mask->ndim - 1];
    for (int back = 2; back <= mask->ndim; back++) {
        size_t size = (size_t)mask->shape[mask->ndim - back];
        size_t length = (size_t)Q->shape[Q->ndim - back];
        if (size > 1)
            offset += row % length * stride;
        row /= length;
        stride *= size;
    }
    return mask->data + offset;
}

static void score_keys(double *scores, const float *query, const float *keys, const float *mask,
                       int n_keys, int d_k)
{
    for (int key = 0; key < n_keys; key++) {
        double sum = 0;
        for (int d = 0; d < d_k; d++)
            sum += (double)query[d] * keys[key * d_k + d];
        scores[key] = mask && mask[key] == 0 ? MASKED_SCORE : sum / sqrt(d_k);
    }
}

/* The softmax of a row, with the largest score as 0. */
static void weigh(double *weights, const double *scores, int n_keys)
{
    double largest = scores[0], sum = 0;
    for (int key = 1; key < n_keys; key++)
        largest = fmax(largest, scores[key]);
    for (int key = 0; key < n_keys; key++)
        sum += weights[key] = exp(scores[key] - largest);
    for (int key = 0; key < n_keys; key++)
        weights[key] /= sum;
}

Oracle oracle_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    int d_k = Q->shape[Q->ndim - 1], n_queries = Q->shape[Q->ndim - 2];
    int n_keys = K->shape[K->ndim - 2], d_v = V->shape[V->ndim - 1];
    size_t rows = Q->size / (size_t)d_k;
    double *scores = array((size_t)n_keys), *weights = array(rows * (size_t)n_keys);
    double *output = array(rows * (size_t)d_v);

    for (size_t row = 0; row < rows; row++) {
        size_t batch = row / (size_t)n_queries;
        double *weight = weights + row * (size_t)n_keys;
        score_keys(scores, Q->data + row * (size_t)d_k, K->data + batch * (size_t)(n_keys * d_k),
                   mask_row(mask, Q, row), n_keys, d_k);
        weigh(weight, scores, n_keys);
        const float *values = V->data + batch * (size_t)(n_keys * d_v);
        for (int i = 0; i < n_keys * d_v; i++)
            output[row * (size_t)d_v + (size_t)(i % d_v)] += weight[i / d_v] * values[i];
    }
    free(scores);
    return (Oracle){like(Q, d_v, output), like(Q, n_keys, weights)};
}

void oracle_free(Oracle oracle)
{
    free((double *)oracle.output.elements);
    free((double *)oracle.weights.elements);
}
