/* model.c: see model.h. */
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NORM_EPSILON ((real)1e-5)

/* What one layer has computed on the way forward, and what goes back through it needs. */
typedef struct Trace {
    real *x;                         /* (length, d_model): what came in */
    real *norm_1, *norm_1_deviation; /* (length, d_model), (length): normed, before gain and bias */
    real *in_1;                      /* (length, d_model): what attention sees */
    real *q, *k, *v;                 /* (length, d_model) */
    real *weights;                   /* (heads, length, length) */
    real *mixed;                     /* (length, d_model): the heads side by side, before W_o */
    real *between;                   /* (length, d_model): x after attention */
    real *norm_2, *norm_2_deviation;
    real *in_2;
    real *hidden; /* (length, hidden): after the relu */
} Trace;

struct Scratch {
    Trace traces[MODEL_LAYERS];
    real *x;                     /* (length, d_model): what the last layer returns */
    real *norm, *norm_deviation; /* of it */
    real *out;                   /* (length, d_model): normed, with gain and bias */
    real *probabilities;         /* (length, words) */
    real *d_x, *d_in, *d_q, *d_k, *d_v, *d_mixed; /* (length, d_model) */
    real *d_hidden;                               /* (length, hidden) */
    real *d_row;                                  /* (length) */
};

static real *zeros(size_t count)
{
    real *memory = calloc(count, sizeof *memory);
    if (memory == NULL) {
        fprintf(stderr, "train: no memory\n");
        exit(1);
    }
    return memory;
}

/* ---- parameters ------------------------------------------------------------------------------ */

static real *take(real **next, size_t count)
{
    real *taken = *next;
    *next += count;
    return taken;
}

Parameters parameters_create(const Sizes *sizes)
{
    size_t d = (size_t)sizes->d_model, hidden = (size_t)sizes->hidden;
    size_t layer_size = 4 * d + 4 * d * d + 2 * d * hidden + hidden + d;
    Parameters made = {.count = (size_t)(sizes->words + sizes->positions) * d +
                                (size_t)sizes->layers * layer_size + 2 * d};
    made.all = zeros(made.count);
    real *next = made.all;
    made.word_embedding = take(&next, (size_t)sizes->words * d);
    made.place_embedding = take(&next, (size_t)sizes->positions * d);
    for (int i = 0; i < sizes->layers; i++) {
        LayerParameters *layer = &made.layers[i];
        layer->norm_1_gain = take(&next, d);
        layer->norm_1_bias = take(&next, d);
        layer->W_q = take(&next, d * d);
        layer->W_k = take(&next, d * d);
        layer->W_v = take(&next, d * d);
        layer->W_o = take(&next, d * d);
        layer->norm_2_gain = take(&next, d);
        layer->norm_2_bias = take(&next, d);
        layer->W_1 = take(&next, d * hidden);
        layer->b_1 = take(&next, hidden);
        layer->W_2 = take(&next, hidden * d);
        layer->b_2 = take(&next, d);
    }
    made.norm_gain = take(&next, d);
    made.norm_bias = take(&next, d);
    return made;
}

void parameters_free(Parameters *parameters)
{
    free(parameters->all);
}

Scratch *scratch_create(const Sizes *sizes)
{
    Scratch *scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL) {
        fprintf(stderr, "train: no memory\n");
        exit(1);
    }
    size_t length = (size_t)sizes->positions, wide = length * (size_t)sizes->d_model;
    size_t hidden = length * (size_t)sizes->hidden;
    for (int i = 0; i < sizes->layers; i++) {
        Trace *trace = &scratch->traces[i];
        real **const matrices[] = {&trace->x,      &trace->norm_1, &trace->in_1,  &trace->q,
                                   &trace->k,      &trace->v,      &trace->mixed, &trace->between,
                                   &trace->norm_2, &trace->in_2};
        for (size_t j = 0; j < sizeof matrices / sizeof *matrices; j++)
            *matrices[j] = zeros(wide);
        trace->norm_1_deviation = zeros(length);
        trace->norm_2_deviation = zeros(length);
        trace->weights = zeros((size_t)sizes->heads * length * length);
        trace->hidden = zeros(hidden);
    }
    real **const matrices[] = {&scratch->x,   &scratch->norm, &scratch->out,
                               &scratch->d_x, &scratch->d_in, &scratch->d_q,
                               &scratch->d_k, &scratch->d_v,  &scratch->d_mixed};
    for (size_t j = 0; j < sizeof matrices / sizeof *matrices; j++)
        *matrices[j] = zeros(wide);
    scratch->norm_deviation = zeros(length);
    scratch->probabilities = zeros(length * (size_t)sizes->words);
    scratch->d_hidden = zeros(hidden);
    scratch->d_row = zeros(length);
    return scratch;
}

void scratch_free(Scratch *scratch)
{
    for (int i = 0; i < MODEL_LAYERS; i++) {
        const Trace *trace = &scratch->traces[i];
        real *const memory[] = {trace->x,       trace->norm_1,  trace->norm_1_deviation,
                                trace->in_1,    trace->q,       trace->k,
                                trace->v,       trace->weights, trace->mixed,
                                trace->between, trace->norm_2,  trace->norm_2_deviation,
                                trace->in_2,    trace->hidden};
        for (size_t j = 0; j < sizeof memory / sizeof *memory; j++)
            free(memory[j]);
    }
    real *const memory[] = {scratch->x,    scratch->norm,          scratch->norm_deviation,
                            scratch->out,  scratch->probabilities, scratch->d_x,
                            scratch->d_in, scratch->d_q,           scratch->d_k,
                            scratch->d_v,  scratch->d_mixed,       scratch->d_hidden,
                            scratch->d_row};
    for (size_t j = 0; j < sizeof memory / sizeof *memory; j++)
        free(memory[j]);
    free(scratch);
}

const real *scratch_probabilities(const Scratch *scratch)
{
    return scratch->probabilities;
}

/* ---- matrices: each of these adds to its first argument -------------------------------------- */

/* out (n, m) += a (n, k) b (k, m). Four rows of b at a time keep the processor busy. */
static void add_product(real *restrict out, const real *restrict a, const real *restrict b, int n,
                        int k, int m)
{
    for (int i = 0; i < n; i++) {
        real *row = out + (size_t)i * m;
        const real *factors = a + (size_t)i * k;
        int l = 0;
        for (; l + 4 <= k; l += 4) {
            const real *b_0 = b + (size_t)l * m, *b_1 = b_0 + m, *b_2 = b_1 + m, *b_3 = b_2 + m;
            real f_0 = factors[l], f_1 = factors[l + 1], f_2 = factors[l + 2], f_3 = factors[l + 3];
            for (int j = 0; j < m; j++)
                row[j] += f_0 * b_0[j] + f_1 * b_1[j] + f_2 * b_2[j] + f_3 * b_3[j];
        }
        for (; l < k; l++) {
            for (int j = 0; j < m; j++)
                row[j] += factors[l] * b[(size_t)l * m + j];
        }
    }
}

/* out (k, m) += a^T b, with a (n, k) and b (n, m). */
static void add_product_a_transposed(real *restrict out, const real *restrict a,
                                     const real *restrict b, int n, int k, int m)
{
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        const real *b_0 = b + (size_t)i * m, *b_1 = b_0 + m, *b_2 = b_1 + m, *b_3 = b_2 + m;
        const real *a_0 = a + (size_t)i * k, *a_1 = a_0 + k, *a_2 = a_1 + k, *a_3 = a_2 + k;
        for (int l = 0; l < k; l++) {
            real *row = out + (size_t)l * m;
            real f_0 = a_0[l], f_1 = a_1[l], f_2 = a_2[l], f_3 = a_3[l];
            for (int j = 0; j < m; j++)
                row[j] += f_0 * b_0[j] + f_1 * b_1[j] + f_2 * b_2[j] + f_3 * b_3[j];
        }
    }
    for (; i < n; i++) {
        for (int l = 0; l < k; l++) {
            for (int j = 0; j < m; j++)
                out[(size_t)l * m + j] += a[(size_t)i * k + l] * b[(size_t)i * m + j];
        }
    }
}

static real dot(const real *a, const real *b, int n)
{
    real sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* out (n, m) += a b^T, with a (n, k) and b (m, k). */
static void add_product_b_transposed(real *restrict out, const real *restrict a,
                                     const real *restrict b, int n, int k, int m)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++)
            out[(size_t)i * m + j] += dot(a + (size_t)i * k, b + (size_t)j * k, k);
    }
}

static void clear(real *memory, size_t count)
{
    memset(memory, 0, count * sizeof *memory);
}

static void softmax(real *row, int length)
{
    real largest = row[0], total = 0;
    for (int i = 1; i < length; i++)
        largest = row[i] > largest ? row[i] : largest;
    for (int i = 0; i < length; i++) {
        row[i] = sizeof(real) == sizeof(float) ? (real)expf((float)(row[i] - largest))
                                               : (real)exp((double)(row[i] - largest));
        total += row[i];
    }
    for (int i = 0; i < length; i++)
        row[i] /= total;
}

/* ---- layer norm ------------------------------------------------------------------------------ */

/* Each row: subtract the mean, divide by the deviation; then out = normed * gain + bias. */
static void norm_forward(real *out, real *normed, real *deviation, const real *x, const real *gain,
                         const real *bias, int length, int d)
{
    for (int i = 0; i < length; i++, x += d, out += d, normed += d) {
        real mean = 0, variance = 0;
        for (int j = 0; j < d; j++)
            mean += x[j] / (real)d;
        for (int j = 0; j < d; j++)
            variance += (x[j] - mean) * (x[j] - mean) / (real)d;
        deviation[i] = (real)sqrt((double)(variance + NORM_EPSILON));
        for (int j = 0; j < d; j++) {
            normed[j] = (x[j] - mean) / deviation[i];
            out[j] = normed[j] * gain[j] + bias[j];
        }
    }
}

/* d_x += what comes through the norm; the gradients of gain and bias grow, too. */
static void norm_backward(real *d_x, real *d_gain, real *d_bias, const real *d_out,
                          const real *normed, const real *deviation, const real *gain, int length,
                          int d)
{
    for (int i = 0; i < length; i++, d_x += d, d_out += d, normed += d) {
        real mean = 0, slope = 0;
        for (int j = 0; j < d; j++) {
            d_gain[j] += d_out[j] * normed[j];
            d_bias[j] += d_out[j];
            mean += d_out[j] * gain[j] / (real)d;
            slope += d_out[j] * gain[j] * normed[j] / (real)d;
        }
        for (int j = 0; j < d; j++)
            d_x[j] += (d_out[j] * gain[j] - mean - normed[j] * slope) / deviation[i];
    }
}

/* ---- attention ------------------------------------------------------------------------------- */

/* One head, causal: its features are the columns `from` to from + size - 1 of q, k and v. */
static void head_forward(Trace *trace, real *weights, int from, int size, int length, int d)
{
    for (int i = 0; i < length; i++) {
        const real *query = trace->q + (size_t)i * d + from;
        real *row = weights + (size_t)i * length;
        for (int j = 0; j <= i; j++)
            row[j] = dot(query, trace->k + (size_t)j * d + from, size) / (real)sqrt((double)size);
        softmax(row, i + 1);
        real *out = trace->mixed + (size_t)i * d + from;
        for (int j = 0; j <= i; j++) {
            const real *value = trace->v + (size_t)j * d + from;
            for (int l = 0; l < size; l++)
                out[l] += row[j] * value[l];
        }
    }
}

static void head_backward(const Trace *trace, Scratch *scratch, const real *weights, int from,
                          int size, int length, int d)
{
    for (int i = 0; i < length; i++) {
        const real *row = weights + (size_t)i * length;
        const real *d_out = scratch->d_mixed + (size_t)i * d + from;
        const real *query = trace->q + (size_t)i * d + from;
        real *d_query = scratch->d_q + (size_t)i * d + from;
        real mean = 0;
        for (int j = 0; j <= i; j++) {
            scratch->d_row[j] = dot(d_out, trace->v + (size_t)j * d + from, size);
            mean += row[j] * scratch->d_row[j];
        }
        for (int j = 0; j <= i; j++) {
            real d_score = row[j] * (scratch->d_row[j] - mean) / (real)sqrt((double)size);
            const real *key = trace->k + (size_t)j * d + from;
            real *d_key = scratch->d_k + (size_t)j * d + from;
            real *d_value = scratch->d_v + (size_t)j * d + from;
            for (int l = 0; l < size; l++) {
                d_query[l] += d_score * key[l];
                d_key[l] += d_score * query[l];
                d_value[l] += row[j] * d_out[l];
            }
        }
    }
}

static void attention_forward(const Sizes *sizes, const LayerParameters *layer, Trace *trace,
                              int length)
{
    int d = sizes->d_model, size = d / sizes->heads;
    size_t wide = (size_t)length * d;
    norm_forward(trace->in_1, trace->norm_1, trace->norm_1_deviation, trace->x, layer->norm_1_gain,
                 layer->norm_1_bias, length, d);
    clear(trace->q, wide);
    clear(trace->k, wide);
    clear(trace->v, wide);
    clear(trace->mixed, wide);
    add_product(trace->q, trace->in_1, layer->W_q, length, d, d);
    add_product(trace->k, trace->in_1, layer->W_k, length, d, d);
    add_product(trace->v, trace->in_1, layer->W_v, length, d, d);
    for (int head = 0; head < sizes->heads; head++)
        head_forward(trace, trace->weights + (size_t)head * length * length, head * size, size,
                     length, d);
    memcpy(trace->between, trace->x, wide * sizeof *trace->x);
    add_product(trace->between, trace->mixed, layer->W_o, length, d, d);
}

/* scratch->d_x goes in as the gradient of `between`, and comes out as that of `x`. */
static void attention_backward(const Sizes *sizes, const LayerParameters *layer,
                               LayerParameters *d_layer, const Trace *trace, Scratch *scratch,
                               int length)
{
    int d = sizes->d_model, size = d / sizes->heads;
    size_t wide = (size_t)length * d;
    clear(scratch->d_mixed, wide);
    clear(scratch->d_q, wide);
    clear(scratch->d_k, wide);
    clear(scratch->d_v, wide);
    clear(scratch->d_in, wide);
    add_product_a_transposed(d_layer->W_o, trace->mixed, scratch->d_x, length, d, d);
    add_product_b_transposed(scratch->d_mixed, scratch->d_x, layer->W_o, length, d, d);
    for (int head = 0; head < sizes->heads; head++)
        head_backward(trace, scratch, trace->weights + (size_t)head * length * length, head * size,
                      size, length, d);
    add_product_a_transposed(d_layer->W_q, trace->in_1, scratch->d_q, length, d, d);
    add_product_a_transposed(d_layer->W_k, trace->in_1, scratch->d_k, length, d, d);
    add_product_a_transposed(d_layer->W_v, trace->in_1, scratch->d_v, length, d, d);
    add_product_b_transposed(scratch->d_in, scratch->d_q, layer->W_q, length, d, d);
    add_product_b_transposed(scratch->d_in, scratch->d_k, layer->W_k, length, d, d);
    add_product_b_transposed(scratch->d_in, scratch->d_v, layer->W_v, length, d, d);
    norm_backward(scratch->d_x, d_layer->norm_1_gain, d_layer->norm_1_bias, scratch->d_in,
                  trace->norm_1, trace->norm_1_deviation, layer->norm_1_gain, length, d);
}

/* ---- feed-forward ---------------------------------------------------------------------------- */

static void add_bias(real *out, const real *bias, int length, int d)
{
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < d; j++)
            out[(size_t)i * d + j] += bias[j];
    }
}

static void bias_backward(real *d_bias, const real *d_out, int length, int d)
{
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < d; j++)
            d_bias[j] += d_out[(size_t)i * d + j];
    }
}

static void feed_forward(const Sizes *sizes, const LayerParameters *layer, Trace *trace, real *x,
                         int length)
{
    int d = sizes->d_model, hidden = sizes->hidden;
    size_t wide = (size_t)length * d, hidden_size = (size_t)length * hidden;
    norm_forward(trace->in_2, trace->norm_2, trace->norm_2_deviation, trace->between,
                 layer->norm_2_gain, layer->norm_2_bias, length, d);
    clear(trace->hidden, hidden_size);
    add_product(trace->hidden, trace->in_2, layer->W_1, length, d, hidden);
    add_bias(trace->hidden, layer->b_1, length, hidden);
    for (size_t i = 0; i < hidden_size; i++)
        trace->hidden[i] = trace->hidden[i] > 0 ? trace->hidden[i] : 0;
    memcpy(x, trace->between, wide * sizeof *x);
    add_product(x, trace->hidden, layer->W_2, length, hidden, d);
    add_bias(x, layer->b_2, length, d);
}

/* scratch->d_x goes in as the gradient of what came out, and comes out as that of `between`. */
static void feed_backward(const Sizes *sizes, const LayerParameters *layer,
                          LayerParameters *d_layer, const Trace *trace, Scratch *scratch,
                          int length)
{
    int d = sizes->d_model, hidden = sizes->hidden;
    size_t hidden_size = (size_t)length * hidden;
    clear(scratch->d_hidden, hidden_size);
    clear(scratch->d_in, (size_t)length * d);
    add_product_a_transposed(d_layer->W_2, trace->hidden, scratch->d_x, length, hidden, d);
    bias_backward(d_layer->b_2, scratch->d_x, length, d);
    add_product_b_transposed(scratch->d_hidden, scratch->d_x, layer->W_2, length, d, hidden);
    for (size_t i = 0; i < hidden_size; i++)
        scratch->d_hidden[i] = trace->hidden[i] > 0 ? scratch->d_hidden[i] : 0;
    add_product_a_transposed(d_layer->W_1, trace->in_2, scratch->d_hidden, length, d, hidden);
    bias_backward(d_layer->b_1, scratch->d_hidden, length, hidden);
    add_product_b_transposed(scratch->d_in, scratch->d_hidden, layer->W_1, length, hidden, d);
    norm_backward(scratch->d_x, d_layer->norm_2_gain, d_layer->norm_2_bias, scratch->d_in,
                  trace->norm_2, trace->norm_2_deviation, layer->norm_2_gain, length, d);
}

/* ---- the whole ------------------------------------------------------------------------------- */

double model_forward(const Sizes *sizes, const Parameters *parameters, Scratch *scratch,
                     const int *words, int length)
{
    int d = sizes->d_model;
    real *x = scratch->traces[0].x;
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < d; j++)
            x[(size_t)i * d + j] = parameters->word_embedding[(size_t)words[i] * d + j] +
                                   parameters->place_embedding[(size_t)i * d + j];
    }
    for (int i = 0; i < sizes->layers; i++) {
        attention_forward(sizes, &parameters->layers[i], &scratch->traces[i], length);
        x = i + 1 < sizes->layers ? scratch->traces[i + 1].x : scratch->x;
        feed_forward(sizes, &parameters->layers[i], &scratch->traces[i], x, length);
    }
    norm_forward(scratch->out, scratch->norm, scratch->norm_deviation, x, parameters->norm_gain,
                 parameters->norm_bias, length, d);
    clear(scratch->probabilities, (size_t)length * sizes->words);
    add_product_b_transposed(scratch->probabilities, scratch->out, parameters->word_embedding,
                             length, d, sizes->words);
    double surprise = 0;
    for (int i = 0; i < length; i++) {
        real *row = scratch->probabilities + (size_t)i * sizes->words;
        softmax(row, sizes->words);
        surprise -= log((double)row[words[i + 1]] + 1e-30);
    }
    return surprise;
}

void model_backward(const Sizes *sizes, const Parameters *parameters, Parameters *gradient,
                    Scratch *scratch, const int *words, int length)
{
    int d = sizes->d_model;
    real *d_logits = scratch->probabilities; /* the gradient is probability - 1 for what came */
    for (int i = 0; i < length; i++)
        d_logits[(size_t)i * sizes->words + words[i + 1]] -= 1;
    clear(scratch->d_in, (size_t)length * d);
    clear(scratch->d_x, (size_t)length * d);
    add_product_a_transposed(gradient->word_embedding, d_logits, scratch->out, length, sizes->words,
                             d);
    add_product(scratch->d_in, d_logits, parameters->word_embedding, length, sizes->words, d);
    norm_backward(scratch->d_x, gradient->norm_gain, gradient->norm_bias, scratch->d_in,
                  scratch->norm, scratch->norm_deviation, parameters->norm_gain, length, d);
    for (int i = sizes->layers - 1; i >= 0; i--) {
        feed_backward(sizes, &parameters->layers[i], &gradient->layers[i], &scratch->traces[i],
                      scratch, length);
        attention_backward(sizes, &parameters->layers[i], &gradient->layers[i], &scratch->traces[i],
                           scratch, length);
    }
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < d; j++) {
            real d_sum = scratch->d_x[(size_t)i * d + j];
            gradient->word_embedding[(size_t)words[i] * d + j] += d_sum;
            gradient->place_embedding[(size_t)i * d + j] += d_sum;
        }
    }
}
