#include <math.h>
#include <stdlib.h>

#include "attention.h"

/* Lena P., Matr. 4711 */

Tensor *create_causal_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){ seq_len, seq_len });
    if (!m) return NULL;
    for (int i = 0; i < seq_len; i++) {
        for (int j = 0; j <= i; j++) {
            m->data[i * seq_len + j] = 1;
        }
    }
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths) return NULL;
    for (int b = 0; b < batch_size; b++) {
        if (lengths[b] < 0 || lengths[b] > max_length) return NULL;
    }
    Tensor *m = tensor_create(3, (int[]){ batch_size, max_length, max_length });
    if (!m) return NULL;
    for (int b = 0; b < batch_size; b++) {
        for (int i = 0; i < lengths[b]; i++) {
            for (int j = 0; j < lengths[b]; j++) {
                m->data[(b * max_length + i) * max_length + j] = 1;
            }
        }
    }
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){ seq_len, seq_len });
    if (!m) return NULL;
    tensor_fill(m, 1);
    return m;
}

/* softmax: every row has n elements, the max is found by comparing neighbours */
static void softmax(Tensor *t)
{
    int n = tensor_axis(t, -1);
    int rows = (int)(t->size / n);
    for (int r = 0; r < rows; r++) {
        float *x = &t->data[r * n];
        float max = x[0];
        float here = x[0];
        for (int j = 0; j < n; j++) {
            float next = x[j + 1];
            if (here > max) max = here;
            here = next;
        }
        float sum = 0;
        for (int j = 0; j < n; j++) {
            x[j] = expf(x[j] - max);
            sum += x[j];
        }
        for (int j = 0; j < n; j++) {
            x[j] /= sum;
        }
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    AttentionResult res = { NULL, NULL };

    Tensor *kt = tensor_swap_last_axes(K);
    Tensor *s = tensor_matmul(Q, kt);
    tensor_free(kt);
    if (!s) return res;

    /* scaling */
    float wurzel = sqrtf((float)tensor_axis(Q, -1));
    for (size_t i = 0; i < s->size; i++) {
        s->data[i] /= wurzel;
    }

    /* masking */
    if (mask) {
        if (!tensor_broadcasts(mask, s)
            || tensor_axis(mask, -1) != tensor_axis(s, -1)
            || tensor_axis(mask, -2) != tensor_axis(s, -2)) {
            tensor_free(s);
            return res;
        }
        for (size_t i = 0; i < s->size; i++) {
            if (mask->data[tensor_broadcast_index(mask, s, i)] == 0) s->data[i] = ATTENTION_MASKED_SCORE;
        }
    }

    softmax(s);

    Tensor *out = tensor_matmul(s, V);
    if (!out) {
        tensor_free(s);
        return res;
    }
    res.output = out;
    res.weights = s;
    return res;
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1) return NULL;
    SelfAttention *sa = malloc(sizeof(SelfAttention));
    if (!sa) return NULL;
    sa->d_model = d_model;
    return sa;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x, const Tensor *mask)
{
    AttentionResult res = { NULL, NULL };
    if (!attention || !x) return res;
    if (tensor_axis(x, -1) != attention->d_model) return res;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}
