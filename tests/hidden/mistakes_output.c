/* Mistakes in what is computed from the weights, and in which batches: see mistake.h. */
#include "mistake.h"

static bool has_batches(const AttentionCall *call)
{
    return call->batches > 1;
}

static bool has_equal_widths(const AttentionCall *call)
{
    return call->d_k == call->d_v;
}

static double weight_of_first_batch(Place at, double weight)
{
    return at.batch == 0 ? weight : 0;
}

static double weight_of_outer_batches(Place at, double weight)
{
    return at.batch < (size_t)at.call->scores.shape[0] ? weight : 0;
}

static double value_as_it_lies(Place at, int column)
{
    return values_of(at)[column * at.call->n_keys + at.key];
}

static double value_of_last_key(Place at, int column)
{
    return at.key == at.call->n_keys - 1 ? values_of(at)[at.key * at.call->d_v + column] : 0;
}

static double value_of_first_batch(Place at, int column)
{
    return at.call->V->data[at.key * at.call->d_v + column];
}

static double key_as_value(Place at, int column)
{
    return keys_of(at)[at.key * at.call->d_k + column];
}

static double query_added(Place at, int column)
{
    return query_of(at)[column];
}

/* In place of weights times values: the mean, which looks at no weight. */
static double no_value(Place at, int column)
{
    (void)at, (void)column;
    return 0;
}

static double mean_of_values(Place at, int column)
{
    double sum = 0;
    for (int key = 0; key < at.call->n_keys; key++)
        sum += values_of(at)[key * at.call->d_v + column];
    return sum / at.call->n_keys;
}

static double value_in_first_batch(Place at, int column)
{
    return at.batch == 0 ? values_of(at)[at.key * at.call->d_v + column] : 0;
}

static const Mistake list[] = {
    {"the values are taken in a wrong order: a row of V is the value of one key",
     .value = value_as_it_lies},
    {"the values of the first batch are used for all batches", .possible = has_batches,
     .value = value_of_first_batch},
    {"the weights are multiplied with K, not with V", .possible = has_equal_widths,
     .value = key_as_value},
    {"the output is the plain mean of the values: the weights do not count", .value = no_value,
     .added = mean_of_values},
    {"the output stays 0: no weighted values are added up in it", .value = no_value},
    {"only the last key counts in the output: its weighted value replaces the sum of those before",
     .value = value_of_last_key},
    {"the weighted values are added up in an integer", .output_in_int = true},
    {"the queries are added to the output", .possible = has_equal_widths, .added = query_added},
    {"only the first batch is computed, the others stay 0", .possible = has_batches,
     .weight = weight_of_first_batch},
    {"only the first batch of the output is computed, the others stay 0", .possible = has_batches,
     .value = value_in_first_batch},
    {"the batches are counted by the first axis only, but all leading axes count",
     .possible = has_batches, .weight = weight_of_outer_batches},
};

const MistakeList output_mistakes = {list, sizeof list / sizeof *list};
