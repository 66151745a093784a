/*
 * grammar.h: the little stories that the model of starter/use/story.c learns from.
 *
 * A story is made by a grammar of our own: a child with a thing, one of four plots, an ending. What
 * was said once must be said the same way later: the name, "he" or "she", the colour, the place. So
 * whoever continues a story well must look back, and attention is what can.
 *
 * One story in eight is held out, namely each whose hero, colour and thing make a combination that
 * no story of the training ever has.
 */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#define STORY_WORDS 144 /* the longest story, both ends included, has fewer words than this */
#define STORY_END 0     /* the word before the first and after the last one of each story */
#define VOCABULARY_LIMIT 320

/* What a word must agree with. NOTHING: the grammar was free here, or any story has this word. */
typedef enum Agreement {
    NOTHING,
    WITH_NAME,     /* which child */
    WITH_PRONOUN,  /* he, she, they, him, his, ... */
    WITH_THING,    /* kite, ... */
    WITH_VERB,     /* what one does with the thing: to fly it */
    WITH_COLOUR,   /* red, ... */
    WITH_PLACE,    /* garden, ... */
    WITH_ANIMAL,   /* dog, ... */
    WITH_PET,      /* what the animal is called */
    WITH_WEATHER,  /* one windy day ... the wind */
    WITH_FAMILY,   /* mother, ... */
    WITH_NUMBER,   /* duck was, ducks were */
    WITH_CREATURE, /* ducks, ... */
    WITH_FOOD,     /* soup, ... */
    AGREEMENTS
} Agreement;

typedef struct Story {
    int length;                             /* words, with STORY_END at both ends */
    int words[STORY_WORDS];                 /* their numbers in the vocabulary */
    Agreement agrees[STORY_WORDS];          /* what each of them must agree with */
    const char *const *rivals[STORY_WORDS]; /* what could stand there, NULL at the end; or NULL */
    double nats; /* the surprise that the grammar itself has put into it */
    bool held_out;
} Story;

/* Build the vocabulary. Call it once, before everything else. */
void grammar_start(void);

/* How many words there are, and the word of a number. The word of STORY_END is "<end>". */
int grammar_word_count(void);
const char *grammar_word(int number);

/* The number of a word; -1 if there is none. */
int grammar_find(const char *word);

/* What an agreement is called in a report. */
const char *grammar_agreement_name(Agreement agreement);

/* A random number below `bound`, and one in [0, 1), from a state that is not 0. */
int random_below(uint64_t *state, int bound);
double random_unit(uint64_t *state);

/* Tell the next story of the wanted kind: held out, or for training. */
void grammar_tell(Story *story, uint64_t *state, bool held_out);

#endif
