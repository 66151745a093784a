#include "attention.h"
#include <math.h>
#include <stdlib.h>

// ---------------------------------------------------------------
// Umut Y.
// ---------------------------------------------------------------

Tensor *create_causal_mask(int seq_len)
{
	Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
	if (mask == NULL)
		return NULL;
	for (int i = 0; i < seq_len; i++)
		for (int j = 0; j <= i; j++)
			tensor_set(mask, (int[]){i, j}, 1.0f);
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
	for (int b = 0; b < batch_size; b++)
		for (int i = 0; i < lengths[b]; i++)
			for (int j = 0; j < lengths[b]; j++)
				tensor_set(mask, (int[]){b, i, j}, 1.0f);
	return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
	Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
	if (mask == NULL)
		return NULL;
	tensor_fill(mask, 1.0f);
	return mask;
}

// 1 becomes 0 and 0 becomes -1e9, as in the PyTorch tutorial
static void make_additive(const Tensor *mask)
{
	for (size_t i = 0; i < mask->size; i++)
		mask->data[i] = mask->data[i] == 0.0f ? ATTENTION_MASKED_SCORE : 0.0f;
}

static void softmax(float *row, int n)
{
	float max = row[0];
	for (int j = 1; j < n; j++)
		if (row[j] > max)
			max = row[j];
	float sum = 0.0f;
	for (int j = 0; j < n; j++) {
		row[j] = expf(row[j] - max);
		sum += row[j];
	}
	for (int j = 0; j < n; j++)
		row[j] /= sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	AttentionResult r = {NULL, NULL};

	if (Q == NULL || K == NULL || V == NULL || tensor_axis(K, -2) != tensor_axis(V, -2))
		return r;
	Tensor *K_T = tensor_swap_last_axes(K);
	Tensor *scores = tensor_matmul(Q, K_T);
	tensor_free(K_T);
	if (scores == NULL)
		return r;

	if (mask != NULL) {
		if (!tensor_broadcasts(mask, scores) ||
		    tensor_axis(mask, -1) != tensor_axis(scores, -1) ||
		    tensor_axis(mask, -2) != tensor_axis(scores, -2)) {
			tensor_free(scores);
			return r;
		}
		make_additive(mask);
	}

	int n = tensor_axis(scores, -1);
	float scale = 1.0f / sqrtf((float)tensor_axis(Q, -1));
	for (size_t i = 0; i < scores->size; i++) {
		scores->data[i] *= scale;
		if (mask != NULL && mask->data[tensor_broadcast_index(mask, scores, i)] < 0.0f)
			scores->data[i] = ATTENTION_MASKED_SCORE;
	}
	for (size_t i = 0; i < scores->size; i += n)
		softmax(scores->data + i, n);

	r.output = tensor_matmul(scores, V);
	if (r.output == NULL) {
		tensor_free(scores);
		return r;
	}
	r.weights = scores;
	return r;
}

SelfAttention *self_attention_create(int d_model)
{
	if (d_model < 1)
		return NULL;
	SelfAttention *attention = malloc(sizeof(SelfAttention));
	if (attention == NULL)
		return NULL;
	attention->d_model = d_model;
	return attention;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
	if (attention == NULL || tensor_axis(x, -1) != attention->d_model)
		return (AttentionResult){NULL, NULL};
	return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *attention)
{
	free(attention);
}
