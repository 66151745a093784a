/*
 * attention.c: what takes a submission's place in a control run. It answers every call of
 * attention.h with something small and does no harm: if Valgrind's report on this cannot be believed
 * either, the reason is not the submission.
 */
#include "attention.h"

#include <stdlib.h>

static Tensor *one_element(void)
{
    return tensor_create(1, (int[]){1});
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)Q;
    (void)K;
    (void)V;
    (void)mask;
    return (AttentionResult){.output = one_element(), .weights = one_element()};
}

SelfAttention *self_attention_create(int d_model)
{
    (void)d_model;
    return calloc(1, sizeof(SelfAttention));
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    (void)attention;
    (void)x;
    (void)mask;
    return (AttentionResult){.output = one_element(), .weights = one_element()};
}

void self_attention_free(SelfAttention *object)
{
    free(object);
}

Tensor *create_causal_mask(int seq_len)
{
    (void)seq_len;
    return one_element();
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    (void)lengths;
    (void)batch_size;
    (void)max_length;
    return one_element();
}

Tensor *create_bidirectional_mask(int seq_len)
{
    (void)seq_len;
    return one_element();
}
