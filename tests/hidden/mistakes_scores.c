/* Mistakes in the scores: see mistake.h. */
#include <math.h>

#include "mistake.h"

static bool is_square(const AttentionCall *call)
{
    return call->n_queries == call->n_keys;
}

static bool has_batches(const AttentionCall *call)
{
    return call->batches > 1;
}

/* ---- query times key ------------------------------------------------------------------------- */

/* The sum of the products of some features; the next element of the key is `step` further on. */
static double sum_products(Place at, const float *key, int step, int first, int end)
{
    double sum = 0;
    for (int d = first; d < end; d++)
        sum += (double)query_of(at)[d] * key[d * step];
    return sum;
}

static double dot_as_it_lies(Place at)
{
    return sum_products(at, keys_of(at) + at.key, at.call->n_keys, 0, at.call->d_k);
}

static double dot_first_keys(Place at)
{
    const float *key = at.call->K->data + at.key * at.call->d_k;
    return sum_products(at, key, 1, 0, at.call->d_k);
}

static double dot_swapped(Place at)
{
    Place mirrored = {at.call, at.batch, at.key, at.query};
    return sum_products(mirrored, keys_of(at) + at.query * at.call->d_k, 1, 0, at.call->d_k);
}

static double dot_without_first(Place at)
{
    return sum_products(at, keys_of(at) + at.key * at.call->d_k, 1, 1, at.call->d_k);
}

static double dot_without_last(Place at)
{
    return sum_products(at, keys_of(at) + at.key * at.call->d_k, 1, 0, at.call->d_k - 1);
}

static double dot_last_alone(Place at)
{
    return sum_products(at, keys_of(at) + at.key * at.call->d_k, 1, at.call->d_k - 1, at.call->d_k);
}

/* The sum goes on from key to key, or even from query to query. */
static double dot_carried_on(Place at, bool from_query_to_query)
{
    double sum = 0;
    for (Place p = {at.call, at.batch, from_query_to_query ? 0 : at.query, 0}; p.query <= at.query;
         p.query++)
        for (p.key = 0; p.key <= (p.query < at.query ? at.call->n_keys - 1 : at.key); p.key++)
            sum += dot_product(p);
    return sum;
}

static double dot_carried_on_in_row(Place at)
{
    return dot_carried_on(at, false);
}

static double dot_carried_on_in_batch(Place at)
{
    return dot_carried_on(at, true);
}

/* What is summed up for each score anew takes too long for many of them. */
static bool is_small(const AttentionCall *call)
{
    return call->scores.size < 1000;
}

static double dot_in_int(Place at)
{
    const float *query = query_of(at), *key = keys_of(at) + at.key * at.call->d_k;
    double sum = 0;
    for (int d = 0; d < at.call->d_k; d++)
        sum = trunc(sum + (double)query[d] * key[d]);
    return sum;
}

static double minus_distance(Place at)
{
    const float *query = query_of(at), *key = keys_of(at) + at.key * at.call->d_k;
    double sum = 0;
    for (int d = 0; d < at.call->d_k; d++)
        sum -= ((double)query[d] - key[d]) * ((double)query[d] - key[d]);
    return sum;
}

/* Where all keys are equally long, a distance is a product with another scale. */
static bool keys_differ_in_length(const AttentionCall *call)
{
    double shortest = INFINITY, longest = 0;
    for (size_t i = 0; i < call->K->size; i += (size_t)call->d_k) {
        double square = 0;
        for (int d = 0; d < call->d_k; d++)
            square += (double)call->K->data[i + (size_t)d] * call->K->data[i + (size_t)d];
        shortest = fmin(shortest, square);
        longest = fmax(longest, square);
    }
    return longest > shortest;
}

static double no_dot(Place at)
{
    (void)at;
    return 0;
}

/* ---- the scale ------------------------------------------------------------------------------- */

static double by_nothing(const AttentionCall *call)
{
    (void)call;
    return 1;
}

static double by_d_k(const AttentionCall *call)
{
    return call->d_k;
}

static double by_d_v(const AttentionCall *call)
{
    return call->d_v;
}

static double by_root_d_v(const AttentionCall *call)
{
    return sqrt(call->d_v);
}

static double by_keys(const AttentionCall *call)
{
    return call->n_keys;
}

static double by_root_keys(const AttentionCall *call)
{
    return sqrt(call->n_keys);
}

static double by_root_queries(const AttentionCall *call)
{
    return sqrt(call->n_queries);
}

static double by_2(const AttentionCall *call)
{
    (void)call;
    return 2;
}

static double by_8(const AttentionCall *call)
{
    (void)call;
    return 8;
}

static double by_inverse_root(const AttentionCall *call)
{
    return 1 / sqrt(call->d_k);
}

static double by_inverse(const AttentionCall *call)
{
    return 1.0 / call->d_k;
}

static double by_whole_root(const AttentionCall *call)
{
    return floor(sqrt(call->d_k));
}

static double by_rounded_root(const AttentionCall *call)
{
    return round(sqrt(call->d_k));
}

static double by_first_root(const AttentionCall *call)
{
    return sqrt(call->first_d_k);
}

static double by_fourth_root(const AttentionCall *call)
{
    return sqrt(sqrt(call->d_k));
}

/* ---- all of them ----------------------------------------------------------------------------- */

#define SUM_CARRIED_ON "the sum of the products does not begin at 0 for each query and key"
#define BY_CONSTANT "the scores are divided by the same number, whatever d_k is"

static const Mistake list[] = {
    {"the scores are not divided by anything before the softmax", FAMILY_SCALE,
     .divisor = by_nothing},
    {"the scores are divided by d_k itself", FAMILY_SCALE, .divisor = by_d_k},
    {"the scores are divided by d_v, but it is d_k that counts", FAMILY_SCALE, .divisor = by_d_v},
    {"the scores are divided by the square root of d_v, but it is d_k that counts", FAMILY_SCALE,
     .divisor = by_root_d_v},
    {"the scores are divided by the number of keys", FAMILY_SCALE, .divisor = by_keys},
    {"the scores are divided by the square root of the number of keys", FAMILY_SCALE,
     .divisor = by_root_keys},
    {"the scores are divided by the square root of the number of queries", FAMILY_SCALE,
     .divisor = by_root_queries},
    {BY_CONSTANT, FAMILY_SCALE, .divisor = by_2},
    {BY_CONSTANT, FAMILY_SCALE, .divisor = by_8},
    {"the scores are multiplied by the square root of d_k, not divided by it", FAMILY_SCALE,
     .divisor = by_inverse_root},
    {"the scores are multiplied by d_k", FAMILY_SCALE, .divisor = by_inverse},
    {"the square root of d_k is cut to a whole number", FAMILY_SCALE, .divisor = by_whole_root},
    {"the square root of d_k is rounded to a whole number", FAMILY_SCALE,
     .divisor = by_rounded_root},
    {"the scores are divided by the square root of the square root of d_k", FAMILY_SCALE,
     .divisor = by_fourth_root},
    {"the divisor of the scores is that of an earlier call, which had another d_k", FAMILY_SCALE,
     .divisor = by_first_root},
    {"every key gets the same weight: before the softmax all scores of a row were equal, as after "
     "a division of integers that gives 0",
     .dot = no_dot},
    {"K is not transposed: its elements are taken in the order in which they lie",
     .dot = dot_as_it_lies},
    {"the keys of the first batch are used for all batches", .possible = has_batches,
     .dot = dot_first_keys},
    {"the queries and the keys have changed places: the scores are transposed",
     .possible = is_square, .dot = dot_swapped},
    {"the first element of each query and key does not count", .dot = dot_without_first},
    {"the last element of each query and key does not count", .dot = dot_without_last},
    {"only the last product of each query and key counts: each replaces the sum of those before",
     .dot = dot_last_alone},
    {SUM_CARRIED_ON, .possible = is_small, .dot = dot_carried_on_in_row},
    {SUM_CARRIED_ON, .possible = is_small, .dot = dot_carried_on_in_batch},
    {"the products are added up in an integer", .dot = dot_in_int},
    {"the scores are distances between queries and keys, not dot products",
     .possible = keys_differ_in_length, .dot = minus_distance},
};

const MistakeList score_mistakes = {list, sizeof list / sizeof *list};
