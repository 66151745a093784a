/*
 * attack: returns the largest tensors that there may be in each test: their record once filled a
 *         gigabyte and a half of the disk, and where it was full, nothing was graded
 * catalogue: 22 30
 * expect: graded
 * score: 0
 */
#include <stdlib.h>
#include "attention.h"

static Tensor *huge(void)
{
    return tensor_create(2, (int[]){1024, 511});
}

Tensor *create_causal_mask(int seq_len)
{
    (void)seq_len;
    return huge();
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    (void)lengths, (void)batch_size, (void)max_length;
    return huge();
}

Tensor *create_bidirectional_mask(int seq_len)
{
    (void)seq_len;
    return huge();
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)Q, (void)K, (void)V, (void)mask;
    return (AttentionResult){huge(), huge()};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *layer = malloc(sizeof *layer);
    if (layer != NULL)
        layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    (void)attention;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
