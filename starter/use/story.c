/*
 * story.c: a transformer writes little stories, and every look back at what it has written goes
 * through your attention.c.
 *
 *     story                                       story number 1
 *     story 5                                     another one; there is no end of them
 *     story "long ago there lived a boy named"    go on from here
 *
 * For many numbers, stories.md has the story that our own attention writes. Yours must be the same,
 * word for word; if not, the first character that differs is marked.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telling.h"
#include "transformer.h"
#include "use.h"

#ifndef USE_FOLDER
#define USE_FOLDER "use/"
#endif

#define MAX_WORDS 256

typedef struct Writing {
    Transformer *model;
    int words[MAX_WORDS]; /* number 0, the beginning of a story, and then what is written */
    int length;
    char text[STORY_BYTES]; /* the same to read */
    int column;             /* how far the last line on the screen is filled */
    int columns;
} Writing;

/* ---- writing --------------------------------------------------------------------------------- */

/* Show on the screen what has come to the text from the byte `from` on. */
static void show(Writing *writing, size_t from)
{
    const char *news = writing->text + from;
    int size = (int)strlen(news);
    int room = strcmp(news, " \"") == 0 ? 16 : 2; /* a quote wants to stand beside a word */
    bool blank = *news == ' ';
    if (writing->column + size + (blank ? room : 0) > writing->columns) {
        printf("\n");
        writing->column = 0;
        news += blank;
    }
    writing->column += printf("%s", news);
    use_line_is_open(true);
}

static void add_word(Writing *writing, int word)
{
    size_t before = strlen(writing->text);
    writing->words[writing->length++] = word;
    telling_append(writing->text, sizeof writing->text, writing->model->vocabulary[word]);
    show(writing, before);
}

/* The word that comes next: the model reads all that is there, and its last row says what fits. */
static int next_word(Writing *writing, unsigned long long *state)
{
    Tensor *mask = use_causal_mask(writing->length);
    Tensor *logits = transformer_logits(writing->model, writing->words, writing->length, mask);
    const float *last = logits->data + (size_t)(writing->length - 1) * writing->model->words;
    for (int i = 0; i < writing->model->words; i++) {
        if (!isfinite(last[i]))
            use_stop("With your attention the numbers grow beyond all bounds: see `make check`.");
    }
    int word = telling_draw(last, writing->model->words, use_random(state));
    tensor_free(mask);
    tensor_free(logits);
    return word;
}

static void write_story(Writing *writing, unsigned long long state)
{
    int word;
    while (writing->length < writing->model->positions && writing->length < MAX_WORDS &&
           (word = next_word(writing, &state)) != 0)
        add_word(writing, word);
    printf("\n\n");
    use_line_is_open(false);
}

/* ---- a beginning, given by the user ---------------------------------------------------------- */

/* The number of a word, whether or not it is written with a capital. */
static int find_word(const Transformer *model, const char *word)
{
    char other[WORD_BYTES];
    snprintf(other, sizeof other, "%s", word);
    int first = (unsigned char)*word;
    *other = (char)(isupper(first) ? tolower(first) : toupper(first));
    int number = transformer_find(model, word);
    if (number <= 0)
        number = transformer_find(model, other);
    if (number <= 0)
        use_stop("The model has never seen '%s': the words it knows are in story.weights.", word);
    return number;
}

/* Take the words of a text; a sign such as a comma is a word of its own. */
static void begin_with(Writing *writing, const char *text)
{
    int words[MAX_WORDS], count = 0;
    while (*(text += strspn(text, " ")) != '\0') {
        char word[WORD_BYTES] = {0};
        size_t size = strcspn(text, " .,!?\"");
        size = size == 0 ? 1 : size;
        if (size >= WORD_BYTES || count == writing->model->positions / 2)
            use_stop("That is too long a beginning.");
        memcpy(word, text, size);
        words[count++] = find_word(writing->model, word);
        text += size;
    }
    for (int i = 0; i < count; i++)
        add_word(writing, words[i]);
}

/* ---- ours and yours -------------------------------------------------------------------------- */

/* Look up our story of a number, a line "N. text" in stories.md. False if there is none. */
static bool find_ours(long number, char *text, int size)
{
    FILE *file = fopen(USE_FOLDER "stories.md", "r");
    bool found = false;
    while (file != NULL && !found && fgets(text, size, file) != NULL) {
        char *end;
        found = strtol(text, &end, 10) == number && end != text && strncmp(end, ". ", 2) == 0;
        if (found)
            memmove(text, end + 2, strlen(end + 2) + 1);
    }
    if (file != NULL)
        fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return found;
}

/* Say how the story compares with ours; true unless it differs. */
static bool compare(const Writing *writing, long number)
{
    char ours[STORY_BYTES] = "";
    if (number < 1 || !find_ours(number, ours, sizeof ours))
        return true;
    if (strcmp(ours, writing->text) == 0) {
        printf("Word for word the story that our attention writes.\n");
        return true;
    }
    printf("This is not what our attention writes:\n\n");
    telling_compare(ours, writing->text, writing->columns);
    printf("\n`make check` says what is different in yours.\n");
    return false;
}

int main(int argc, char **argv)
{
    char *end = "";
    long number = argc > 1 ? strtol(argv[1], &end, 10) : 1;
    bool has_number = argc < 2 || (end != argv[1] && *end == '\0');
    if (argc > 2 || (has_number && (number < 1 || number > 1000000)))
        use_stop("usage: story [NUMBER from 1 to 1000000, or \"the beginning of a story\"]");

    Writing writing = {.length = 1, .columns = use_columns()};
    writing.model = transformer_load(USE_FOLDER "story.weights");
    if (!has_number)
        begin_with(&writing, argv[1]);
    write_story(&writing, telling_seed(has_number ? number : 1));
    bool same = compare(&writing, has_number ? number : 0);
    printf("(By your %s.)\n", writing.model->multi_head
                                  ? "multi_head_attention()"
                                  : "scaled_dot_product_attention(), head by head");
    transformer_free(writing.model);
    return same ? 0 : 1;
}
