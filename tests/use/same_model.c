/*
 * same_model.c: the trainer's model and starter/use/transformer.c are the same: with the same
 * weights they give the same words the same probabilities, for a held-out story.
 *
 *     same_model WEIGHTS
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "grammar.h"
#include "model.h"
#include "use/transformer.h"
#include "use/use.h"

#define TOLERANCE 1e-4

static void copy_weights(const Transformer *transformer, Parameters *parameters)
{
    real *next = parameters->all;
    for (int i = 0; i < transformer->tensor_count; i++) {
        const Tensor *tensor = transformer->tensors[i];
        memcpy(next, tensor->data, tensor->size * sizeof *next);
        next += tensor->size;
    }
}

/* The largest difference between the probabilities that the two give. */
static double worst_difference(const Tensor *logits, const real *probabilities)
{
    double worst = 0.0;
    size_t words = (size_t)tensor_axis(logits, 1);
    for (size_t row = 0; row < logits->size; row += words) {
        double total = 0.0;
        for (size_t i = 0; i < words; i++)
            total += exp((double)logits->data[row + i]);
        for (size_t i = 0; i < words; i++) {
            double probability = exp((double)logits->data[row + i]) / total;
            double difference = fabs(probability - (double)probabilities[row + i]);
            worst = difference <= worst ? worst : difference;
        }
    }
    return worst;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        use_stop("usage: same_model WEIGHTS");
    Transformer *transformer = transformer_load(argv[1]);
    const Sizes sizes = {.words = transformer->words,
                         .positions = transformer->positions,
                         .d_model = transformer->d_model,
                         .heads = transformer->heads,
                         .layers = transformer->layers,
                         .hidden = transformer->hidden};
    Parameters parameters = parameters_create(&sizes);
    Scratch *scratch = scratch_create(&sizes);
    copy_weights(transformer, &parameters);

    Story story;
    uint64_t state = 5;
    grammar_start();
    grammar_tell(&story, &state, true);
    int length = story.length - 1;
    model_forward(&sizes, &parameters, scratch, story.words, length);
    Tensor *mask = use_causal_mask(length);
    Tensor *logits = transformer_logits(transformer, story.words, length, mask);
    double worst = worst_difference(logits, scratch_probabilities(scratch));
    printf("same model: probabilities differ by at most %.1e\n", worst);

    tensor_free(mask);
    tensor_free(logits);
    scratch_free(scratch);
    parameters_free(&parameters);
    transformer_free(transformer);
    if (!(worst <= TOLERANCE))
        printf("same model: FAIL, the trainer and transformer.c compute something else\n");
    return worst <= TOLERANCE ? 0 : 1;
}
