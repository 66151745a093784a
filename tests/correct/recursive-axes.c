/* Walks down the leading axes by recursion; the case with two axes is the base. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attention.h"

/* A view of part of a tensor: `ndim` axes of `shape`, starting at `data`. */
struct view {
    int ndim;
    const int *shape;
    float *data;
};

static struct view whole(const Tensor *t)
{
    return (struct view){t->ndim, t->shape, t->data};
}

static size_t count(int ndim, const int *shape)
{
    return ndim == 0 ? 1 : (size_t)shape[0] * count(ndim - 1, shape + 1);
}

static struct view part(struct view v, int i)
{
    size_t step = count(v.ndim - 1, v.shape + 1);
    return (struct view){v.ndim - 1, v.shape + 1, v.data + step * (size_t)i};
}

/* The mask for part i of something with `ndim` axes: itself if it has no such axis. */
static struct view mask_part(struct view mask, int ndim, int i)
{
    if (mask.data == NULL || mask.ndim < ndim)
        return mask;
    return part(mask, mask.shape[0] == 1 ? 0 : i);
}

static void softmax(float *x, int n)
{
    float max = x[0];
    for (int i = 1; i < n; i++)
        if (x[i] > max)
            max = x[i];
    float sum = 0;
    for (int i = 0; i < n; i++) {
        x[i] = expf(x[i] - max);
        sum += x[i];
    }
    for (int i = 0; i < n; i++)
        x[i] /= sum;
}

static void attend(struct view q, struct view k, struct view v, struct view m, struct view o,
                   struct view w)
{
    if (q.ndim > 2) {
        for (int i = 0; i < q.shape[0]; i++)
            attend(part(q, i), part(k, i), part(v, i), mask_part(m, q.ndim, i), part(o, i),
                   part(w, i));
        return;
    }

    int Lq = q.shape[0], d_k = q.shape[1], Lk = k.shape[0], d_v = v.shape[1];
    float root = sqrtf((float)d_k);

    for (int i = 0; i < Lq; i++) {
        float *row = w.data + i * Lk;
        for (int j = 0; j < Lk; j++) {
            float dot = 0;
            for (int d = 0; d < d_k; d++)
                dot += q.data[i * d_k + d] * k.data[j * d_k + d];
            row[j] = m.data && m.data[i * Lk + j] == 0 ? ATTENTION_MASKED_SCORE : dot / root;
        }
        softmax(row, Lk);
        for (int j = 0; j < Lk; j++)
            for (int c = 0; c < d_v; c++)
                o.data[i * d_v + c] += row[j] * v.data[j * d_v + c];
    }
}

static bool same_leading(const Tensor *a, const Tensor *b)
{
    return a->ndim == b->ndim &&
           memcmp(a->shape, b->shape, (size_t)(a->ndim - 2) * sizeof(int)) == 0;
}

static bool valid(const Tensor *Q, const Tensor *K, const Tensor *V)
{
    return Q && K && V && Q->ndim >= 2 && same_leading(Q, K) && same_leading(Q, V) &&
           tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static bool valid_mask(const Tensor *mask, const Tensor *w)
{
    if (mask == NULL)
        return true;
    return tensor_axis(mask, -2) == tensor_axis(w, -2) &&
           tensor_axis(mask, -1) == tensor_axis(w, -1) && tensor_broadcasts(mask, w);
}

static Tensor *result_tensor(const Tensor *Q, int last)
{
    int shape[TENSOR_MAX_AXES];
    memcpy(shape, Q->shape, sizeof shape);
    shape[Q->ndim - 1] = last;
    return tensor_create(Q->ndim, shape);
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult result = {NULL, NULL};

    if (!valid(Q, K, V))
        return result;
    Tensor *o = result_tensor(Q, tensor_axis(V, -1));
    Tensor *w = result_tensor(Q, tensor_axis(K, -2));
    if (o == NULL || w == NULL || !valid_mask(mask, w)) {
        tensor_free(o);
        tensor_free(w);
        return result;
    }
    attend(whole(Q), whole(K), whole(V), mask ? whole(mask) : (struct view){0}, whole(o),
           whole(w));
    result.output = o;
    result.weights = w;
    return result;
}

SelfAttention *self_attention_create(int d_model)
{
    SelfAttention *layer = NULL;
    if (d_model >= 1 && (layer = malloc(sizeof *layer)) != NULL)
        layer->d_model = d_model;
    return layer;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    AttentionResult none = {NULL, NULL};
    if (attention == NULL || x == NULL || tensor_axis(x, -1) != attention->d_model)
        return none;
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
    free(attention);
}

/* Fill the top-left n rows: row n - 1 has n ones, the rows above it are a smaller such mask. */
static void lower_triangle(Tensor *mask, int n)
{
    if (n == 0)
        return;
    lower_triangle(mask, n - 1);
    for (int j = 0; j < n; j++)
        tensor_set(mask, (int[]){n - 1, j}, 1);
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        lower_triangle(mask, seq_len);
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (lengths == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
    if (mask == NULL)
        return NULL;
    for (int b = 0; b < batch_size; b++) {
        struct view sequence = part(whole(mask), b);
        for (int i = 0; i < lengths[b]; i++) {
            struct view row = part(sequence, i);
            for (int j = 0; j < lengths[b]; j++)
                row.data[j] = 1;
        }
    }
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    if (mask != NULL)
        tensor_fill(mask, 1);
    return mask;
}
