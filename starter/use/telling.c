/* telling.c: see telling.h. */
#include "telling.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "use.h"

/* Below 1, what is probable becomes more so: the stories have fewer slips. */
#define TEMPERATURE 0.7

/* ---- drawing --------------------------------------------------------------------------------- */

int telling_draw(const float *row, int words, double at)
{
    float largest = row[0];
    for (int i = 1; i < words; i++)
        largest = fmaxf(largest, row[i]);
    double total = 0.0;
    for (int i = 0; i < words; i++)
        total += exp(((double)row[i] - (double)largest) / TEMPERATURE);
    double right = 0.0; /* where the word ends */
    for (int i = 0; i < words; i++) {
        right += exp(((double)row[i] - (double)largest) / TEMPERATURE) / total;
        if (at < right)
            return i;
    }
    return words - 1;
}

unsigned long long telling_seed(long number)
{
    unsigned long long state = 0x9E3779B97F4A7C15ULL * (unsigned long long)number;
    for (int i = 0; i < 20; i++) /* neighbours have much in common, until they are well mixed */
        use_random(&state);
    return state;
}

/* ---- from words to a text -------------------------------------------------------------------- */

static int count_quotes(const char *text)
{
    int quotes = 0;
    for (; *text != '\0'; text++)
        quotes += *text == '"';
    return quotes;
}

static bool is_one_of(char character, const char *set)
{
    return character != '\0' && strchr(set, character) != NULL;
}

void telling_append(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);
    char last = '\0';
    if (length > 0)
        last = text[length - 1];
    bool in_speech = count_quotes(text) % 2 == 1;
    bool speech_begins = last == '"' && in_speech;
    bool closes = *word == '"' && in_speech;
    bool blank = length > 0 && !speech_begins && !closes && !is_one_of(*word, ".,!?");
    bool capital = length == 0 || speech_begins || is_one_of(last, ".!?");
    if (length + strlen(word) + 2 > size)
        return;
    int begin = (int)length;
    snprintf(text + begin, size - length, "%s%s", blank ? " " : "", word);
    if (capital)
        text[begin + blank] = (char)toupper((unsigned char)text[begin + blank]);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* How many characters of a text go into a line: up to the last blank that fits. */
static int line_length(const char *text, int columns)
{
    int length = (int)strlen(text);
    if (length <= columns)
        return length;
    for (int end = columns; end > 0; end--) {
        if (text[end] == ' ')
            return end;
    }
    return columns;
}

void telling_print(const char *text, int columns)
{
    while (*text != '\0') {
        int length = line_length(text, columns);
        printf("%.*s\n", length, text);
        text += length;
        text += *text == ' ';
    }
}

/* Print the first `length` characters of a text as a line, and return what follows them. */
static const char *print_line(const char *title, const char *text, int length)
{
    printf("%-8s%.*s\n", title, length, text);
    text += length;
    return *text == ' ' ? text + 1 : text;
}

/* Mark a character of the line above. The words stand on the side where there is room. */
static void print_mark(int column, int room)
{
    if (column < room / 2)
        printf("%*s^ here they part\n", 8 + column, "");
    else
        printf("%*s ^\n", 7 + column, "here they part");
}

void telling_compare(const char *ours, const char *yours, int columns)
{
    int room = columns - 8;
    bool parted = false;
    while (*ours != '\0') {
        int our_length = line_length(ours, room), your_length = line_length(yours, room), same = 0;
        while (same < our_length && ours[same] == yours[same])
            same++;
        if (same == our_length && same == your_length) {
            yours += same + (yours[same] == ' ');
            ours = print_line("both", ours, our_length);
            continue;
        }
        ours = print_line("ours", ours, our_length);
        yours = print_line("yours", yours, your_length);
        if (!parted)
            print_mark(same, room);
        parted = true;
    }
    if (*yours == '\0')
        return;
    if (parted) {
        printf("yours   ... and so on\n");
    } else {
        print_line("yours", yours, line_length(yours, room));
        print_mark(0, room);
    }
}
