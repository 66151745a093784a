/*
 * sizes.h: sizes for calls, drawn from the seed. Code that goes wrong at some sizes does so where it
 * changes its ways: at the end of a tile, of a vector, of an array of fixed size. So there are always
 * sizes around those widths, and beyond them others that no table can list.
 */
#pragma once

#include "tensor.h"

/*
 * One below, at and one above 8, 16, 32, 64 and 128; the first SHORT_EDGES are below 70. Of the three
 * near 64 one is enough where a call is costly: FEW_EDGES.
 */
enum { EDGES = 15, SHORT_EDGES = 12, FEW_EDGES = 10 };

/* The sizes of one call. */
typedef struct {
    int n_queries, n_keys, d_k, d_v;
} Sizes;

/* Calls that have each edge, and one size that no byte counts, in each of the four sizes. */
enum { DRAWN_SIZES = SHORT_EDGES + 2 * (EDGES - SHORT_EDGES) + EDGES + 4 };

/* A number from the first to the last, both included. */
int random_between(int first, int last);

/* More than a byte counts, but not by much. */
int random_above_a_byte(void);

/* All edges, in groups from small to large ones; those of a group in any order. */
void draw_edges(int edges[EDGES]);

/*
 * In any order. Large sizes meet small ones, so that no call takes long.
 */
void draw_sizes(Sizes sizes[DRAWN_SIZES]);

/*
 * A mask in which the first query may attend to the first and to the last key at least: what goes
 * wrong at the end of a row, or in a column of Q and K, shows in its weights.
 */
Tensor *random_mask_of_ends(int rows, int columns);
