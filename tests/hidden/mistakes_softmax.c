/* Mistakes in the softmax: see mistake.h. */
#include <float.h>
#include <math.h>

#include "mistake.h"

static void over_queries(const AttentionCall *call, double *x)
{
    size_t rows = (size_t)call->n_queries, columns = (size_t)call->n_keys;
    for (size_t batch = 0; batch < call->batches; batch++, x += rows * columns)
        for (size_t column = 0; column < columns; column++)
            normalise(x + column, rows, columns, largest_of(x + column, rows, columns));
}

static void over_matrix(const AttentionCall *call, double *x)
{
    size_t area = (size_t)(call->n_queries * call->n_keys);
    for (size_t batch = 0; batch < call->batches; batch++, x += area)
        normalise(x, area, 1, largest_of(x, area, 1));
}

static void over_tensor(const AttentionCall *call, double *x)
{
    normalise(x, call->scores.size, 1, largest_of(x, call->scores.size, 1));
}

/* Row by row, with this number in place of the largest score. */
static void shifted_by(const AttentionCall *call, double *x, double shift)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n)
        normalise(x + i, n, 1, shift);
}

static void without_maximum(const AttentionCall *call, double *x)
{
    shifted_by(call, x, 0);
}

static void maximum_of_all(const AttentionCall *call, double *x)
{
    shifted_by(call, x, largest_of(x, call->scores.size, 1));
}

static void maximum_at_least(const AttentionCall *call, double *x, double least)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n)
        normalise(x + i, n, 1, fmax(least, largest_of(x + i, n, 1)));
}

static void maximum_from_0(const AttentionCall *call, double *x)
{
    maximum_at_least(call, x, 0);
}

static void maximum_from_minus_1000(const AttentionCall *call, double *x)
{
    maximum_at_least(call, x, -1000);
}

/* Each element after the softmax has been left out or done otherwise. */
static void each_row(const AttentionCall *call, double *x,
                     double (*element)(double score, double largest, int n), bool divide)
{
    int n = call->n_keys;
    for (double *row = x; row < x + call->scores.size; row += n) {
        double largest = largest_of(row, (size_t)n, 1), total = 0;
        for (int i = 0; i < n; i++)
            total += row[i] = element(row[i], largest, n);
        for (int i = 0; divide && i < n; i++)
            row[i] /= total;
    }
}

static double element_itself(double score, double largest, int n)
{
    (void)largest, (void)n;
    return score;
}

static double element_exp(double score, double largest, int n)
{
    (void)n;
    return exp(score - largest);
}

static double element_exp_mean(double score, double largest, int n)
{
    return exp(score - largest) / n;
}

static double element_exp_plain(double score, double largest, int n)
{
    (void)largest, (void)n;
    return exp(score) > FLT_MAX ? INFINITY : exp(score);
}

static double element_exp2(double score, double largest, int n)
{
    (void)n;
    return exp2(score - largest);
}

static double element_is_largest(double score, double largest, int n)
{
    (void)n;
    return score == largest;
}

static void no_softmax(const AttentionCall *call, double *x)
{
    each_row(call, x, element_itself, false);
}

static void without_exp(const AttentionCall *call, double *x)
{
    each_row(call, x, element_itself, true);
}

static void not_divided(const AttentionCall *call, double *x)
{
    each_row(call, x, element_exp, false);
}

static void plain_not_divided(const AttentionCall *call, double *x)
{
    each_row(call, x, element_exp_plain, false);
}

static void divided_by_count(const AttentionCall *call, double *x)
{
    each_row(call, x, element_exp_mean, false);
}

static void base_two(const AttentionCall *call, double *x)
{
    each_row(call, x, element_exp2, true);
}

static void hardmax(const AttentionCall *call, double *x)
{
    each_row(call, x, element_is_largest, true);
}

static double weight_scaled(Place at, double weight)
{
    return weight / sqrt(at.call->d_k);
}

static double weight_log(Place at, double weight)
{
    (void)at;
    return log(weight);
}

static double by_nothing(const AttentionCall *call)
{
    (void)call;
    return 1;
}

static void by_minimum(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n) {
        double least = x[i];
        for (size_t key = 0; key < n; key++)
            least = fmin(least, x[i + key]);
        normalise(x + i, n, 1, least);
    }
}

static void by_mean(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n) {
        double sum = 0;
        for (size_t key = 0; key < n; key++)
            sum += x[i + key];
        normalise(x + i, n, 1, sum / (double)n);
    }
}

/* The search ends one score too early. */
static void without_last(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n)
        normalise(x + i, n, 1, largest_of(x + i, n > 1 ? n - 1 : 1, 1));
}

/* e^(max - x): all exponents have the other sign. */
static void sign_lost(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n) {
        double largest = largest_of(x + i, n, 1);
        for (size_t key = 0; key < n; key++)
            x[i + key] = -x[i + key];
        normalise(x + i, n, 1, -largest);
    }
}

static void by_last(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n)
        normalise(x + i, n, 1, x[i + n - 1]);
}

static void by_largest_size(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n) {
        double largest = x[i];
        for (size_t key = 0; key < n; key++)
            if (fabs(x[i + key]) > largest)
                largest = x[i + key];
        normalise(x + i, n, 1, largest);
    }
}

static void by_first(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n)
        normalise(x + i, n, 1, x[i]);
}

static void maximum_carried_on(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    double largest = x[0];
    for (size_t i = 0; i < call->scores.size; i += n) {
        largest = fmax(largest, largest_of(x + i, n, 1));
        normalise(x + i, n, 1, largest);
    }
}

static void twice(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n) {
        normalise(x + i, n, 1, largest_of(x + i, n, 1));
        normalise(x + i, n, 1, largest_of(x + i, n, 1));
    }
}

/* One pass with a running maximum, in which the sum so far is not adapted to a new one. */
static void total_not_rescaled(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (double *row = x; row < x + call->scores.size; row += n) {
        double largest = row[0], total = 0;
        for (size_t key = 0; key < n; key++) {
            largest = fmax(largest, row[key]);
            total += exp(row[key] - largest);
        }
        for (size_t key = 0; key < n; key++)
            row[key] = exp(row[key] - largest) / total;
    }
}

static void total_carried_on(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    double total = 0;
    for (size_t i = 0; i < call->scores.size; i += n) {
        double largest = largest_of(x + i, n, 1);
        for (size_t key = 0; key < n; key++)
            total += x[i + key] = exp(x[i + key] - largest);
        for (size_t key = 0; key < n; key++)
            x[i + key] /= total;
    }
}

/* Each exponential replaces the sum of those before. */
static void last_is_total(const AttentionCall *call, double *x)
{
    size_t n = (size_t)call->n_keys;
    for (double *row = x; row < x + call->scores.size; row += n) {
        double largest = largest_of(row, n, 1), last = exp(row[n - 1] - largest);
        for (size_t key = 0; key < n; key++)
            row[key] = exp(row[key] - largest) / last;
    }
}

static const Mistake list[] = {
    {"the softmax runs over the queries: the columns of the weights sum to 1", FAMILY_SOFTMAX,
     .softmax = over_queries},
    {"the softmax runs over all rows together, not over each", FAMILY_SOFTMAX,
     .softmax = over_matrix},
    {"the softmax runs over all rows together, not over each", FAMILY_SOFTMAX,
     .softmax = over_tensor},
    {"nothing is subtracted before expf(), which overflows or becomes 0", FAMILY_EXPONENT,
     .softmax = without_maximum, .seen_as_overflow = true},
    {"the search for the largest score of a row starts too high: all of them can be lower",
     FAMILY_EXPONENT, .softmax = maximum_from_0, .seen_as_overflow = true},
    {"the search for the largest score of a row starts too high: all of them can be lower",
     FAMILY_EXPONENT, .softmax = maximum_from_minus_1000, .seen_as_overflow = true},
    {"the largest score of all rows is subtracted, not that of each row", FAMILY_EXPONENT,
     .softmax = maximum_of_all, .seen_as_overflow = true},
    {"the smallest score of a row is subtracted, not the largest", FAMILY_EXPONENT,
     .softmax = by_minimum, .seen_as_overflow = true},
    {"the last score of a row is left out of the search for the largest", FAMILY_EXPONENT,
     .softmax = without_last, .seen_as_overflow = true},
    {"the mean of the scores of a row is subtracted, not the largest", FAMILY_EXPONENT,
     .softmax = by_mean, .seen_as_overflow = true},
    {"the score that is largest without its sign is subtracted, not the largest", FAMILY_EXPONENT,
     .softmax = by_largest_size, .seen_as_overflow = true},
    {"the first score of a row is subtracted, not the largest", FAMILY_EXPONENT,
     .softmax = by_first, .seen_as_overflow = true},
    {"the last score of a row is subtracted, not the largest", FAMILY_EXPONENT, .softmax = by_last,
     .seen_as_overflow = true},
    {"the largest score is not looked for anew in each row", FAMILY_EXPONENT,
     .softmax = maximum_carried_on, .seen_as_overflow = true},
    {"the sum of the exponentials does not begin at 0 in each row", FAMILY_SOFTMAX,
     .softmax = total_carried_on},
    {"only the last exponential of a row is in the sum: each replaces the sum of those before",
     FAMILY_SOFTMAX, .softmax = last_is_total},
    {"the running sum is not rescaled when the maximum grows", FAMILY_SOFTMAX,
     .softmax = total_not_rescaled},
    {"the softmax is applied twice", FAMILY_SOFTMAX, .softmax = twice},
    {"there is no softmax: the weights are the scores", FAMILY_SOFTMAX, .softmax = no_softmax},
    {"the weights that are returned are still the scores, though the output is right",
     FAMILY_SOFTMAX, .scores_returned = true},
    {"the softmax has no exponential: the scores are divided by their sum", FAMILY_SOFTMAX,
     .softmax = without_exp},
    {"the exponentials are not divided by their sum", FAMILY_SOFTMAX, .softmax = not_divided},
    {"the exponentials are not divided by their sum", FAMILY_SOFTMAX, .softmax = plain_not_divided},
    {"the exponentials are divided by the number of keys, not by their sum", FAMILY_SOFTMAX,
     .softmax = divided_by_count},
    {"the scores or the exponents have the wrong sign: the worst key weighs most", FAMILY_SOFTMAX,
     .softmax = sign_lost},
    {"the softmax takes powers of 2 instead of e", FAMILY_SOFTMAX, .softmax = base_two},
    {"all the weight goes to the best key, as if the scores were far too large", FAMILY_SOFTMAX,
     .softmax = hardmax},
    {"the weights are logarithms: the exponential at the end is missing", FAMILY_SOFTMAX,
     .weight = weight_log},
    {"the softmax comes before the division by the square root of d_k", FAMILY_SCALE,
     .divisor = by_nothing, .weight = weight_scaled},
};

const MistakeList softmax_mistakes = {list, sizeof list / sizeof *list};
