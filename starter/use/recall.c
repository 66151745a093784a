/*
 * recall.c: a library that writes. Nothing is trained here: what it knows is the text below.
 *
 *     a book           a place in the text
 *     its key          the last CONTEXT characters before that place: what is on the spine
 *     its value        the character at that place: what is in the book
 *     the query        the last CONTEXT characters of what has been written so far
 *
 * Attention compares the query with all keys, and the output says how much of each character there
 * is in the books that match. One is drawn from it and written, and the next query is a new one.
 *
 *     recall                      begin with "The cat"
 *     recall "The moon " 8        begin with something else, and draw other characters
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "use.h"

#define CONTEXT 8   /* characters in a key */
#define SHARP 1.5f  /* the larger, the less does a book count that matches only in part */
#define LEAST 220   /* characters to write, and then to the end of the sentence */
#define MOST 400    /* but not more than these */
#define EXPLAIN 3   /* for how many of them to show where they come from */
#define APART 40    /* characters between two of these, at least */
#define WITNESSES 3 /* places to show for each */
#define ASIDE 16    /* characters to show on each side of a place */
#define SIZE 1024

static const char library[] =
    "The cat sat by the door and the moon sat by the sea. "
    "The cat said to the moon, come down and sit with me. "
    "The moon said to the cat, come up and sail with me. "
    "So the cat sailed over the sea in a hat, and the moon came down to the door. "
    "The owl in the tree saw the cat in the hat and the moon on the mat by the door. "
    "The owl said to the tree, the moon is in the house and the cat is in the sky. "
    "The tree said to the owl, sit down and sing with me. "
    "So the owl sang to the tree, and the tree sang to the sea, and the sea sang to the cat "
    "in the hat. The cat came home in the morning, and the moon went up in the evening. "
    "The door was open, the mat was warm, and the sea sat still under the moon. ";

typedef struct Library {
    const char *text;
    int places;
    char alphabet[128]; /* each character of the text once */
    int characters;
    Tensor *keys;   /* (places, CONTEXT * characters) */
    Tensor *values; /* (places, characters) */
} Library;

/* Where a character of what is written comes from. */
typedef struct Source {
    int at; /* its place in what is written */
    int place[WITNESSES];
    float weight[WITNESSES];
} Source;

/* ---- keys, values, queries ------------------------------------------------------------------- */

/* The number of a character in the alphabet; -1 if no book has it. */
static int number_of(const Library *books, char character)
{
    const char *found = memchr(books->alphabet, character, (size_t)books->characters);
    return found != NULL ? (int)(found - books->alphabet) : -1;
}

/*
 * Describe the CONTEXT characters before a place of a text, in a row of numbers. The row has a part
 * for each of them, the last character first; in a part, the number of the character is set. Scores
 * are dot products, so two rows score for each character that they share.
 */
static void describe(const Library *books, const char *text, int place, float *row, bool is_query)
{
    float root = sqrtf((float)(CONTEXT * books->characters));
    for (int back = 0; back < CONTEXT && back < place; back++) {
        int number = number_of(books, text[place - 1 - back]);
        if (number < 0)
            continue;
        /* The last character counts most. Attention will divide by sqrt(d_k): make up for that. */
        float amount = is_query ? SHARP * (float)(CONTEXT - back) * root : 1.0f;
        row[back * books->characters + number] = amount;
    }
}

static Library open_library(const char *text)
{
    Library books = {.text = text, .places = (int)strlen(text)};
    for (const char *at = text; *at != '\0'; at++) {
        if (number_of(&books, *at) < 0)
            books.alphabet[books.characters++] = *at;
    }
    int width = CONTEXT * books.characters;
    books.keys = use_tensor(tensor_create(2, (int[]){books.places, width}));
    books.values = use_tensor(tensor_create(2, (int[]){books.places, books.characters}));
    for (int place = 0; place < books.places; place++) {
        describe(&books, text, place, books.keys->data + (size_t)place * (size_t)width, false);
        tensor_set(books.values, (int[]){place, number_of(&books, text[place])}, 1.0f);
    }
    return books;
}

/* Ask with the end of what is written. */
static AttentionResult ask(const Library *books, const char *written, int length)
{
    Tensor *query = use_tensor(tensor_create(2, (int[]){1, CONTEXT * books->characters}));
    describe(books, written, length, query->data, true);
    AttentionResult result = use_attention(query, books->keys, books->values, NULL);
    tensor_free(query);
    return result;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Draw a character: the more of it there is in the output, the more often. */
static char draw(const Library *books, const Tensor *output, double at)
{
    double sum = 0.0;
    for (int number = 0; number < books->characters; number++) {
        sum += (double)output->data[number];
        if (at < sum)
            return books->alphabet[number];
    }
    return ' '; /* the output does not sum to 1 */
}

/* The places with the largest weights, the largest first. */
static Source find_source(const Tensor *weights, int at)
{
    Source source = {.at = at};
    for (int place = 0; place < (int)weights->size; place++) {
        float weight = weights->data[place];
        int rank = WITNESSES;
        while (rank > 0 && weight > source.weight[rank - 1])
            rank--;
        if (rank == WITNESSES)
            continue;
        for (int below = WITNESSES - 1; below > rank; below--) {
            source.place[below] = source.place[below - 1];
            source.weight[below] = source.weight[below - 1];
        }
        source.place[rank] = place;
        source.weight[rank] = weight;
    }
    return source;
}

/* True if the books disagree on what comes next, and few of them matter: that is worth a look. */
static bool is_worth_a_look(const Library *books, const Source *source)
{
    return source->weight[0] < 0.6f && source->weight[WITNESSES - 1] > 0.15f &&
           books->text[source->place[0]] != books->text[source->place[1]];
}

static double sum_of(const Tensor *tensor)
{
    double sum = 0.0;
    for (size_t i = 0; i < tensor->size; i++)
        sum += (double)tensor->data[i];
    return sum;
}

/* ---- showing --------------------------------------------------------------------------------- */

static void print_lines(const char *text, int columns)
{
    while (*text != '\0') {
        int length = (int)strlen(text), end = columns;
        while (length > columns && end > 0 && text[end] != ' ')
            end--;
        length = length <= columns ? length : end > 0 ? end : columns;
        printf("%.*s\n", length, text);
        text += length;
        text += *text == ' ';
    }
}

static void print_source(const Library *books, const char *written, const Source *source)
{
    printf("\nAfter \"%.*s\" it wrote \"%c\". It had attended to\n", CONTEXT,
           written + source->at - CONTEXT, written[source->at]);
    for (int rank = 0; rank < WITNESSES && source->weight[rank] > 0.005f; rank++) {
        int place = source->place[rank];
        int before = place < ASIDE ? place : ASIDE;
        printf("  %3.0f %%  %*.*s[%c]%.*s\n", (double)source->weight[rank] * 100.0, ASIDE, before,
               books->text + place - before, books->text[place], ASIDE, books->text + place + 1);
    }
}

int main(int argc, char **argv)
{
    const char *beginning = argc > 1 ? argv[1] : "The cat";
    unsigned long long state = argc > 2 ? strtoull(argv[2], NULL, 10) * 7919 + 1 : 5;
    char written[SIZE];
    int length = snprintf(written, sizeof written, "%s", beginning);
    if (length < 1 || length > 200)
        use_stop("Give me a beginning of 1 to 200 characters.");

    Library books = open_library(library);
    Source sources[EXPLAIN];
    int explained = 0, least = length + LEAST, most = length + MOST;
    double worst = 0.0;
    for (; length < most && (length < least || written[length - 1] != '.'); length++) {
        AttentionResult result = ask(&books, written, length);
        written[length] = draw(&books, result.output, use_random(&state));
        written[length + 1] = '\0';
        worst = fmax(worst, fabs(sum_of(result.weights) - 1.0));
        Source source = find_source(result.weights, length);
        if (explained < EXPLAIN && length >= APART * (explained + 1) &&
            is_worth_a_look(&books, &source))
            sources[explained++] = source;
        attention_result_free(result);
    }
    print_lines(written, use_columns());
    if (worst > 0.001)
        printf("\nThe weights of a query should sum to 1, and yours are off by up to %.3g. See\n"
               "`make check`.\n",
               worst);
    for (int i = 0; i < explained; i++)
        print_source(&books, written, &sources[i]);
    tensor_free(books.keys);
    tensor_free(books.values);
    return worst > 0.001;
}
