/*
 * telling.h: from logits to a story that one can read.
 */
#ifndef TELLING_H
#define TELLING_H

#include "transformer.h"

#define STORY_BYTES 2048

/*
 * Draw the next word. Lay all words side by side, each as wide as it is probable: together they
 * are 1 wide. The word at the point `at`, from 0 to 1, is drawn. `row` has a logit for each word.
 */
int telling_draw(const float *row, int words, double at);

/* What the random numbers of a story begin with, see use_random(). */
unsigned long long telling_seed(long number);

/* Append a word to a text: with a blank before it where one belongs, with a capital where it must. */
void telling_append(char *text, size_t size, const char *word);

/* Print a text in lines that are not longer than the terminal. */
void telling_print(const char *text, int columns);

/*
 * Print two texts one below the other, line by line, and mark the first character that differs.
 */
void telling_compare(const char *ours, const char *yours, int columns);

#endif
