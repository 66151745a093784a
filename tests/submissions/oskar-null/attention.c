// Oskar T.
#include "attention.h"
#include <math.h>
#include <stdlib.h>

Tensor *create_causal_mask(int seq_len) {
  Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
  if (mask) {
    for (int i = 0; i < seq_len; ++i) {
      for (int j = 0; j <= i; ++j) {
        tensor_set(mask, (int[]){i, j}, 1.0f);
      }
    }
  }
  return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length) {
  if (!lengths) {
    return NULL;
  }
  for (int b = 0; b < batch_size; ++b) {
    if (lengths[b] < 0 || lengths[b] > max_length) {
      return NULL;
    }
  }
  Tensor *mask = tensor_create(3, (int[]){batch_size, max_length, max_length});
  if (mask) {
    for (int b = 0; b < batch_size; ++b) {
      for (int i = 0; i < lengths[b]; ++i) {
        for (int j = 0; j < lengths[b]; ++j) {
          tensor_set(mask, (int[]){b, i, j}, 1.0f);
        }
      }
    }
  }
  return mask;
}

Tensor *create_bidirectional_mask(int seq_len) {
  Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
  if (mask) {
    tensor_fill(mask, 1.0f);
  }
  return mask;
}

static void scale(Tensor *t, float factor) {
  for (size_t i = 0; i < t->size; ++i) {
    t->data[i] *= factor;
  }
}

static bool maskScores(Tensor *scores, const Tensor *mask) {
  if (tensor_axis(mask, -1) != tensor_axis(scores, -1) ||
      tensor_axis(mask, -2) != tensor_axis(scores, -2) || !tensor_broadcasts(mask, scores)) {
    return false;
  }
  for (size_t i = 0; i < scores->size; ++i) {
    if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0) {
      scores->data[i] = ATTENTION_MASKED_SCORE;
    }
  }
  return true;
}

static void softmax(Tensor *t) {
  const int n = tensor_axis(t, -1);
  for (size_t start = 0; start < t->size; start += n) {
    float *row = t->data + start;
    float max = row[0];
    for (int j = 1; j < n; ++j) {
      max = row[j] > max ? row[j] : max;
    }
    float sum = 0;
    for (int j = 0; j < n; ++j) {
      row[j] = expf(row[j] - max);
      sum += row[j];
    }
    for (int j = 0; j < n; ++j) {
      row[j] /= sum;
    }
  }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask) {
  AttentionResult empty = {NULL, NULL};
  if (!Q || !K || !V) {
    return empty;
  }
  Tensor *keysT = tensor_swap_last_axes(K);
  Tensor *weights = tensor_matmul(Q, keysT);
  tensor_free(keysT);
  if (!weights) {
    return empty;
  }
  scale(weights, 1.0f / sqrtf(tensor_axis(Q, -1)));
  if (mask && !maskScores(weights, mask)) {
    tensor_free(weights);
    return empty;
  }
  softmax(weights);
  Tensor *output = tensor_matmul(weights, V);
  if (!output) {
    tensor_free(weights);
    return empty;
  }
  return (AttentionResult){output, weights};
}

SelfAttention *self_attention_create(int d_model) {
  if (d_model < 1) {
    return NULL;
  }
  SelfAttention *attention = malloc(sizeof *attention);
  if (attention) {
    attention->d_model = d_model;
  }
  return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask) {
  AttentionResult empty = {NULL, NULL};
  if (x->shape[x->ndim - 1] != attention->d_model) {
    return empty;
  }
  return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention) {
  free(attention);
}
