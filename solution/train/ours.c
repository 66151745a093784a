/*
 * ours.c: write starter/use/stories.md, the stories that story.c compares with. Linked to
 * solution/attention.c.
 *
 *     ours WEIGHTS COUNT > stories.md
 *
 * Another right attention.c adds up in another order, so its logits differ in the last digits, and
 * where a drawn point is close to the border of two words it could draw the other. Such stories are
 * left out: in those that are listed, each point may move by MARGIN and draws the same word.
 */
#include <stdio.h>
#include <stdlib.h>

#include "use/telling.h"
#include "use/use.h"

#define MARGIN 0.001

/* Write the story of a number; false if some other right attention might write another one. */
static bool write_story(Transformer *model, long number, char *text, size_t size)
{
    unsigned long long state = telling_seed(number);
    int words[STORY_BYTES] = {0};
    *text = '\0';
    for (int length = 1; length < model->positions; length++) {
        Tensor *mask = use_causal_mask(length);
        Tensor *logits = transformer_logits(model, words, length, mask);
        const float *last = logits->data + (size_t)(length - 1) * (size_t)model->words;
        double at = use_random(&state);
        int word = telling_draw(last, model->words, at);
        bool safe = telling_draw(last, model->words, at - MARGIN) == word &&
                    telling_draw(last, model->words, at + MARGIN) == word;
        tensor_free(mask);
        tensor_free(logits);
        if (!safe)
            return false;
        if (word == 0)
            return true;
        telling_append(text, size, model->vocabulary[word]);
        words[length] = word;
    }
    return false; /* it does not end */
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: ours WEIGHTS COUNT\n");
        return 2;
    }
    Transformer *model = transformer_load(argv[1]);
    printf(
        "# The stories that our attention writes\n\n"
        "`story N` writes story number N through your `attention.c`, and compares. A number that\n"
        "is not here is written all the same. This page is made by the kit's `make train`.\n\n");
    char text[STORY_BYTES];
    int wanted = (int)strtol(argv[2], NULL, 10), written = 0;
    for (long number = 1; written < wanted; number++) {
        if (!write_story(model, number, text, sizeof text))
            continue;
        printf("%ld. %s\n", number, text);
        written++;
    }
    transformer_free(model);
    return 0;
}
