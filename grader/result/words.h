/*
 * words.h: what a Result says, in words that all reports share.
 */
#pragma once

#include "result/result.h"

/* The class of a failure for people: "wrong values", "the code crashed". */
const char *words_failure(const TestResult *test);

/* "not implemented yet" is no mistake: the student has not come to it. */
gboolean words_is_unwritten(const TestResult *test);

gboolean words_nothing_written(const ItemResult *item); /* all of its tests only say so */

gboolean words_is_failure(const TestResult *test); /* failed, crashed or timed out */

/*
 * The tests that failed, what to look at first in front: crashes, results that are no tensors, wrong
 * values, bad input that was accepted, and last what is not implemented yet. Free only the array.
 */
GPtrArray *words_failures(const ItemResult *item);

/* "10", "7.5", "0.33": points without needless zeros; to be freed. */
char *words_points(double points);

/* How many tests of the item have this status. */
guint words_count(const ItemResult *item, TestStatus status);

/* "at attention.c:57 in softmax", as much of it as is known, or NULL; to be freed. */
char *words_place(const MemoryFinding *finding);

/* The memory finding's message, or its kind where there is none. */
const char *words_memory(const MemoryFinding *finding);

/* The one thing to do first, or NULL if there is nothing to do; to be freed. */
char *words_next(const Result *result);
