/* No loop in the whole file: maxima, sums and rows are recursive, halving what is left. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

static float max_of(const float *x, int n)
{
    return n == 1 ? x[0] : fmaxf(max_of(x, n / 2), max_of(x + n / 2, n - n / 2));
}

static float sum_of(const float *x, int n)
{
    return n == 1 ? x[0] : sum_of(x, n / 2) + sum_of(x + n / 2, n - n / 2);
}

static float dot(const float *a, int sa, const float *b, int sb, int n)
{
    int half = n / 2;
    if (n == 1)
        return *a * *b;
    return dot(a, sa, b, sb, half) + dot(a + half * sa, sa, b + half * sb, sb, n - half);
}

static void exp_minus(float *x, int n, float m)
{
    if (n == 1) {
        *x = expf(*x - m);
        return;
    }
    exp_minus(x, n / 2, m);
    exp_minus(x + n / 2, n - n / 2, m);
}

static void divide(float *x, int n, float by)
{
    if (n == 1) {
        *x /= by;
        return;
    }
    divide(x, n / 2, by);
    divide(x + n / 2, n - n / 2, by);
}

static void fill(float *x, size_t n, float value)
{
    if (n == 0)
        return;
    if (n == 1) {
        *x = value;
        return;
    }
    fill(x, n / 2, value);
    fill(x + n / 2, n - n / 2, value);
}

typedef struct {
    const Tensor *q, *k, *v, *mask;
    Tensor *o, *w;
    int lq, lk, dk, dv;
} Job;

static void scores(const Job *g, size_t row, int from, int n)
{
    if (n > 1) {
        scores(g, row, from, n / 2);
        scores(g, row, from + n / 2, n - n / 2);
        return;
    }
    size_t e = row * g->lk + from;
    if (g->mask && g->mask->data[tensor_broadcast_index(g->mask, g->w, e)] == 0)
        g->w->data[e] = ATTENTION_MASKED_SCORE;
    else
        g->w->data[e] = dot(g->q->data + row * g->dk, 1,
                            g->k->data + (row / g->lq * g->lk + from) * g->dk, 1, g->dk) /
                        sqrtf((float)g->dk);
}

static void means(const Job *g, size_t row, int from, int n)
{
    if (n > 1) {
        means(g, row, from, n / 2);
        means(g, row, from + n / 2, n - n / 2);
        return;
    }
    g->o->data[row * g->dv + from] =
        dot(g->w->data + row * g->lk, 1, g->v->data + row / g->lq * g->lk * g->dv + from, g->dv,
            g->lk);
}

static void rows(const Job *g, size_t from, size_t n)
{
    if (n > 1) {
        rows(g, from, n / 2);
        rows(g, from + n / 2, n - n / 2);
        return;
    }
    float *w = g->w->data + from * g->lk;
    scores(g, from, 0, g->lk);
    exp_minus(w, g->lk, max_of(w, g->lk));
    divide(w, g->lk, sum_of(w, g->lk));
    means(g, from, 0, g->dv);
}

static bool same_leading(const Tensor *a, const Tensor *b, int axis)
{
    return axis >= a->ndim - 2 ||
           (a->shape[axis] == b->shape[axis] && same_leading(a, b, axis + 1));
}

static bool valid(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    return Q && K && V && Q->ndim >= 2 && Q->ndim == K->ndim && Q->ndim == V->ndim &&
           same_leading(Q, K, 0) && same_leading(Q, V, 0) &&
           tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static bool valid_mask(const Job *g)
{
    return !g->mask || (tensor_axis(g->mask, -2) == g->lq && tensor_axis(g->mask, -1) == g->lk &&
                        tensor_broadcasts(g->mask, g->w));
}

static Tensor *create(const Tensor *like, int last)
{
    int s[TENSOR_MAX_AXES] = {like->shape[0], like->shape[1], like->shape[2], like->shape[3]};
    s[like->ndim - 1] = last;
    return tensor_create(like->ndim, s);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    if (!valid(Q, K, V))
        return (AttentionResult){NULL, NULL};
    Job g = {Q, K, V, mask, NULL, NULL, tensor_axis(Q, -2), tensor_axis(K, -2), tensor_axis(Q, -1),
             tensor_axis(V, -1)};
    g.w = create(Q, g.lk);
    g.o = create(Q, g.dv);
    if (!g.w || !g.o || !valid_mask(&g)) {
        tensor_free(g.w);
        tensor_free(g.o);
        return (AttentionResult){NULL, NULL};
    }
    rows(&g, 0, g.w->size / g.lk);
    return (AttentionResult){g.o, g.w};
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *s = d_model < 1 ? NULL : malloc(sizeof *s);
    if (s)
        s->d_model = d_model;
    return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
    if (!s || tensor_axis(x, -1) != s->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s)
{
    free(s);
}

static void triangle(Tensor *mask, int rows_left)
{
    int n = mask->shape[0];
    if (rows_left == 0)
        return;
    fill(mask->data + (size_t)(rows_left - 1) * n, (size_t)rows_left, 1);
    triangle(mask, rows_left - 1);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        triangle(mask, seq_len);
    return mask;
}

static bool lengths_fit(const int *lengths, int n, int max)
{
    return n < 1 || (lengths[0] >= 0 && lengths[0] <= max && lengths_fit(lengths + 1, n - 1, max));
}

static void square(float *block, int width, int length, int row)
{
    if (row == length)
        return;
    fill(block + (size_t)row * width, (size_t)length, 1);
    square(block, width, length, row + 1);
}

static void squares(float *data, const int *lengths, int n, int width)
{
    if (n == 0)
        return;
    square(data, width, lengths[0], 0);
    squares(data + (size_t)width * width, lengths + 1, n - 1, width);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths || !lengths_fit(lengths, batch_size, max_length))
        return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask)
        squares(mask->data, lengths, batch_size, max_length);
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask)
        fill(mask->data, mask->size, 1);
    return mask;
}
