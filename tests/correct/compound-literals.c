/* Structs by value, compound literals, designated initialisers and the comma operator throughout. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

typedef struct { int axis[TENSOR_MAX_AXES]; } Shape;
typedef struct { const float *at; int n, step; } Vector;
typedef struct { const Tensor *q, *k, *v, *mask; } Task;

static Shape shape_of(const Tensor *t)
{
    return (Shape){{t->shape[0], t->shape[1], t->shape[2], t->shape[3]}};
}

static Shape with_last(Shape s, int ndim, int last)
{
    return s.axis[ndim - 1] = last, s;
}

static float dot(Vector a, Vector b)
{
    float sum = 0;
    for (int i = 0; i < a.n; i++)
        sum += a.at[i * a.step] * b.at[i * b.step];
    return sum;
}

static bool sound(Task t)
{
    if (!t.q || !t.k || !t.v || t.q->ndim < 2)
        return false;
    for (const Tensor **other = (const Tensor *[]){t.k, t.v, NULL}; *other; other++)
        if ((*other)->ndim != t.q->ndim ||
            memcmp((*other)->shape, t.q->shape, (t.q->ndim - 2) * sizeof(int)))
            return false;
    return tensor_axis(t.k, -1) == tensor_axis(t.q, -1) &&
           tensor_axis(t.v, -2) == tensor_axis(t.k, -2);
}

static bool maskable(const Tensor *mask, const Tensor *w)
{
    return !mask || (tensor_axis(mask, -1) == tensor_axis(w, -1) &&
                     tensor_axis(mask, -2) == tensor_axis(w, -2) && tensor_broadcasts(mask, w));
}

static void row(Task t, AttentionResult r, size_t i)
{
    const int lq = tensor_axis(t.q, -2), lk = tensor_axis(t.k, -2);
    const int dk = tensor_axis(t.q, -1), dv = tensor_axis(t.v, -1);
    const float *keys = t.k->data + i / lq * lk * dk, *values = t.v->data + i / lq * lk * dv;
    float *w = r.weights->data + i * lk;
    struct { float max, sum; } s = {.max = -INFINITY, .sum = 0};

    for (int j = 0; j < lk; j++) {
        w[j] = dot((Vector){.at = t.q->data + i * dk, .n = dk, .step = 1},
                   (Vector){.at = keys + j * dk, .n = dk, .step = 1}) / sqrtf((float)dk);
        if (t.mask && !t.mask->data[tensor_broadcast_index(t.mask, r.weights, i * lk + j)])
            w[j] = ATTENTION_MASKED_SCORE;
        s.max = fmaxf(s.max, w[j]);
    }
    for (int j = 0; j < lk; j++)
        w[j] = expf(w[j] - s.max), s.sum += w[j];
    for (int j = 0; j < lk; j++)
        w[j] /= s.sum;
    for (int c = 0; c < dv; c++)
        r.output->data[i * dv + c] = dot((Vector){w, lk, 1}, (Vector){values + c, lk, dv});
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    Task t = {.q = Q, .k = K, .v = V, .mask = mask};

    if (!sound(t))
        return (AttentionResult){.output = NULL};
    AttentionResult r = {
        .weights = tensor_create(Q->ndim,
                                 with_last(shape_of(Q), Q->ndim, tensor_axis(K, -2)).axis),
        .output = tensor_create(Q->ndim,
                                with_last(shape_of(Q), Q->ndim, tensor_axis(V, -1)).axis),
    };
    if (!r.weights || !r.output || !maskable(mask, r.weights))
        return tensor_free(r.weights), tensor_free(r.output), (AttentionResult){.output = NULL};
    for (size_t i = 0; i < r.weights->size / tensor_axis(K, -2); i++)
        row(t, r, i);
    return r;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *layer = d_model < 1 ? NULL : malloc(sizeof *layer);
    return layer ? *layer = (SelfAttention){.d_model = d_model}, layer : NULL;
}

AttentionResult self_attention_forward(const SelfAttention *layer, const Tensor *x,
                                       const Tensor *mask)
{
    return layer && tensor_axis(x, -1) == layer->d_model
               ? scaled_dot_product_attention(x, x, x, mask)
               : (AttentionResult){.weights = NULL};
}

void self_attention_free(SelfAttention *layer)
{
    free(layer);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){[0] = seq_len, [1] = seq_len});
    if (m)
        for (struct { int i, j; } p = {0, 0}; p.i < seq_len; p.j = p.j < p.i ? p.j + 1 : (p.i++, 0))
            tensor_set(m, (int[]){p.i, p.j}, 1);
    return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths)
        return NULL;
    for (const int *l = lengths; l < lengths + batch_size; l++)
        if (*l < 0 || *l > max_length)
            return NULL;
    Tensor *m = tensor_create(3, (int[]){[0] = batch_size, [2] = max_length, [1] = max_length});
    for (struct { int b, i, j; } p = {0, 0, 0}; m && p.b < batch_size; p.b++)
        for (p.i = 0; p.i < lengths[p.b]; p.i++)
            for (p.j = 0; p.j < lengths[p.b]; p.j++)
                tensor_set(m, (int[]){p.b, p.i, p.j}, 1);
    return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
    return m ? tensor_fill(m, 1), m : NULL;
}
