/*
 * multi_head.c: to be compiled in place of solution/attention.c: it is that, and if that has no
 * multi_head_attention() yet, a plain one. With -DOUTPUT_PROJECTION_FORGOTTEN it is a wrong one.
 */
#include "../../solution/attention.c"

/* x W, with the columns of one head only. */
static Tensor *project(const Tensor *x, const Tensor *W, int head, int size)
{
    Tensor *part = tensor_create(2, (int[]){tensor_axis(W, 0), size});
    for (int i = 0; i < tensor_axis(W, 0); i++) {
        for (int j = 0; j < size; j++)
            tensor_set(part, (int[]){i, j}, tensor_get(W, (int[]){i, head * size + j}));
    }
    Tensor *projected = tensor_matmul(x, part);
    tensor_free(part);
    return projected;
}

AttentionResult multi_head_attention(const Tensor *x_q, const Tensor *x_kv, const Tensor *W_q,
                                     const Tensor *W_k, const Tensor *W_v, const Tensor *W_o,
                                     int num_heads, const Tensor *mask)
{
    int Lq = tensor_axis(x_q, 0), Lk = tensor_axis(x_kv, 0), d_model = tensor_axis(W_o, 0);
    int size = d_model / num_heads;
    Tensor *merged = tensor_create(2, (int[]){Lq, d_model});
    Tensor *weights = tensor_create(3, (int[]){num_heads, Lq, Lk});
    for (int head = 0; head < num_heads; head++) {
        Tensor *Q = project(x_q, W_q, head, size);
        Tensor *K = project(x_kv, W_k, head, size);
        Tensor *V = project(x_kv, W_v, head, size);
        AttentionResult one = scaled_dot_product_attention(Q, K, V, mask);
        for (int i = 0; i < Lq; i++) {
            for (int j = 0; j < size; j++)
                tensor_set(merged, (int[]){i, head * size + j}, one.output->data[i * size + j]);
        }
        for (int i = 0; i < Lq * Lk; i++)
            weights->data[head * Lq * Lk + i] = one.weights->data[i];
        tensor_free(Q);
        tensor_free(K);
        tensor_free(V);
        tensor_free(one.output);
        tensor_free(one.weights);
    }
#ifdef OUTPUT_PROJECTION_FORGOTTEN
    return (AttentionResult){.output = merged, .weights = weights};
#else
    Tensor *output = tensor_matmul(merged, W_o);
    tensor_free(merged);
    return (AttentionResult){.output = output, .weights = weights};
#endif
}
