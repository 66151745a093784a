/*
 * words.h: what a Valgrind error means, in words for somebody who learns C.
 */
#pragma once

#include "valgrind/xml.h"

typedef struct {
    const char *kind; /* of a MemoryFinding; NULL if this is no error */
    char *message;    /* new */
    const char *hint;
    guint64 bytes; /* lost or touched, 0 if not known */
    guint count;   /* blocks that were lost; 1 for an error */
} MemoryWords;

/* The words for an error or a fatal signal. */
MemoryWords memory_words(const ValgrindEvent *event);

/* How much more there is of what a leak, or a note on what is kept, tells of than at the last one. */
typedef struct {
    gint64 bytes, blocks;
} MemoryGrowth;

MemoryGrowth memory_words_growth(const ValgrindEvent *event);

/* "40 bytes in 1 block are never freed" */
char *memory_words_leak(guint64 bytes, guint blocks);
