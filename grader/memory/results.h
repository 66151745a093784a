/*
 * results.h: what the repeated calls gave (inside/worker/replay.h), compared with the recorded
 * replies as it arrives, so that no more than one reply is kept.
 */
#pragma once

#include "memory/replay.h"

typedef struct {
    GPtrArray *tests;    /* ReplayedTest; a test's index is its index here */
    GByteArray *message; /* the one that has begun to arrive */
    gboolean broken;     /* what came last was none; nothing more is believed */
} MemoryResults;

/* A MemoryTake for a MemoryResults. */
void memory_results_take(gpointer data, const char *bytes, gsize length);

/* How the results of a test differ from the recorded ones, in words; NULL if they do not. */
char *memory_results_difference(const ReplayedTest *test, const char **function);
