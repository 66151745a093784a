/* The steps of attention, and the rules of the masks, are function pointers in static tables. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "attention.h"

typedef struct {
    const Tensor *Q, *K, *V, *mask;
    Tensor *weights, *output;
} State;

typedef bool (*Step)(State *);

static bool step_shapes(State *s)
{
    if (s->Q == NULL || s->K == NULL || s->V == NULL)
        return false;
    int n = s->Q->ndim;
    if (n < 2 || s->K->ndim != n || s->V->ndim != n)
        return false;
    for (int i = 0; i < n - 2; i++)
        if (s->K->shape[i] != s->Q->shape[i] || s->V->shape[i] != s->Q->shape[i])
            return false;
    return tensor_axis(s->K, -2) == tensor_axis(s->V, -2);
}

static bool step_scores(State *s)
{
    Tensor *K_T = tensor_swap_last_axes(s->K);
    s->weights = tensor_matmul(s->Q, K_T);
    tensor_free(K_T);
    return s->weights != NULL;
}

static bool step_scale(State *s)
{
    for (size_t i = 0; i < s->weights->size; i++)
        s->weights->data[i] /= sqrtf((float)tensor_axis(s->Q, -1));
    return true;
}

static bool step_mask(State *s)
{
    if (s->mask == NULL)
        return true;
    if (tensor_axis(s->mask, -1) != tensor_axis(s->weights, -1) ||
        tensor_axis(s->mask, -2) != tensor_axis(s->weights, -2) ||
        !tensor_broadcasts(s->mask, s->weights))
        return false;
    for (size_t i = 0; i < s->weights->size; i++)
        if (s->mask->data[tensor_broadcast_index(s->mask, s->weights, i)] == 0)
            s->weights->data[i] = ATTENTION_MASKED_SCORE;
    return true;
}

static bool step_softmax(State *s)
{
    int n = tensor_axis(s->weights, -1);
    for (float *w = s->weights->data; w != s->weights->data + s->weights->size; w += n) {
        float max = w[0], sum = 0;
        for (int j = 1; j < n; j++)
            max = w[j] > max ? w[j] : max;
        for (int j = 0; j < n; j++)
            sum += w[j] = expf(w[j] - max);
        for (int j = 0; j < n; j++)
            w[j] /= sum;
    }
    return true;
}

static bool step_output(State *s)
{
    s->output = tensor_matmul(s->weights, s->V);
    return s->output != NULL;
}

static const Step steps[] = {
    step_shapes, step_scores, step_scale, step_mask, step_softmax, step_output,
};

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    State s = {.Q = Q, .K = K, .V = V, .mask = mask};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (!steps[i](&s)) {
            tensor_free(s.weights);
            tensor_free(s.output);
            return (AttentionResult){NULL, NULL};
        }
    return (AttentionResult){.output = s.output, .weights = s.weights};
}

SelfAttention *self_attention_create(int d_model)
{
    void *(*allocate)(size_t, size_t) = calloc;
    SelfAttention *attention = d_model < 1 ? NULL : allocate(1, sizeof *attention);
    if (attention != NULL)
        attention->d_model = d_model;
    return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult (*attend)(const Tensor *, const Tensor *, const Tensor *, const Tensor *) =
        scaled_dot_product_attention;
    if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
        return (AttentionResult){NULL, NULL};
    return attend(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    void (*release)(void *) = free;
    release(attention);
}

/* May position i attend to position j, in a sequence of this length? */
typedef bool (*Rule)(int i, int j, int length);

static bool causal(int i, int j, int length)
{
    (void)length;
    return j <= i;
}

static bool padding(int i, int j, int length)
{
    return i < length && j < length;
}

static bool bidirectional(int i, int j, int length)
{
    (void)i, (void)j, (void)length;
    return true;
}

enum { CAUSAL, PADDING, BIDIRECTIONAL };
static const Rule rules[] = {[CAUSAL] = causal, [PADDING] = padding, [BIDIRECTIONAL] = bidirectional};

static Tensor *build(int kind, Tensor *mask, const int *lengths)
{
    if (mask == NULL)
        return NULL;
    int n = tensor_axis(mask, -1);
    for (size_t e = 0; e < mask->size; e++) {
        int length = lengths ? lengths[e / ((size_t)n * n)] : n;
        mask->data[e] = rules[kind]((int)(e / n % n), (int)(e % n), length) ? 1.0f : 0.0f;
    }
    return mask;
}

Tensor *create_causal_mask(int seq_len)
{
    return build(CAUSAL, tensor_create(2, (int[]){seq_len, seq_len}), NULL);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    return build(PADDING, tensor_create(3, (int[]){batch_size, max_length, max_length}), lengths);
}

Tensor *create_bidirectional_mask(int seq_len)
{
    return build(BIDIRECTIONAL, tensor_create(2, (int[]){seq_len, seq_len}), NULL);
}
