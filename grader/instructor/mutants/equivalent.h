/*
 * equivalent.h: the systematic mutants (mutate.h) that are no mistakes: no test can tell them from
 * the solution, and each has a reason. They stand in tests/mutants/equivalent.yaml:
 *
 *     equivalent:
 *       - in: softmax_row
 *         line: for (int key = 1; key < length; key++)
 *         becomes:
 *           - for (int key = 0; key < length; key++)
 *         why: the largest of all scores is the same when the first is looked at twice
 *
 * They are found by their text, so moving code does no harm; an entry whose line has changed fits
 * no mutant any more, and that is an error. What is white space in the source is one blank here.
 */
#pragma once

#include "instructor/mutants/mutate.h"

typedef struct {
    char *in, *line, *why;
    GPtrArray *becomes; /* char * */
    guint64 used;       /* bit i: a mutant was excused by becomes[i] */
} Equivalent;

/* Read the file, as Equivalent *. */
GPtrArray *equivalent_load(const char *path, GError **error);

/* Why this mutant is no mistake, or NULL if it is not in the list. */
const char *equivalent_reason(GPtrArray *list, const Mutation *mutation);

/* The entries that excused no mutant, as char *: "softmax_row: LINE". */
GPtrArray *equivalent_stale(const GPtrArray *list);
