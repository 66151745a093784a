/*
 * model.h: the transformer of starter/use/story.c once more, now with a way back: how the loss of a
 * story changes with each parameter. Both read the same parameters in the same order, and
 * tests/use/same_model.c shows that they compute the same.
 *
 *     x = embedding of the word + embedding of the place
 *     twice:  x = x + attention(norm(x)) W_o      heads side by side, causal
 *             x = x + relu(norm(x) W_1 + b_1) W_2 + b_2
 *     logits = norm(x) embedding^T
 *
 * Numbers are `real`: float to train; double where gradients are checked (-DREAL=double).
 */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>

#ifndef REAL
#define REAL float
#endif
typedef REAL real;

#define MODEL_LAYERS 4

typedef struct Sizes {
    int words;     /* in the vocabulary */
    int positions; /* the longest text */
    int d_model;   /* features of a word */
    int heads;     /* each of d_model / heads features */
    int layers;    /* at most MODEL_LAYERS */
    int hidden;    /* features inside of the feed-forward part */
} Sizes;

/* The parameters of a layer. A matrix has a row for each feature that goes in. */
typedef struct LayerParameters {
    real *norm_1_gain, *norm_1_bias; /* (d_model) */
    real *W_q, *W_k, *W_v, *W_o;     /* (d_model, d_model) */
    real *norm_2_gain, *norm_2_bias; /* (d_model) */
    real *W_1, *b_1;                 /* (d_model, hidden), (hidden) */
    real *W_2, *b_2;                 /* (hidden, d_model), (d_model) */
} LayerParameters;

/* All parameters, or the gradient of the loss by each of them. They lie in `all` in this order. */
typedef struct Parameters {
    size_t count;
    real *all;
    real *word_embedding;  /* (words, d_model) */
    real *place_embedding; /* (positions, d_model) */
    LayerParameters layers[MODEL_LAYERS];
    real *norm_gain, *norm_bias; /* (d_model) */
} Parameters;

/* New parameters, all 0. Without memory the program ends, as everywhere in the trainer. */
Parameters parameters_create(const Sizes *sizes);
void parameters_free(Parameters *parameters);

/* Memory for what is computed on the way, for one story at a time. */
typedef struct Scratch Scratch;
Scratch *scratch_create(const Sizes *sizes);
void scratch_free(Scratch *scratch);

/*
 * Guess each word of a story from those before it. `words` has length + 1 of them: length times the
 * model sees words[0] to words[i], and is to guess words[i + 1]. Returns the sum of the surprises,
 * -log(probability), in nats. The probabilities are scratch_probabilities(), (length, words).
 */
double model_forward(const Sizes *sizes, const Parameters *parameters, Scratch *scratch,
                     const int *words, int length);
const real *scratch_probabilities(const Scratch *scratch);

/*
 * After model_forward() of the same story: add to `gradient` how that sum changes with each
 * parameter.
 */
void model_backward(const Sizes *sizes, const Parameters *parameters, Parameters *gradient,
                    Scratch *scratch, const int *words, int length);

#endif
