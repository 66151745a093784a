/*
 * mutate.h: systematic wrong solutions: a C source with one small change, for every place where
 * one can be made and every change that fits there.
 *
 *     operator     + and -, * and /, += and -= and =, ++ and --
 *     comparison   < and <= and >=, == and !=
 *     logic        && and ||, a ! left out, an operand that is not looked at
 *     condition    an if that always, never, or wrongly holds: a check that is left out
 *     constant     0, 1, one more, one less; a named constant without its sign
 *     type         float becomes int
 *     call         a call becomes one of its arguments
 *     arguments    two neighbours swapped, in calls and in lists
 *     statement    left out
 *     result       another one is returned
 *
 * It works on tokens and knows no types: some of what it makes does not compile, and is no mutant.
 * (Debian has no mutation tool for C; mull and the like need a compiler of their own version.)
 */
#pragma once

#include <glib.h>

typedef struct {
    guint line, column;
    const char *kind;
    char *change;         /* "< becomes <=" */
    char *function;       /* in which it is */
    char *before, *after; /* the lines that changed, white space as one blank */
    char *source;         /* the whole changed text */
} Mutation;

/* All of them, as Mutation *, in the order of their places; no two have the same source. */
GPtrArray *mutate(const char *text);
