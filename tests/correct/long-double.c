/* long double from end to end: a whole row is computed before anything is rounded. */
#include <math.h>
#include <stdlib.h>
#include "attention.h"

typedef long double real;

static AttentionResult nothing(void)
{
  AttentionResult r;
  r.output = NULL;
  r.weights = NULL;
  return r;
}

static bool agree(const Tensor *Q, const Tensor *K, const Tensor *V)
{
  int i;
  if (!Q || !K || !V)
    return false;
  if (Q->ndim < 2 || Q->ndim != K->ndim || K->ndim != V->ndim)
    return false;
  for (i = 0; i < Q->ndim - 2; i++)
    if (Q->shape[i] != K->shape[i] || K->shape[i] != V->shape[i])
      return false;
  return tensor_axis(Q, -1) == tensor_axis(K, -1) && tensor_axis(K, -2) == tensor_axis(V, -2);
}

static bool allowed(const Tensor *mask, const Tensor *weights, size_t i)
{
  return !mask || mask->data[tensor_broadcast_index(mask, weights, i)] != 0.0f;
}

static void one_row(real *p, int lk, int dk, int dv, const float *q, const float *k,
                    const float *v, const Tensor *mask, const AttentionResult *r, size_t row)
{
  real max = 0, sum = 0;
  int j, c;

  for (j = 0; j < lk; j++) {
    p[j] = 0;
    for (c = 0; c < dk; c++)
      p[j] += (real)q[c] * k[j * dk + c];
    p[j] /= sqrtl((real)dk);
    if (!allowed(mask, r->weights, row * lk + j))
      p[j] = ATTENTION_MASKED_SCORE;
    if (j == 0 || p[j] > max)
      max = p[j];
  }
  for (j = 0; j < lk; j++)
    sum += p[j] = expl(p[j] - max);
  for (j = 0; j < lk; j++)
    r->weights->data[row * lk + j] = p[j] / sum;
  for (c = 0; c < dv; c++) {
    real mean = 0;
    for (j = 0; j < lk; j++)
      mean += p[j] / sum * v[j * dv + c];
    r->output->data[row * dv + c] = mean;
  }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
  AttentionResult r;
  int wshape[4], oshape[4], i, lq, lk, dk, dv;
  size_t row;
  real *p;

  if (!agree(Q, K, V))
    return nothing();
  lq = tensor_axis(Q, -2);
  lk = tensor_axis(K, -2);
  dk = tensor_axis(Q, -1);
  dv = tensor_axis(V, -1);
  for (i = 0; i < Q->ndim; i++)
    wshape[i] = oshape[i] = Q->shape[i];
  wshape[Q->ndim - 1] = lk;
  oshape[Q->ndim - 1] = dv;

  r.weights = tensor_create(Q->ndim, wshape);
  r.output = tensor_create(Q->ndim, oshape);
  p = malloc((size_t)lk * sizeof *p);
  if (!r.weights || !r.output || !p)
    goto out;
  if (mask && (!tensor_broadcasts(mask, r.weights) || tensor_axis(mask, -2) != lq ||
               tensor_axis(mask, -1) != lk))
    goto out;
  for (row = 0; row < r.weights->size / lk; row++)
    one_row(p, lk, dk, dv, Q->data + row * dk, K->data + row / lq * lk * dk,
            V->data + row / lq * lk * dv, mask, &r, row);
  free(p);
  return r;
out:
  free(p);
  tensor_free(r.weights);
  tensor_free(r.output);
  return nothing();
}

SelfAttention *self_attention_create(int d_model)
{
  SelfAttention *s = NULL;
  if (d_model >= 1)
    s = malloc(sizeof *s);
  if (s)
    s->d_model = d_model;
  return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
  if (!s || !x)
    return nothing();
  if (x->shape[x->ndim - 1] != s->d_model)
    return nothing();
  return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s)
{
  free(s);
}

static Tensor *ones(int n)
{
  int shape[2];
  Tensor *t;
  shape[0] = shape[1] = n;
  t = tensor_create(2, shape);
  if (t)
    tensor_fill(t, 1);
  return t;
}

Tensor *create_causal_mask(int n)
{
  int i, j;
  Tensor *t = ones(n);
  for (i = 0; t && i < n; i++)
    for (j = n - 1; j > i; j--)
      t->data[(size_t)i * n + j] = 0;
  return t;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
  int shape[3], b, i, j;
  Tensor *t;
  if (!lengths)
    return NULL;
  for (b = 0; b < batch_size; b++)
    if (lengths[b] < 0 || lengths[b] > max_length)
      return NULL;
  shape[0] = batch_size;
  shape[1] = max_length;
  shape[2] = max_length;
  t = tensor_create(3, shape);
  if (!t)
    return NULL;
  for (b = 0; b < batch_size; b++)
    for (i = 0; i < lengths[b]; i++)
      for (j = 0; j < lengths[b]; j++)
        t->data[((size_t)b * max_length + i) * max_length + j] = 1;
  return t;
}

Tensor *create_bidirectional_mask(int n)
{
  return ones(n);
}
