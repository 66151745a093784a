#include "mistake.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

AttentionCall attention_call(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    static int first_d_k;
    int last = Q->ndim - 1;
    if (!first_d_k)
        first_d_k = Q->shape[last];
    AttentionCall call = {.Q = Q,
                          .K = K,
                          .V = V,
                          .mask = mask,
                          .scores = {.ndim = Q->ndim},
                          .n_queries = Q->shape[last - 1],
                          .n_keys = K->shape[last - 1],
                          .d_k = Q->shape[last],
                          .d_v = V->shape[last],
                          .first_d_k = first_d_k};
    memcpy(call.scores.shape, Q->shape, sizeof Q->shape);
    call.scores.shape[last] = call.n_keys;
    call.batches = Q->size / (size_t)(call.n_queries * call.d_k);
    call.scores.size = call.batches * (size_t)(call.n_queries * call.n_keys);
    return call;
}

static size_t score_index(Place at)
{
    const AttentionCall *call = at.call;
    size_t row = at.batch * (size_t)call->n_queries + (size_t)at.query;
    return row * (size_t)call->n_keys + (size_t)at.key;
}

double mask_at(Place at)
{
    const Tensor *mask = at.call->mask;
    return mask ? mask->data[tensor_broadcast_index(mask, &at.call->scores, score_index(at))] : 1;
}

const float *query_of(Place at)
{
    size_t row = at.batch * (size_t)at.call->n_queries + (size_t)at.query;
    return at.call->Q->data + row * (size_t)at.call->d_k;
}

const float *keys_of(Place at)
{
    return at.call->K->data + at.batch * (size_t)(at.call->n_keys * at.call->d_k);
}

const float *values_of(Place at)
{
    return at.call->V->data + at.batch * (size_t)(at.call->n_keys * at.call->d_v);
}

/* expf(): what is too large for a float is infinite, what is too small is 0. */
static double float_exp(double x)
{
    double e = exp(x);
    return e > FLT_MAX ? INFINITY : e < FLT_TRUE_MIN / 2 ? 0 : e;
}

void normalise(double *x, size_t count, size_t step, double shift)
{
    double total = 0;
    for (size_t i = 0; i < count * step; i += step)
        total += x[i] = float_exp(x[i] - shift);
    for (size_t i = 0; i < count * step; i += step)
        x[i] /= total > FLT_MAX ? INFINITY : total;
}

double largest_of(const double *x, size_t count, size_t step)
{
    double largest = x[0];
    for (size_t i = 0; i < count * step; i += step)
        largest = fmax(largest, x[i]);
    return largest;
}

/* ---- the steps done right -------------------------------------------------------------------- */

double dot_product(Place at)
{
    const float *query = query_of(at), *key = keys_of(at) + at.key * at.call->d_k;
    double sum = 0;
    for (int d = 0; d < at.call->d_k; d++)
        sum += (double)query[d] * key[d];
    return sum;
}

static double right_masked(Place at, double score)
{
    return mask_at(at) == 0 ? (double)ATTENTION_MASKED_SCORE : score;
}

static void right_softmax(const AttentionCall *call, double *scores)
{
    size_t n = (size_t)call->n_keys;
    for (double *row = scores; row < scores + call->scores.size; row += n)
        normalise(row, n, 1, largest_of(row, n, 1));
}

static double right_value(Place at, int column)
{
    return values_of(at)[at.key * at.call->d_v + column];
}

/* ---- one mistake among them ------------------------------------------------------------------ */

static double *array(size_t size)
{
    double *elements = calloc(size, sizeof *elements);
    if (!elements)
        fail_test("broken", NULL, "no memory to look for the cause");
    return elements;
}

/* The place of a score, by its index. */
static Place place_at(const AttentionCall *call, size_t index)
{
    size_t keys = (size_t)call->n_keys, queries = (size_t)call->n_queries;
    return (Place){call, index / keys / queries, (int)(index / keys % queries),
                   (int)(index % keys)};
}

static void fill_scores(const AttentionCall *call, const Mistake *mistake, double *scores)
{
    double divisor = mistake->divisor ? mistake->divisor(call) : sqrt(call->d_k);
    for (size_t i = 0; i < call->scores.size; i++) {
        Place at = place_at(call, i);
        double score = (mistake->dot ? mistake->dot : dot_product)(at) / divisor;
        scores[i] = (mistake->masked ? mistake->masked : right_masked)(at, score);
    }
}

static void fill_output(const AttentionCall *call, const Mistake *mistake, const double *weights,
                        double *output)
{
    for (size_t i = 0; i < call->scores.size; i++) {
        Place at = place_at(call, i);
        double *row = output + i / (size_t)call->n_keys * (size_t)call->d_v;
        for (int column = 0; column < call->d_v; column++) {
            row[column] += weights[i] * (mistake->value ? mistake->value : right_value)(at, column);
            if (mistake->added && at.key == 0)
                row[column] += mistake->added(at, column);
            if (mistake->output_in_int)
                row[column] = trunc(row[column]);
        }
    }
}

static Expected shaped(const AttentionCall *call, int columns, const double *elements)
{
    Expected expected = {.ndim = call->scores.ndim, .elements = elements};
    memcpy(expected.shape, call->scores.shape, sizeof expected.shape);
    expected.shape[expected.ndim - 1] = columns;
    return expected;
}

Oracle mistake_attention(const AttentionCall *call, const Mistake *mistake)
{
    double *scores = array(call->scores.size), *weights = array(call->scores.size);
    double *output = array(call->batches * (size_t)(call->n_queries * call->d_v));
    fill_scores(call, mistake, scores);
    memcpy(weights, scores, call->scores.size * sizeof *scores);
    (mistake->softmax ? mistake->softmax : right_softmax)(call, weights);
    for (size_t i = 0; mistake->weight && i < call->scores.size; i++)
        weights[i] = mistake->weight(place_at(call, i), weights[i]);
    fill_output(call, mistake, weights, output);

    double *unused = mistake->scores_returned ? weights : scores;
    const double *returned = mistake->scores_returned ? scores : weights;
    free(unused);
    return (Oracle){.output = shaped(call, call->d_v, output),
                    .weights = shaped(call, call->n_keys, returned)};
}
