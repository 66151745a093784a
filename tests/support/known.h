/*
 * known.h: what a result is when one thing is done wrong, in numbers that can be checked by hand. A
 * student who gets these very numbers is told what was done, as the likely cause.
 */
#pragma once

#include "compare.h"

/* A list of them ends with {0}. */
typedef struct {
    const char *cause;
    const double *elements;
} KnownMistake;

/*
 * If `got` has these elements and not those that are expected, that is the likely cause of whatever
 * fails from here on. With fail_cause(NULL) it is forgotten.
 */
void suspect(const Tensor *got, const Expected *expected, const KnownMistake *known);
