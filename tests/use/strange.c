/*
 * strange.c: attention.c files that the programs of starter/use/ must survive, in place of
 * solution/attention.c. -DKIND=... says which.
 */
#include "attention.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>

enum {
    NAN_IN_OUTPUT,
    NAN_LATER,
    WEIGHTS_MISSING,
    WRONG_SHAPE,
    GIVES_BACK_V,
    SAME_TENSOR_TWICE,
    CRASHES,
    LEAVES,
    NO_MASK,
    MASK_OF_ANOTHER_SIZE
};

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)mask;
    AttentionResult result = {tensor_copy(Q), NULL};
    if (KIND == WEIGHTS_MISSING)
        return result;
    Tensor *K_T = tensor_swap_last_axes(K);
    result.weights = tensor_matmul(Q, K_T);
    tensor_free(K_T);
    if (KIND == WRONG_SHAPE)
        return (AttentionResult){result.weights, result.output};
    tensor_free(result.output);
    result.output = tensor_matmul(result.weights, V);
    if (KIND == NAN_IN_OUTPUT || (KIND == NAN_LATER && tensor_axis(K, -2) > 3))
        result.output->data[0] = NAN;
    if (KIND == GIVES_BACK_V)
        result.output = (Tensor *)V;
    if (KIND == SAME_TENSOR_TWICE)
        result.output = result.weights;
    if (KIND == CRASHES)
        raise(SIGSEGV);
    if (KIND == LEAVES)
        exit(0);
    return result;
}

Tensor *create_causal_mask(int seq_len)
{
    if (KIND == NO_MASK)
        return NULL;
    int size = seq_len + (KIND == MASK_OF_ANOTHER_SIZE ? 1 : 0);
    return tensor_create(2, (int[]){size, size});
}
