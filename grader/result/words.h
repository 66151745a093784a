/*
 * words.h: what a Result says, in words that all reports share.
 */
#pragma once

#include "result/result.h"

/* The title of a test or an item, or its name where there is none. */
const char *words_test_title(const TestResult *test);
const char *words_item_title(const ItemResult *item);

/* The class of a failure for people: "wrong values", "the code crashed". */
const char *words_failure(const TestResult *test);

/* The message of a test that did not pass, or the class of its failure where there is none. */
const char *words_test_message(const TestResult *test);

/* Why the submission is not graded. */
const char *words_reason(const Result *result);

gboolean words_is_failure(const TestResult *test); /* failed, crashed or timed out */

/*
 * The tests that failed, what to look at first in front: crashes, results that are no tensors, wrong
 * values, bad input that was accepted, and last what is not written yet. Free only the array.
 */
GPtrArray *words_failures(const ItemResult *item);

/*
 * Is "not implemented yet" all there is to say about the item? It is not if a function is missing:
 * its name may be misspelt, so each test says which it is.
 */
gboolean words_has_only_stubs(const ItemResult *item);

/* "10", "7.5", "0.33": points without needless zeros; to be freed. */
char *words_points(double points);

/* How many tests of the item have this status. */
guint words_count(const ItemResult *item, TestStatus status);

/* "at attention.c:57 in softmax", as much of it as is known, or NULL; to be freed. */
char *words_place(const MemoryFinding *finding);

/* The memory finding's message, or its kind where there is none. */
const char *words_memory(const MemoryFinding *finding);

/* What and where a memory finding is: "40 bytes lost in 1 block, at attention.c:57"; to be freed. */
char *words_memory_and_place(const MemoryFinding *finding);
