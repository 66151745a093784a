/*
 * reverse.c: reverse a word by attention alone. Nothing is trained here: we choose Q, K and V.
 *
 *     key of place j      "I am place j":          1 at j, 0 elsewhere
 *     query of place i    "I want place n-1-i":    1 at n-1-i, 0 elsewhere, times a large number
 *     value of place j    "my letter is ...":      1 at the number of its letter, 0 elsewhere
 *
 * Query i matches key n-1-i and no other, so the output of place i is the letter of place n-1-i.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "use.h"

#define LONGEST 26
#define LETTER_BYTES 5 /* a letter in UTF-8 has up to 4 bytes */

/* After the division by sqrt(d_k), a match has this score. e to this is 160,000 times e to 0. */
#define SCORE 12.0f

typedef struct Word {
    int length;
    char letters[LONGEST][LETTER_BYTES];
} Word;

static bool begins_letter(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80; /* in UTF-8, the others continue a letter */
}

static Word read_word(const char *text)
{
    Word word = {0};
    while (*text != '\0') {
        if (word.length == LONGEST)
            use_stop("That word is too long: %d letters fit on a screen.", LONGEST);
        char *letter = word.letters[word.length++];
        int bytes = 0;
        do {
            letter[bytes++] = *text++;
        } while (*text != '\0' && !begins_letter(*text) && bytes < LETTER_BYTES - 1);
    }
    if (word.length == 0)
        use_stop("Give me a word that has letters.");
    return word;
}

/* The place at which a letter of the word is seen first: that is the letter's number. */
static int letter_number(const Word *word, int place)
{
    int number = 0;
    while (strcmp(word->letters[number], word->letters[place]) != 0)
        number++;
    return number;
}

static AttentionResult reverse(const Word *word)
{
    int n = word->length;
    Tensor *Q = use_tensor(tensor_create(2, (int[]){n, n}));
    Tensor *K = use_tensor(tensor_create(2, (int[]){n, n}));
    Tensor *V = use_tensor(tensor_create(2, (int[]){n, n}));
    for (int place = 0; place < n; place++) {
        tensor_set(Q, (int[]){place, n - 1 - place}, SCORE * sqrtf((float)n));
        tensor_set(K, (int[]){place, place}, 1.0f);
        tensor_set(V, (int[]){place, letter_number(word, place)}, 1.0f);
    }
    AttentionResult result = use_attention(Q, K, V, NULL);
    tensor_free(Q);
    tensor_free(K);
    tensor_free(V);
    return result;
}

/* The letter of which there is most in a row of the output. */
static const char *letter_at(const Word *word, const Tensor *output, int row)
{
    int best = 0;
    for (int number = 1; number < word->length; number++) {
        if (tensor_get(output, (int[]){row, number}) > tensor_get(output, (int[]){row, best}))
            best = number;
    }
    return word->letters[best];
}

/* A sign for a weight from 0 to 1: the darker, the more. */
static char shade(float weight)
{
    static const char shades[] = ".:-=+*%#";
    float step = weight * 8.0f;
    return shades[step < 0.0f ? 0 : step > 7.0f ? 7 : (int)step];
}

static void print_picture(const Word *word, AttentionResult result)
{
    printf("\nWho attends to whom: a row for each new letter, a column for each old one.\n\n     ");
    for (int place = 0; place < word->length; place++)
        printf(" %s", word->letters[place]);
    printf("\n");
    for (int row = 0; row < word->length; row++) {
        printf("    %s", letter_at(word, result.output, row));
        for (int column = 0; column < word->length; column++)
            printf(" %c", shade(tensor_get(result.weights, (int[]){row, column})));
        printf("\n");
    }
    printf("\n(. is a weight of 0, # of 1)\n");
}

int main(int argc, char **argv)
{
    Word word = read_word(argc > 1 ? argv[1] : "ATTENTION");
    AttentionResult result = reverse(&word);
    int wrong = 0;
    printf("%s -> ", argc > 1 ? argv[1] : "ATTENTION");
    for (int row = 0; row < word.length; row++) {
        const char *letter = letter_at(&word, result.output, row);
        printf("%s", letter);
        wrong += strcmp(letter, word.letters[word.length - 1 - row]) != 0;
    }
    printf("\n");
    print_picture(&word, result);
    if (wrong > 0)
        printf("\nBackwards it would be another word: %d of %d letters are wrong. `make check`\n"
               "says what is the matter with your attention.\n",
               wrong, word.length);
    attention_result_free(result);
    return wrong > 0;
}
