/*
 * transformer.h: a small transformer, of the kind that GPT is, around your attention.c.
 *
 *     x = embedding of each word + embedding of its place         (length, d_model)
 *     in each layer:
 *         x = x + heads of attention over norm(x)                 look at the words before
 *         x = x + relu(norm(x) W_1 + b_1) W_2 + b_2               think about what was seen
 *     logits = norm(x) times the embedding of each word           (length, words)
 *
 * Row i of the logits says which word should come after word i: the higher, the more probable.
 *
 * The file story.weights has all of its numbers. It was made by `make train` of the kit:
 *
 *     story.weights 1
 *     words 260 positions 144 d_model 64 heads 4 layers 2 hidden 192
 *     numbers 108928 checksum 1234567890
 *     the words, one in a line
 *     1.0, then the numbers, float32 in little-endian order: word_embedding, place_embedding, the
 *     layers (in the order of Layer), norm_gain, norm_bias
 *
 * The checksum is the 32-bit FNV-1a of all bytes after the words. No byte may follow them.
 */
#ifndef TRANSFORMER_H
#define TRANSFORMER_H

#include "tensor.h"

#define MAX_LAYERS 4
#define MAX_TENSORS (4 + 12 * MAX_LAYERS)
#define WORD_BYTES 24

/* One layer. A matrix has a row for each feature that goes in, a column for each that comes out. */
typedef struct Layer {
    Tensor *norm_1_gain, *norm_1_bias; /* (d_model) */
    Tensor *W_q, *W_k, *W_v, *W_o;     /* (d_model, d_model) */
    Tensor *norm_2_gain, *norm_2_bias; /* (d_model) */
    Tensor *W_1, *b_1;                 /* (d_model, hidden), (hidden) */
    Tensor *W_2, *b_2;                 /* (hidden, d_model), (d_model) */
} Layer;

typedef struct Transformer {
    int words;     /* in the vocabulary; number 0 is the end of a story, and its beginning */
    int positions; /* the longest text that it can read */
    int d_model;   /* features of a word */
    int heads;     /* of attention in each layer */
    int layers;
    int hidden; /* features between W_1 and W_2 */
    char (*vocabulary)[WORD_BYTES];
    Tensor *word_embedding;  /* (words, d_model) */
    Tensor *place_embedding; /* (positions, d_model) */
    Layer layer[MAX_LAYERS];
    Tensor *norm_gain, *norm_bias; /* (d_model) */
    Tensor *tensors[MAX_TENSORS];  /* all of them, in the order of the file */
    int tensor_count;
    bool multi_head; /* the last call used your multi_head_attention() */
} Transformer;

/* Read a file of weights. The program ends with a message if it cannot be read. */
Transformer *transformer_load(const char *path);
void transformer_free(Transformer *model);

/* The number of a word, -1 if it is not in the vocabulary. */
int transformer_find(const Transformer *model, const char *word);

/* The logits, (length, words), of a text of 1 to `positions` words. The mask may be NULL. */
Tensor *transformer_logits(Transformer *model, const int *text, int length, const Tensor *mask);

#endif
