/*
 * mutant.h: wrong solutions, each one mistake of a student, written as the difference from a right
 * one. A file of tests/mutants/:
 *
 *     mutant: divides the scores by d_k instead of its square root
 *     loses:  scaled_dot_product_attention self_attention integration
 *     fails:  scaled_dot_product_attention/values
 *     hint:   scale square root
 *     cause:  d_k itself
 *     base:   tests/correct/explicit-loops.c
 *
 *     replace:
 *         float scale = 1.0f / sqrtf((float)d_k);
 *     with:
 *         float scale = 1.0f / (float)d_k;
 *
 * `loses` are the rubric items that must lose points, `fails` hidden tests that must fail among
 * others (it may be left out, but each test stands in some mutant, so that none is lost unseen),
 * `hint` words of which one is expected in what the student is told. `cause` is for a mistake that
 * the outputs give away: one of its words is in each likely cause that the student is told; without
 * it no cause may be told. There may be several pairs of replace and with; they are applied in
 * their order. The text of each is whole lines, must occur exactly once, and may be replaced by
 * nothing; empty lines at its end do not count.
 *
 * Errors are of the kind SOLUTION and start with "FILE:LINE: ".
 */
#pragma once

#include <glib.h>

typedef struct {
    guint line;       /* of its "replace:" */
    char *old, *text; /* whole lines, each with its newline */
} MutantEdit;

typedef struct {
    char *path;
    char *name;   /* of the file, without ".mutant" */
    char *says;   /* the mistake, to be read after "a solution that ..." */
    GStrv loses;  /* ids of rubric items */
    GStrv fails;  /* "suite/test", or NULL */
    GStrv hints;  /* words */
    GStrv causes; /* words, or NULL */
    guint loses_line, fails_line, causes_line, base_line;
    char *base;       /* relative to the root of the kit */
    GPtrArray *edits; /* MutantEdit */
} Mutant;

/* Read one from a file. */
Mutant *mutant_load(const char *path, GError **error);
void mutant_free(Mutant *mutant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mutant, mutant_free)

/* The mutant's source: the text of its base with every edit made. */
char *mutant_apply(const Mutant *mutant, const char *base, GError **error);
