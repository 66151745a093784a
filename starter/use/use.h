/*
 * use.h: how the programs in this folder call your attention.c.
 *
 * Code that is not finished yet may return NULL, or numbers that are no numbers, or crash. Each of
 * these functions then says so in one line, and ends the program with the exit status USE_STOPPED.
 * What they return is complete, and it is the caller's.
 */
#ifndef USE_H
#define USE_H

#include "attention.h"

/* The programs end with 0 if all is right, 1 if it is not, and this if they could not go on. */
#define USE_STOPPED 3

/* Your scaled_dot_product_attention(). */
AttentionResult use_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                              const Tensor *mask);

/* Your create_causal_mask(). */
Tensor *use_causal_mask(int length);

/*
 * Your multi_head_attention(), the extra credit. Both tensors are NULL if there is none in
 * attention.c, or if it is not written yet and returns NULL.
 */
AttentionResult use_multi_head_attention(const Tensor *x, const Tensor *W_q, const Tensor *W_k,
                                         const Tensor *W_v, const Tensor *W_o, int num_heads,
                                         const Tensor *mask);

void attention_result_free(AttentionResult result);

/* The tensor itself; without memory (NULL) the program ends. */
Tensor *use_tensor(Tensor *tensor);

/* Say something in one line, as printf() does, and end the program. */
_Noreturn void use_stop(const char *format, ...);

/* Tell that a line was begun and not ended, so that what use_stop() says begins a new one. */
void use_line_is_open(bool open);

/* The columns of the terminal, 40 to 80; 80 where there is none. */
int use_columns(void);

/* A number in [0, 1) that looks random. The same beginning of `state`, not 0, gives the same ones. */
double use_random(unsigned long long *state);

#endif
