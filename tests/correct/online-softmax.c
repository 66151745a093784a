/* One pass over the keys of each row with a running maximum, as FlashAttention does it. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

typedef struct {
  int n_lead, Lq, Lk, dk, dv;
} Dims;

static int read_dims(const Tensor *Q, const Tensor *K, const Tensor *V, Dims *d)
{
  if (!Q || !K || !V || Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
    return 0;
  int last = Q->ndim - 1;
  d->n_lead = 1;
  for (int a = 0; a < last - 1; ++a) {
    if (Q->shape[a] != K->shape[a] || Q->shape[a] != V->shape[a])
      return 0;
    d->n_lead *= Q->shape[a];
  }
  d->Lq = Q->shape[last - 1];
  d->Lk = K->shape[last - 1];
  d->dk = Q->shape[last];
  d->dv = V->shape[last];
  return K->shape[last] == d->dk && V->shape[last - 1] == d->Lk;
}

static Tensor *like(const Tensor *q, int last_axis)
{
  int shape[TENSOR_MAX_AXES];
  memcpy(shape, q->shape, sizeof shape);
  shape[q->ndim - 1] = last_axis;
  return tensor_create(q->ndim, shape);
}

/* Fold key j into the running (max, sum, out). */
static void attend_row(const Dims *d, const float *q, const float *k, const float *v,
                       float *scores, float *out)
{
  float max = -FLT_MAX, sum = 0;
  float inv = 1 / sqrtf(d->dk);

  for (int j = 0; j < d->Lk; ++j) {
    /* a masked score was put there already */
    if (scores[j] == 0) {
      float dot = 0;
      for (int c = 0; c < d->dk; ++c)
        dot += q[c] * k[j * d->dk + c];
      scores[j] = dot * inv;
    }
    float bigger = scores[j] > max ? scores[j] : max;
    float shrink = expf(max - bigger), e = expf(scores[j] - bigger);
    sum = sum * shrink + e;
    for (int c = 0; c < d->dv; ++c)
      out[c] = out[c] * shrink + e * v[j * d->dv + c];
    max = bigger;
  }
  for (int c = 0; c < d->dv; ++c)
    out[c] /= sum;
  for (int j = 0; j < d->Lk; ++j)
    scores[j] = expf(scores[j] - max) / sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
  AttentionResult r = {NULL, NULL};
  Dims d;

  if (!read_dims(Q, K, V, &d))
    return r;
  r.weights = like(Q, d.Lk);
  r.output = like(Q, d.dv);
  if (!r.weights || !r.output)
    goto fail;
  if (mask) {
    if (tensor_axis(mask, -2) != d.Lq || tensor_axis(mask, -1) != d.Lk ||
        !tensor_broadcasts(mask, r.weights))
      goto fail;
    for (size_t i = 0; i < r.weights->size; ++i)
      if (mask->data[tensor_broadcast_index(mask, r.weights, i)] == 0)
        r.weights->data[i] = ATTENTION_MASKED_SCORE;
  }
  for (int row = 0; row < d.n_lead * d.Lq; ++row) {
    int b = row / d.Lq;
    attend_row(&d, Q->data + (size_t)row * d.dk, K->data + (size_t)b * d.Lk * d.dk,
               V->data + (size_t)b * d.Lk * d.dv, r.weights->data + (size_t)row * d.Lk,
               r.output->data + (size_t)row * d.dv);
  }
  return r;

fail:
  tensor_free(r.weights);
  tensor_free(r.output);
  return (AttentionResult){NULL, NULL};
}

SelfAttention *self_attention_create(int d_model)
{
  SelfAttention *a = d_model >= 1 ? malloc(sizeof *a) : NULL;
  if (a)
    *a = (SelfAttention){.d_model = d_model};
  return a;
}

AttentionResult self_attention_forward(const SelfAttention *a, const Tensor *x, const Tensor *mask)
{
  if (!a || !x || tensor_axis(x, -1) != a->d_model)
    return (AttentionResult){NULL, NULL};
  return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *a) { free(a); }

Tensor *create_causal_mask(int n)
{
  Tensor *m = tensor_create(2, (int[]){n, n});
  for (int i = 0; m && i < n; ++i)
    for (int j = 0; j <= i; ++j)
      m->data[(size_t)i * n + j] = 1;
  return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int n)
{
  if (!lengths)
    return NULL;
  for (int b = 0; b < batch_size; ++b)
    if (lengths[b] < 0 || lengths[b] > n)
      return NULL;
  Tensor *m = tensor_create(3, (int[]){batch_size, n, n});
  for (int b = 0; m && b < batch_size; ++b)
    for (int i = 0; i < lengths[b]; ++i)
      for (int j = 0; j < lengths[b]; ++j)
        m->data[((size_t)b * n + i) * n + j] = 1;
  return m;
}

Tensor *create_bidirectional_mask(int n)
{
  Tensor *m = tensor_create(2, (int[]){n, n});
  if (m)
    tensor_fill(m, 1);
  return m;
}
