/* A small language of macros: FOR, MAX, ROW, AT, CHECK, and masks that are one line each. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

#define NOTHING          ((AttentionResult){NULL, NULL})
#define CHECK(condition) do { if (!(condition)) goto refused; } while (0)
#define FOR(i, n)        for (int i = 0; i < (n); i++)
#define EACH(e, t)       for (size_t e = 0; e < (t)->size; e++)
#define MAX(a, b)        ((a) > (b) ? (a) : (b))
#define LAST(t)          tensor_axis((t), -1)
#define ROWS(t)          tensor_axis((t), -2)
#define SAME(a, b)       ((a)->ndim == (b)->ndim && leading_equal((a), (b)))
#define ROW(t, i)        ((t)->data + (size_t)(i) * LAST(t))
#define MATRIX(t, b)     ((t)->data + (size_t)(b) * ROWS(t) * LAST(t))
#define SHAPE(...)       (int[]){__VA_ARGS__}
#define ONES(t, n, cond)                                                                           \
    FOR(i, n)                                                                                      \
    FOR(j, n)                                                                                      \
    if (cond)                                                                                      \
    (t)[(size_t)i * (n) + j] = 1.0f

static int leading_equal(const Tensor *a, const Tensor *b)
{
    FOR(i, a->ndim - 2)
        if (a->shape[i] != b->shape[i])
            return 0;
    return 1;
}

static Tensor *create_as(const Tensor *t, int last)
{
    int shape[TENSOR_MAX_AXES] = {0};
    FOR(i, t->ndim) shape[i] = i == t->ndim - 1 ? last : t->shape[i];
    return tensor_create(t->ndim, shape);
}

static void softmax(float *x, int n)
{
    float max = x[0], sum = 0;
    FOR(i, n) max = MAX(max, x[i]);
    FOR(i, n) sum += x[i] = expf(x[i] - max);
    FOR(i, n) x[i] /= sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    Tensor *w = NULL, *o = NULL;

    CHECK(Q && K && V);
    CHECK(Q->ndim >= 2 && SAME(Q, K) && SAME(K, V));
    CHECK(LAST(Q) == LAST(K) && ROWS(K) == ROWS(V));
    CHECK(w = create_as(Q, ROWS(K)));
    CHECK(o = create_as(Q, LAST(V)));
    CHECK(!mask || (ROWS(mask) == ROWS(w) && LAST(mask) == LAST(w) && tensor_broadcasts(mask, w)));

    FOR(r, (int)(w->size / LAST(w)))
    {
        int b = r / ROWS(Q);
        const float *q = ROW(Q, r), *k = MATRIX(K, b), *v = MATRIX(V, b);
        FOR(j, LAST(w)) FOR(d, LAST(Q)) ROW(w, r)[j] += q[d] * k[j * LAST(K) + d];
        FOR(j, LAST(w)) ROW(w, r)[j] /= sqrtf(LAST(Q));
        if (mask)
            FOR(j, LAST(w))
                if (mask->data[tensor_broadcast_index(mask, w, (size_t)r * LAST(w) + j)] == 0)
                    ROW(w, r)[j] = ATTENTION_MASKED_SCORE;
        softmax(ROW(w, r), LAST(w));
        FOR(j, LAST(w)) FOR(c, LAST(V)) ROW(o, r)[c] += ROW(w, r)[j] * v[j * LAST(V) + c];
    }
    return (AttentionResult){.output = o, .weights = w};

refused:
    tensor_free(w);
    tensor_free(o);
    return NOTHING;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *self = NULL;
    CHECK(d_model > 0);
    CHECK(self = malloc(sizeof *self));
    self->d_model = d_model;
refused:
    return self;
}

AttentionResult self_attention_forward(const SelfAttention *self, const Tensor *x,
                                       const Tensor *mask)
{
    CHECK(self && x && LAST(x) == self->d_model);
    return scaled_dot_product_attention(x, x, x, mask);
refused:
    return NOTHING;
}

void self_attention_free(SelfAttention *self)
{
    free(self);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *t = NULL;
    CHECK(t = tensor_create(2, SHAPE(seq_len, seq_len)));
    ONES(t->data, seq_len, j <= i);
refused:
    return t;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    Tensor *t = NULL;
    CHECK(lengths);
    FOR(b, batch_size) CHECK(lengths[b] >= 0 && lengths[b] <= max_length);
    CHECK(t = tensor_create(3, SHAPE(batch_size, max_length, max_length)));
    FOR(b, batch_size) ONES(MATRIX(t, b), max_length, MAX(i, j) < lengths[b]);
refused:
    return t;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *t = NULL;
    CHECK(t = tensor_create(2, SHAPE(seq_len, seq_len)));
    EACH(e, t) t->data[e] = 1.0f;
refused:
    return t;
}
