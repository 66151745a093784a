#include "attention.h"
#include <stdlib.h>
#include <math.h>

/* helpers ------------------------------------------------- */

static float row_max(const float *v, int n)
{
	float m = v[0];
	for (int i = 1; i < n; ++i)
		if (v[i] > m)
			m = v[i];
	return m;
}

static void row_softmax(float *v, int n)
{
	float m = row_max(v, n), total = 0;
	for (int i = 0; i < n; ++i) {
		v[i] = expf(v[i] - m);
		total += v[i];
	}
	for (int i = 0; i < n; ++i)
		v[i] /= total;
}

static int mask_ok(const Tensor *mask, const Tensor *scores)
{
	return tensor_axis(mask, -1) == tensor_axis(scores, -1)
	    && tensor_axis(mask, -2) == tensor_axis(scores, -2)
	    && tensor_broadcasts(mask, scores);
}

/* masks --------------------------------------------------- */

Tensor *create_causal_mask(int seq_len)
{
	Tensor *t = tensor_create(2, (int[]){seq_len, seq_len});
	if (!t)
		return NULL;
	for (int i = 0; i < seq_len; ++i)
		for (int j = 0; j < seq_len; ++j)
			t->data[(size_t)i * seq_len + j] = (j > i) ? 0.0f : 1.0f;
	return t;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
	if (!lengths)
		return NULL;
	for (int b = 0; b < batch_size; ++b)
		if (lengths[b] < 0 || lengths[b] > max_length)
			return NULL;
	Tensor *t = tensor_create(3, (int[]){batch_size, max_length, max_length});
	if (!t)
		return NULL;
	for (int b = 0; b < batch_size; ++b)
		for (int i = 0; i < lengths[b]; ++i)
			for (int j = 0; j < lengths[b]; ++j)
				t->data[((size_t)b * max_length + i) * max_length + j] = 1.0f;
	return t;
}

Tensor *create_bidirectional_mask(int seq_len)
{
	Tensor *t = tensor_create(2, (int[]){seq_len, seq_len});
	if (t)
		tensor_fill(t, 1.0f);
	return t;
}

/* attention ----------------------------------------------- */

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	AttentionResult res = {NULL, NULL};
	Tensor *kt = tensor_swap_last_axes(K);
	Tensor *w = tensor_matmul(Q, kt);
	tensor_free(kt);
	if (!w)
		return res;
	if (mask && !mask_ok(mask, w)) {
		tensor_free(w);
		return res;
	}

	float scale = 1.0f / sqrtf((float)tensor_axis(Q, -1));
	for (size_t i = 0; i < w->size; ++i) {
		w->data[i] *= scale;
		if (mask && mask->data[tensor_broadcast_index(mask, w, i)])
			w->data[i] = ATTENTION_MASKED_SCORE;
	}

	int n = tensor_axis(w, -1);
	for (size_t r = 0; r < w->size / n; ++r)
		row_softmax(w->data + r * n, n);

	Tensor *out = tensor_matmul(w, V);
	if (!out) {
		tensor_free(w);
		return res;
	}
	res.output = out;
	res.weights = w;
	return res;
}

SelfAttention *self_attention_create(int d_model)
{
	SelfAttention *a;
	if (d_model < 1)
		return NULL;
	a = malloc(sizeof *a);
	if (a)
		a->d_model = d_model;
	return a;
}

AttentionResult self_attention_forward(const SelfAttention *a, const Tensor *x, const Tensor *mask)
{
	if (!a || tensor_axis(x, -1) != a->d_model)
		return (AttentionResult){NULL, NULL};
	return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *a)
{
	free(a);
}
