/*
 * attention.c: the attention mechanism. This is the one file that you write and hand in.
 *
 * Go from top to bottom. First the masks, which are loops over a matrix; then scaled dot-product
 * attention, the heart of it; then self-attention, which is a call of what you have by then. After
 * each function, `make check` tells you where you are. What holds for all of them (who owns what,
 * what bad input is) is at the top of attention.h, and your tools are in tensor.h.
 *
 * You may add `static` functions of your own wherever you like.
 */
#include "attention.h"

#include <math.h>
#include <stdlib.h>

/* ---- masks ----------------------------------------------------------------------------------- */

/*
 * Create the causal mask: position i may attend to itself and to what came before, not to the
 * future. GPT and its kin use it, since they learn to guess the next token.
 *
 * TODO, step by step:
 *   1. Create a tensor of shape (seq_len, seq_len); it comes filled with zeros.
 *   2. If that fails, return NULL.
 *   3. In each row i, set the columns 0 to i to 1.
 *   4. Return the mask.
 *
 * Hints:
 *   - np.zeros((n, n)) is tensor_create(2, (int[]){n, n}), and a[i, j] = 1 is
 *     tensor_set(a, (int[]){i, j}, 1.0f).
 *   - tensor_create() refuses a size below 1 for you.
 *
 * Example: create_causal_mask(4) is
 *
 *     1 0 0 0
 *     1 1 0 0
 *     1 1 1 0
 *     1 1 1 1
 *
 * Returns a mask of shape (seq_len, seq_len), which the caller frees; NULL if seq_len is below 1
 * or there is no memory.
 */
Tensor *create_causal_mask(int seq_len)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)seq_len; */
    /* STUB: return NULL; */
    Tensor *causal = tensor_create(2, (int[]){seq_len, seq_len});
    if (causal == NULL)
        return NULL;
    for (int query = 0; query < seq_len; query++) {
        for (int key = 0; key <= query; key++)
            tensor_set(causal, (int[]){query, key}, 1.0f);
    }
    return causal;
    /* END SOLUTION */
}

/*
 * Create the padding masks of a batch. Sequences of different length are padded to one length so
 * that they fit in one tensor; what is padding must neither attend nor be attended to.
 *
 * TODO, step by step:
 *   1. If lengths is NULL, or a length is below 0 or above max_length, return NULL.
 *   2. Create a tensor of shape (batch_size, max_length, max_length); if that fails, return NULL.
 *   3. For each sequence b, set the square of the rows 0 to lengths[b] - 1 and the columns
 *      0 to lengths[b] - 1 to 1.
 *   4. Return the mask.
 *
 * Hints:
 *   - mask[b, :length, :length] = 1 is two loops in C.
 *   - Look at all lengths before you create anything: then there is nothing to free.
 *   - A length of 0 is legal: that sequence is nothing but padding.
 *
 * Example: create_padding_mask((int[]){3, 2}, 2, 4) is
 *
 *     1 1 1 0      1 1 0 0
 *     1 1 1 0      1 1 0 0
 *     1 1 1 0      0 0 0 0
 *     0 0 0 0      0 0 0 0
 *
 *     lengths      the true length of each sequence, batch_size of them
 *     max_length   the length to which all of them are padded
 *
 * Returns a mask of shape (batch_size, max_length, max_length), which the caller frees; NULL if
 * lengths is NULL, batch_size or max_length is below 1, a length is outside 0..max_length, or
 * there is no memory.
 */
Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)lengths, (void)batch_size, (void)max_length; */
    /* STUB: return NULL; */
    if (lengths == NULL)
        return NULL;
    for (int sequence = 0; sequence < batch_size; sequence++) {
        if (lengths[sequence] < 0 || lengths[sequence] > max_length)
            return NULL;
    }

    Tensor *padding = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (padding == NULL)
        return NULL;
    for (int sequence = 0; sequence < batch_size; sequence++) {
        for (int query = 0; query < lengths[sequence]; query++) {
            for (int key = 0; key < lengths[sequence]; key++)
                tensor_set(padding, (int[]){sequence, query, key}, 1.0f);
        }
    }
    return padding;
    /* END SOLUTION */
}

/*
 * Create the bidirectional mask: every position may attend to every other, before and after it.
 * BERT uses it, since it reads whole sentences.
 *
 * TODO, step by step:
 *   1. Create a tensor of shape (seq_len, seq_len); if that fails, return NULL.
 *   2. Set all of its elements to 1.
 *   3. Return the mask.
 *
 * Hint: np.ones() is tensor_create() and then tensor_fill().
 *
 * Example: create_bidirectional_mask(3) is
 *
 *     1 1 1
 *     1 1 1
 *     1 1 1
 *
 * Returns a mask of shape (seq_len, seq_len), which the caller frees; NULL if seq_len is below 1
 * or there is no memory.
 */
Tensor *create_bidirectional_mask(int seq_len)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)seq_len; */
    /* STUB: return NULL; */
    Tensor *everywhere = tensor_create(2, (int[]){seq_len, seq_len});
    if (everywhere == NULL)
        return NULL;
    tensor_fill(everywhere, 1.0f);
    return everywhere;
    /* END SOLUTION */
}

/* ---- scaled dot-product attention ------------------------------------------------------------ */

/* BEGIN SOLUTION */
static const AttentionResult REFUSED = {NULL, NULL};

static void divide_by(Tensor *scores, float divisor)
{
    for (size_t i = 0; i < scores->size; i++)
        scores->data[i] /= divisor;
}

/* Where the mask is 0, make the score so low that the softmax turns it into 0. */
static void apply_mask(Tensor *scores, const Tensor *mask)
{
    for (size_t i = 0; i < scores->size; i++) {
        if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0.0f)
            scores->data[i] = ATTENTION_MASKED_SCORE;
    }
}

/*
 * Turn one row of scores into weights that sum to 1. Subtracting the largest score changes no
 * weight, since e^(x - max) = e^x / e^max, but it keeps expf() from overflowing: no exponent is
 * above 0, and one of them is 0, so the sum is at least 1.
 */
static void softmax_row(float *row, int length)
{
    float largest = row[0];
    for (int key = 1; key < length; key++)
        largest = fmaxf(largest, row[key]);

    float total = 0.0f;
    for (int key = 0; key < length; key++) {
        row[key] = expf(row[key] - largest);
        total += row[key];
    }
    for (int key = 0; key < length; key++)
        row[key] /= total;
}

/* The softmax over the last axis: each query has its own row, with a score for each key. */
static void softmax(Tensor *scores)
{
    int length = tensor_axis(scores, -1);
    for (float *row = scores->data; row < scores->data + scores->size; row += length)
        softmax_row(row, length);
}

/* The weights: softmax(Q K^T / sqrt(d_k)), masked. NULL if Q, K and the mask do not fit. */
static Tensor *attention_weights(const Tensor *Q, const Tensor *K, const Tensor *mask)
{
    Tensor *K_T = tensor_swap_last_axes(K);
    Tensor *scores = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (scores == NULL)
        return NULL;
    if (mask != NULL && !tensor_broadcasts(mask, scores)) {
        tensor_free(scores);
        return NULL;
    }

    divide_by(scores, sqrtf((float)tensor_axis(Q, -1)));
    if (mask != NULL)
        apply_mask(scores, mask);
    softmax(scores);
    return scores;
}
/* END SOLUTION */

/*
 * Scaled dot-product attention, the operation at the heart of every transformer:
 *
 *     Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V
 *
 * Each query is compared with all keys; the better a key matches, the more of its value goes into
 * the output of that query.
 *
 * TODO, step by step:
 *   1. Compute the scores: Q times K transposed. They have the shape (..., Lq, Lk).
 *   2. Divide every score by the square root of d_k, the size of the last axis of Q.
 *   3. If there is a mask, refuse one that does not fit; then set each score whose partner in the
 *      mask is 0 to ATTENTION_MASKED_SCORE.
 *   4. Softmax over each row of the scores, that is over the keys. Subtract the largest score of
 *      the row first, so that expf() cannot overflow. The rows are now the weights.
 *   5. Compute the output: the weights times V.
 *   6. Free what only you needed, and return the output and the weights.
 *
 * Hints:
 *   - np.swapaxes(a, -2, -1) is tensor_swap_last_axes(), and np.matmul() is tensor_matmul(). Both
 *     return a new tensor, or NULL for NULL and for shapes that do not fit: look at what comes
 *     back, and much of the checking is done.
 *   - Q.shape[-1] is tensor_axis(Q, -1); the square root of a float is sqrtf().
 *   - Rows lie one after the other in data: row r of n columns begins at data + r * n, in a tensor
 *     with any number of axes.
 *   - A mask fits if tensor_broadcasts(mask, scores); tensor_broadcast_index() finds the partner
 *     of a score.
 *   - On each path out of the function, ask of each tensor that you created: who frees it?
 *
 * Example: with d_k = 2, Lq = 1, Lk = 2 and d_v = 1,
 *
 *     Q = 1 0        Q K^T   = 1       0           weights = 0.6698  0.3302
 *     K = 1 0        / sqrt2 = 0.7071  0           output  = 0.6698 * 10 + 0.3302 * 20
 *         0 1                                              = 13.3024
 *     V = 10
 *         20
 *
 * and with the mask (1 0) the weights are 1 and 0, and the output is 10.
 *
 *     Q     (..., Lq, d_k)   queries: what am I looking for?
 *     K     (..., Lk, d_k)   keys: what is there to be found?
 *     V     (..., Lk, d_v)   values: what is its content?
 *     mask  (..., Lq, Lk)    1: may attend, 0: may not; NULL: everything may attend to everything
 *
 * Returns output (..., Lq, d_v) and weights (..., Lq, Lk), both of which the caller frees;
 * {NULL, NULL} if Q, K or V is NULL, shapes do not fit, or there is no memory.
 */
AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)Q, (void)K, (void)V, (void)mask; */
    /* STUB: return (AttentionResult){NULL, NULL}; */
    Tensor *weights = attention_weights(Q, K, mask);
    Tensor *output = tensor_matmul(weights, V);
    if (output == NULL) {
        tensor_free(weights);
        return REFUSED;
    }
    return (AttentionResult){.output = output, .weights = weights};
    /* END SOLUTION */
}

/* ---- self-attention -------------------------------------------------------------------------- */

/*
 * Create a self-attention layer.
 *
 * TODO, step by step:
 *   1. If d_model is below 1, return NULL.
 *   2. Allocate a SelfAttention; if there is no memory, return NULL.
 *   3. Store d_model in it, and return it.
 *
 * Hint: malloc(sizeof *p) is the size of what p points to, whatever that is.
 *
 * Example: self_attention_create(64)->d_model is 64.
 *
 *     d_model   the size of the last axis of the sequences that the layer takes
 *
 * Returns a new layer, which the caller frees with self_attention_free(); NULL if d_model is below
 * 1 or there is no memory.
 */
SelfAttention *self_attention_create(int d_model)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)d_model; */
    /* STUB: return NULL; */
    if (d_model < 1)
        return NULL;
    SelfAttention *layer = malloc(sizeof *layer);
    if (layer == NULL)
        return NULL;
    layer->d_model = d_model;
    return layer;
    /* END SOLUTION */
}

/*
 * Self-attention: a sequence attends to itself. Queries, keys and values are all x, so each
 * position gathers what it needs from the positions of the same sequence.
 *
 * TODO, step by step:
 *   1. Refuse a layer that is NULL, and an x whose last axis is not the d_model of the layer.
 *   2. Call your scaled_dot_product_attention() with x for Q, K and V, pass the mask through, and
 *      return what it returns.
 *
 * Hint: tensor_axis() takes NULL too, and gives 0 for it.
 *
 * Example: with d_model = 4 and the sequence on the left, in which positions 0 and 3 are the same,
 *
 *     x = 1 0 0 0        weights = 0.3112  0.1888  0.1888  0.3112
 *         0 1 0 0                  0.2151  0.3547  0.2151  0.2151
 *         0 0 1 0                  0.2151  0.2151  0.3547  0.2151
 *         1 0 0 0                  0.3112  0.1888  0.1888  0.3112
 *
 *     x     (..., seq_len, d_model)
 *     mask  NULL or (..., seq_len, seq_len), as for scaled_dot_product_attention()
 *
 * Returns output (..., seq_len, d_model) and weights (..., seq_len, seq_len), both of which the
 * caller frees; {NULL, NULL} if attention or x is NULL, shapes do not fit, or there is no memory.
 */
AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)attention, (void)x, (void)mask; */
    /* STUB: return (AttentionResult){NULL, NULL}; */
    if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
        return REFUSED;
    return scaled_dot_product_attention(x, x, x, mask);
    /* END SOLUTION */
}

/*
 * Free a self-attention layer.
 *
 * TODO: free what self_attention_create() allocated.
 *
 * Hint: the caller may pass NULL, and so may you to free().
 */
void self_attention_free(SelfAttention *attention)
{
    /* BEGIN SOLUTION */
    /* STUB: (void)attention; */
    free(attention);
    /* END SOLUTION */
}
