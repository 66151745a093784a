/*
 * learned.c: what the model of starter/use/story.weights has learned, measured on stories that are
 * held out. It reads them by transformer.c and the attention.c that it is linked to.
 *
 *     learned WEIGHTS [without-mask]
 *
 * A sentence counts if some word in it must agree with an earlier one: the name, he or she, the
 * colour. It is right if each of these words is more probable than all its rivals (the other names,
 * the other colours). The first 1,000 such sentences are counted.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"
#include "use/transformer.h"
#include "use/use.h"

#define SENTENCES 1000
#define SEED 1

typedef struct Count {
    int sentences, right_sentences;
    int words[AGREEMENTS], right_words[AGREEMENTS];
    int all_words;
    double surprise, of_grammar;
} Count;

/* -log(the probability of a word), in nats: log(sum of e^(logit - logit of the word)). */
static double surprise(const float *row, int words, int word)
{
    double total = 1.0; /* the word itself */
    for (int i = 0; i < words; i++) {
        if (i != word)
            total += exp((double)row[i] - (double)row[word]);
    }
    return log(total);
}

static bool beats_rivals(const float *row, int word, const char *const *rivals)
{
    for (; *rivals != NULL; rivals++) {
        int rival = grammar_find(*rivals);
        if (rival != word && !(row[word] > row[rival]))
            return false;
    }
    return true;
}

static void count_story(Count *count, const Story *story, const Tensor *logits)
{
    int words = tensor_axis(logits, 1), agreeing = 0, right = 0;
    for (int i = 1; i < story->length; i++) {
        const float *row = logits->data + (size_t)(i - 1) * (size_t)words;
        int word = story->words[i];
        Agreement agreement = story->agrees[i];
        count->surprise += surprise(row, words, word);
        count->all_words++;
        if (agreement != NOTHING) {
            bool beats = beats_rivals(row, word, story->rivals[i]);
            agreeing++;
            right += beats;
            count->words[agreement]++;
            count->right_words[agreement] += beats;
        }
        if (strchr(".!?", *grammar_word(word)) != NULL && agreeing > 0) {
            if (count->sentences < SENTENCES) {
                count->sentences++;
                count->right_sentences += right == agreeing;
            }
            agreeing = right = 0;
        }
    }
    count->of_grammar += story->nats;
}

static void check_vocabulary(const Transformer *model)
{
    for (int i = 0; i < grammar_word_count(); i++) {
        if (model->words != grammar_word_count() ||
            strcmp(model->vocabulary[i], grammar_word(i)) != 0)
            use_stop("These weights belong to another grammar: run `make train`.");
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3)
        use_stop("usage: learned WEIGHTS [without-mask]");
    bool masked = argc == 2;
    grammar_start();
    Transformer *model = transformer_load(argv[1]);
    check_vocabulary(model);
    Count count = {0};
    uint64_t state = SEED;
    while (count.sentences < SENTENCES) {
        Story story;
        grammar_tell(&story, &state, true);
        Tensor *mask = masked ? use_causal_mask(story.length - 1) : NULL;
        Tensor *logits = transformer_logits(model, story.words, story.length - 1, mask);
        count_story(&count, &story, logits);
        tensor_free(mask);
        tensor_free(logits);
    }
    printf("agreement right in %d of %d held-out sentences\n", count.right_sentences,
           count.sentences);
    printf("held-out loss %.4f nats per word (the grammar itself: %.4f)\n",
           count.surprise / count.all_words, count.of_grammar / count.all_words);
    for (int i = NOTHING + 1; i < AGREEMENTS; i++)
        printf("  %-24s %5d of %5d\n", grammar_agreement_name((Agreement)i), count.right_words[i],
               count.words[i]);
    transformer_free(model);
    return 0;
}
