/*
 * attention.h: what you implement in attention.c. Do not change this file; your code is graded
 * with the kit's own copy of it.
 *
 *     Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V
 *
 * after "Attention Is All You Need" (Vaswani et al., 2017) and TinyTorch's attention module. The
 * functions come in the order in which you write them.
 *
 * Rules that hold for every function here:
 *
 * - Inputs are never changed, kept or freed. Their elements are finite: no infinity, no NaN.
 * - What is returned is new and belongs to the caller. What a function creates for itself on the
 *   way, it frees itself, on every path: Valgrind looks.
 * - Bad input is refused: NULL where a tensor is needed, shapes that do not fit, sizes below 1, a
 *   length outside 0..max_length. A function then returns NULL (or {NULL, NULL}). The same when
 *   there is no memory: each allocation can fail. It never returns half a result.
 */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "tensor.h"

/* ---- masks ----------------------------------------------------------------------------------- */

/*
 * The causal mask, (seq_len, seq_len): position i may attend to positions 0 to i, never to a later
 * one. 1 on and below the diagonal, 0 above it.
 */
Tensor *create_causal_mask(int seq_len);

/*
 * The padding mask of a batch, (batch_size, max_length, max_length): in sequence b, the first
 * lengths[b] positions may attend to each other (1); everything that is padding, as row or as
 * column, is 0. Each length is 0 to max_length.
 */
Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length);

/* The bidirectional mask, (seq_len, seq_len): every position may attend to every other, all 1. */
Tensor *create_bidirectional_mask(int seq_len);

/* ---- scaled dot-product attention ------------------------------------------------------------ */

/* The score of a masked position: so low that its weight after the softmax is zero. */
#define ATTENTION_MASKED_SCORE (-1e9f)

/* What attention computes. Both tensors belong to the caller; both are NULL after an error. */
typedef struct AttentionResult {
    Tensor *output;  /* (..., Lq, d_v): for each query, a weighted mean of the values */
    Tensor *weights; /* (..., Lq, Lk): how much each query attends to each key; rows sum to 1 */
} AttentionResult;

/*
 * Scaled dot-product attention.
 *
 *     Q     (..., Lq, d_k)   queries
 *     K     (..., Lk, d_k)   keys
 *     V     (..., Lk, d_v)   values, one for each key
 *     mask  NULL, or a tensor of shape (Lq, Lk), or one with leading axes, which are broadcast over
 *           those of the scores as NumPy does it: it fits if tensor_broadcasts(mask, scores). No
 *           test has a mask that is broadcast over Lq or Lk too; such a one you may also refuse.
 *           An element that is not 0: the query may attend to the key. 0: it may not.
 *
 * Q, K and V have 2 to 4 axes, the same number each, and equal leading axes "...". Lq and Lk may
 * differ, and so may d_k and d_v.
 *
 * A masked score becomes ATTENTION_MASKED_SCORE before the softmax, so a row in which every key is
 * masked attends to all of them equally. The softmax must be numerically stable: scores of
 * +-1000000 are legal.
 */
AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask);

/* ---- self-attention -------------------------------------------------------------------------- */

/* A self-attention layer: attention in which queries, keys and values are the same sequence. */
typedef struct SelfAttention {
    int d_model; /* size of the last axis of the sequences that it takes */
} SelfAttention;

/* A new layer for sequences of shape (..., seq_len, d_model); NULL if d_model is below 1. */
SelfAttention *self_attention_create(int d_model);

/*
 * Self-attention over x of shape (..., seq_len, d_model), with an optional mask of shape
 * (seq_len, seq_len), or with leading axes. Refuses an x whose last axis is not d_model.
 */
AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask);

/* Free a layer. NULL is fine. */
void self_attention_free(SelfAttention *attention);

#endif
