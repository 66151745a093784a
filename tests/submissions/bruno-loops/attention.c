#include "attention.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Bruno M.
// I did not trust the helper functions so I wrote all the loops myself.

Tensor *create_causal_mask(int seq_len)
{
  if (seq_len < 1) { return NULL; }
  int shape[2] = {seq_len, seq_len};
  Tensor *mask = tensor_create(2, shape);
  if (mask == NULL) { return NULL; }
  for (int i = 0; i < seq_len; i++) {
    for (int j = 0; j < seq_len; j++) {
      if (j <= i) {
        mask->data[i * seq_len + j] = 1.0f;
      } else {
        mask->data[i * seq_len + j] = 0.0f;
      }
    }
  }
  return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
  if (lengths == NULL || batch_size < 1 || max_length < 1) { return NULL; }
  for (int i = 0; i < batch_size; i++) {
    if (lengths[i] < 0 || lengths[i] > max_length) { return NULL; }
  }
  int shape[3] = {batch_size, max_length, max_length};
  Tensor *mask = tensor_create(3, shape);
  if (mask == NULL) { return NULL; }
  for (int b = 0; b < batch_size; b++) {
    for (int i = 0; i < max_length; i++) {
      for (int j = 0; j < max_length; j++) {
        int idx = b * max_length * max_length + i * max_length + j;
        if (i < lengths[b] && j < lengths[b]) {
          mask->data[idx] = 1.0f;
        } else {
          mask->data[idx] = 0.0f;
        }
      }
    }
  }
  return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
  if (seq_len < 1) { return NULL; }
  int shape[2] = {seq_len, seq_len};
  Tensor *mask = tensor_create(2, shape);
  if (mask == NULL) { return NULL; }
  for (int i = 0; i < seq_len * seq_len; i++) {
    mask->data[i] = 1.0f;
  }
  return mask;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
  AttentionResult result = {NULL, NULL};

  // ---------- check the input ----------
  if (Q == NULL || K == NULL || V == NULL) { return result; }
  int nd = Q->ndim;
  if (nd < 2 || K->ndim != nd || V->ndim != nd) { return result; }
  int batch = 1;
  for (int i = 0; i < nd - 2; i++) {
    if (K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i]) { return result; }
    batch *= Q->shape[i];
  }
  int Lq = Q->shape[nd - 2];
  int Lk = K->shape[nd - 2];
  int dk = Q->shape[nd - 1];
  int dv = V->shape[nd - 1];
  if (K->shape[nd - 1] != dk || V->shape[nd - 2] != Lk) { return result; }

  // ---------- make room for the results ----------
  int wshape[4], oshape[4];
  for (int i = 0; i < nd - 1; i++) {
    wshape[i] = Q->shape[i];
    oshape[i] = Q->shape[i];
  }
  wshape[nd - 1] = Lk;
  oshape[nd - 1] = dv;
  Tensor *weights = tensor_create(nd, wshape);
  if (weights == NULL) { return result; }
  Tensor *output = tensor_create(nd, oshape);
  if (output == NULL) {
    tensor_free(weights);
    return result;
  }
  if (mask != NULL) {
    if (mask->ndim < 2 || !tensor_broadcasts(mask, weights) ||
        mask->shape[mask->ndim - 2] != Lq || mask->shape[mask->ndim - 1] != Lk) {
      tensor_free(weights);
      tensor_free(output);
      return result;
    }
  }

  // ---------- the actual work ----------
  for (int b = 0; b < batch; b++) {
    for (int i = 0; i < Lq; i++) {
      int row = (b * Lq + i) * Lk;

      // scores of query i
      for (int j = 0; j < Lk; j++) {
        float s = 0;
        for (int d = 0; d < dk; d++) {
          s += Q->data[(b * Lq + i) * dk + d] * K->data[(b * Lk + j) * dk + d];
        }
        s = s / sqrtf((float)dk);
        if (mask != NULL && mask->data[tensor_broadcast_index(mask, weights, row + j)] == 0) {
          s = -1e9f;
        }
        weights->data[row + j] = s;
      }

      // softmax
      float max = weights->data[row];
      for (int j = 1; j < Lk; j++) {
        if (weights->data[row + j] > max) { max = weights->data[row + j]; }
      }
      float sum = 0;
      for (int j = 0; j < Lk; j++) {
        weights->data[row + j] = expf(weights->data[row + j] - max);
        sum += weights->data[row + j];
      }
      for (int j = 0; j < Lk; j++) {
        weights->data[row + j] /= sum;
      }

      // output of query i
      for (int c = 0; c < dv; c++) {
        float s = 0;
        for (int j = 0; j < Lk; j++) {
          s += weights->data[row + j] * V->data[(b * Lk + j) * dv + c];
        }
        output->data[(b * Lq + i) * dv + c] = s;
      }
    }
  }
  result.output = output;
  result.weights = weights;
  return result;
}

SelfAttention *self_attention_create(int d_model)
{
  if (d_model < 1) { return NULL; }
  SelfAttention *sa = malloc(sizeof(SelfAttention));
  if (sa == NULL) { return NULL; }
  sa->d_model = d_model;
  return sa;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
  AttentionResult nothing = {NULL, NULL};
  if (attention == NULL || x == NULL) { return nothing; }
  if (x->shape[x->ndim - 1] != attention->d_model) { return nothing; }
  return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
  free(attention);
}

#ifdef TEST_AT_HOME
int main(void)
{
  Tensor *m = create_causal_mask(4);
  for (int i = 0; i < 16; i++) {
    printf("%g%c", m->data[i], i % 4 == 3 ? '\n' : ' ');
  }
  tensor_free(m);
  return 0;
}
#endif
