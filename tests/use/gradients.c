/*
 * gradients.c: the gradients of solution/train/model.c against finite differences, in double
 * (compiled with -DREAL=double). Every parameter of a small model, a small step up and down.
 */
#include "model.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "grammar.h"

#define STEP 1e-5
#define TOLERANCE 1e-6

int main(void)
{
    const Sizes sizes = {
        .words = 7, .positions = 9, .d_model = 6, .heads = 3, .layers = 2, .hidden = 5};
    const int words[] = {0, 3, 1, 3, 6, 2, 5, 5, 0};
    int length = 8;
    uint64_t state = 11;
    Parameters parameters = parameters_create(&sizes), gradient = parameters_create(&sizes);
    Scratch *scratch = scratch_create(&sizes);
    for (size_t i = 0; i < parameters.count; i++)
        parameters.all[i] = 2 * random_unit(&state) - 1;

    model_forward(&sizes, &parameters, scratch, words, length);
    model_backward(&sizes, &parameters, &gradient, scratch, words, length);
    double worst = 0, largest = 0;
    for (size_t i = 0; i < parameters.count; i++) {
        real before = parameters.all[i];
        parameters.all[i] = before + STEP;
        double above = model_forward(&sizes, &parameters, scratch, words, length);
        parameters.all[i] = before - STEP;
        double below = model_forward(&sizes, &parameters, scratch, words, length);
        parameters.all[i] = before;
        double expected = (above - below) / (2 * STEP);
        double error = fabs(gradient.all[i] - expected) / (1 + fabs(expected));
        if (!(error <= worst))
            worst = error;
        largest = fmax(largest, fabs(expected));
    }
    printf("gradients: %zu parameters, worst relative error %.1e, largest gradient %.2f\n",
           parameters.count, worst, largest);
    scratch_free(scratch);
    parameters_free(&gradient);
    parameters_free(&parameters);
    if (!(worst <= TOLERANCE) || !(largest > 1)) {
        printf("gradients: FAIL, they are not those of finite differences\n");
        return 1;
    }
    return 0;
}
