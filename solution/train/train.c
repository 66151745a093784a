/*
 * train.c: train the model of starter/use/story.c, and write starter/use/story.weights.
 *
 *     train OUTPUT [STEPS]
 *
 * A step tells BATCH new stories, adds up their gradients, and moves each parameter by Adam. All is
 * drawn from one seed: the same program on the same machine writes the same file.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"
#include "model.h"

#define SEED 2026
#define STEPS 4000
#define BATCH 8
#define WARM_UP 100
#define RATE 2e-3
#define BETA_1 0.9
#define BETA_2 0.98
#define DECAY 0.01
#define LARGEST_NORM 1.0 /* of a gradient; a longer one is shortened */
#define REPORT_EVERY 100
#define HELD_OUT_STORIES 50

typedef struct Training {
    Sizes sizes;
    Parameters parameters, gradient, mean, square;
    Scratch *scratch;
    uint64_t state;
} Training;

/* ---- the beginning --------------------------------------------------------------------------- */

static double random_normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(1 - random_unit(state)));
    return radius * cos(6.283185307179586 * random_unit(state));
}

static void fill_normal(Training *training, float *to, size_t count, double deviation)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)(deviation * random_normal(&training->state));
}

static void fill(float *to, int count, float value)
{
    for (int i = 0; i < count; i++)
        to[i] = value;
}

static void initialise(Training *training)
{
    const Sizes *sizes = &training->sizes;
    Parameters *parameters = &training->parameters;
    size_t d = (size_t)sizes->d_model, hidden = (size_t)sizes->hidden;
    double deviation = 1 / sqrt((double)d), small = deviation / sqrt(2.0 * sizes->layers);
    /*
     * The embeddings begin far enough apart. At 0.05, words that are used alike, such as the colours,
     * had grown together before attention could learn to copy them.
     */
    fill_normal(training, parameters->word_embedding, (size_t)sizes->words * d, 0.3);
    fill_normal(training, parameters->place_embedding, (size_t)sizes->positions * d, 0.1);
    for (int i = 0; i < sizes->layers; i++) {
        LayerParameters *layer = &parameters->layers[i];
        fill_normal(training, layer->W_q, d * d, deviation);
        fill_normal(training, layer->W_k, d * d, deviation);
        fill_normal(training, layer->W_v, d * d, deviation);
        fill_normal(training, layer->W_o, d * d, small);
        fill_normal(training, layer->W_1, d * hidden, deviation);
        fill_normal(training, layer->W_2, hidden * d, small);
        fill(layer->norm_1_gain, sizes->d_model, 1);
        fill(layer->norm_2_gain, sizes->d_model, 1);
    }
    fill(parameters->norm_gain, sizes->d_model, 1);
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* The mean surprise per word of a batch, whose gradient is then in training->gradient. */
static double learn_batch(Training *training)
{
    double surprise = 0;
    int words = 0;
    Story story;
    memset(training->gradient.all, 0, training->gradient.count * sizeof(float));
    for (int i = 0; i < BATCH; i++) {
        grammar_tell(&story, &training->state, false);
        surprise += model_forward(&training->sizes, &training->parameters, training->scratch,
                                  story.words, story.length - 1);
        model_backward(&training->sizes, &training->parameters, &training->gradient,
                       training->scratch, story.words, story.length - 1);
        words += story.length - 1;
    }
    for (size_t i = 0; i < training->gradient.count; i++)
        training->gradient.all[i] /= (float)words;
    return surprise / words;
}

/* Rise for WARM_UP steps, then fall to almost 0 along a cosine. */
static double rate_at(int step, int steps)
{
    if (step < WARM_UP)
        return RATE * (step + 1) / WARM_UP;
    double done = (double)(step - WARM_UP) / (steps - WARM_UP);
    return RATE * (0.01 + 0.99 * 0.5 * (1 + cos(3.141592653589793 * done)));
}

static void move(Training *training, int step, double rate)
{
    double norm = 0;
    size_t count = training->parameters.count;
    for (size_t i = 0; i < count; i++)
        norm += (double)training->gradient.all[i] * (double)training->gradient.all[i];
    norm = sqrt(norm);
    float factor = (float)(norm > LARGEST_NORM ? LARGEST_NORM / norm : 1);
    float correct_1 = (float)(1 - pow(BETA_1, step + 1));
    float correct_2 = (float)(1 - pow(BETA_2, step + 1));
    for (size_t i = 0; i < count; i++) {
        float slope = training->gradient.all[i] * factor;
        float *mean = &training->mean.all[i], *square = &training->square.all[i];
        *mean += (float)(1 - BETA_1) * (slope - *mean);
        *square += (float)(1 - BETA_2) * (slope * slope - *square);
        float change = *mean / correct_1 / (sqrtf(*square / correct_2) + 1e-8F);
        float *parameter = &training->parameters.all[i];
        *parameter -= (float)rate * (change + (float)DECAY * *parameter);
    }
}

/* ---- looking --------------------------------------------------------------------------------- */

/* The mean surprise per word in stories that are held out, always the same ones. */
static double held_out_loss(Training *training, double *of_grammar)
{
    uint64_t state = 77;
    double surprise = 0, nats = 0;
    int words = 0;
    Story story;
    for (int i = 0; i < HELD_OUT_STORIES; i++) {
        grammar_tell(&story, &state, true);
        surprise += model_forward(&training->sizes, &training->parameters, training->scratch,
                                  story.words, story.length - 1);
        nats += story.nats;
        words += story.length - 1;
    }
    *of_grammar = nats / words;
    return surprise / words;
}

/* ---- the file, in the format that starter/use/transformer.h describes ------------------------ */

static unsigned add_to_checksum(unsigned checksum, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        checksum = (checksum ^ byte[i]) * 16777619U;
    return checksum;
}

static int write_weights(const Training *training, const char *path)
{
    const Sizes *sizes = &training->sizes;
    const Parameters *parameters = &training->parameters;
    const float one = 1;
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    unsigned checksum = add_to_checksum(2166136261U, &one, sizeof one);
    checksum = add_to_checksum(checksum, parameters->all, parameters->count * sizeof(float));
    fprintf(file, "story.weights 1\n");
    fprintf(file, "words %d positions %d d_model %d heads %d layers %d hidden %d\n", sizes->words,
            sizes->positions, sizes->d_model, sizes->heads, sizes->layers, sizes->hidden);
    fprintf(file, "numbers %zu checksum %u\n", parameters->count, checksum);
    for (int i = 0; i < sizes->words; i++)
        fprintf(file, "%s\n", grammar_word(i));
    fwrite(&one, sizeof one, 1, file);
    fwrite(parameters->all, sizeof(float), parameters->count, file);
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: train OUTPUT [STEPS]\n");
        return 2;
    }
    int steps = argc == 3 ? (int)strtol(argv[2], NULL, 10) : STEPS;
    grammar_start();
    Training training = {.sizes = {.words = grammar_word_count(),
                                   .positions = STORY_WORDS,
                                   .d_model = 64,
                                   .heads = 4,
                                   .layers = 2,
                                   .hidden = 192},
                         .state = SEED};
    training.parameters = parameters_create(&training.sizes);
    training.gradient = parameters_create(&training.sizes);
    training.mean = parameters_create(&training.sizes);
    training.square = parameters_create(&training.sizes);
    training.scratch = scratch_create(&training.sizes);
    initialise(&training);
    printf("%zu parameters, %d words, %d steps of %d stories\n", training.parameters.count,
           training.sizes.words, steps, BATCH);

    double loss = 0, of_grammar = 0;
    for (int step = 0; step < steps; step++) {
        loss += learn_batch(&training);
        move(&training, step, rate_at(step, steps));
        if ((step + 1) % REPORT_EVERY == 0 || step + 1 == steps) {
            double held_out = held_out_loss(&training, &of_grammar);
            int since = step % REPORT_EVERY + 1;
            printf("step %5d  loss %.4f  held out %.4f  (the grammar alone: %.4f)\n", step + 1,
                   loss / since, held_out, of_grammar);
            fflush(stdout);
            loss = 0;
            if (write_weights(&training, argv[1]) != 0)
                return 1;
        }
    }
    scratch_free(training.scratch);
    parameters_free(&training.square);
    parameters_free(&training.mean);
    parameters_free(&training.gradient);
    parameters_free(&training.parameters);
    return 0;
}
