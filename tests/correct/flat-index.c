/* One loop over all scores; where each belongs is computed from its flat index. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	AttentionResult res = {NULL, NULL};
	size_t lq, lk, dk, dv, e, x;
	int a, n, ws[TENSOR_MAX_AXES], os[TENSOR_MAX_AXES];
	float *top = NULL, *sum = NULL;

	if (!Q || !K || !V) return res;
	n = Q->ndim;
	if (n < 2 || K->ndim != n || V->ndim != n) return res;
	for (a = 0; a < n; a++) {
		if (a < n - 2 && (K->shape[a] != Q->shape[a] || V->shape[a] != Q->shape[a])) return res;
		ws[a] = os[a] = Q->shape[a];
	}
	lq = Q->shape[n - 2];
	dk = Q->shape[n - 1];
	lk = K->shape[n - 2];
	dv = V->shape[n - 1];
	if ((size_t)K->shape[n - 1] != dk || (size_t)V->shape[n - 2] != lk) return res;
	ws[n - 1] = (int)lk;
	os[n - 1] = (int)dv;

	res.weights = tensor_create(n, ws);
	res.output = tensor_create(n, os);
	if (!res.weights || !res.output) goto bad;
	if (mask && (!tensor_broadcasts(mask, res.weights) || tensor_axis(mask, -1) != (int)lk ||
	             tensor_axis(mask, -2) != (int)lq)) goto bad;
	top = malloc(res.weights->size / lk * sizeof *top);
	sum = calloc(res.weights->size / lk, sizeof *sum);
	if (!top || !sum) goto bad;

	/* e = (batch * lq + i) * lk + j */
	for (e = 0; e < res.weights->size; e++) {
		size_t row = e / lk, j = e % lk, batch = row / lq;
		float dot = 0;
		for (x = 0; x < dk; x++)
			dot += Q->data[row * dk + x] * K->data[(batch * lk + j) * dk + x];
		dot /= sqrtf(dk);
		if (mask && mask->data[tensor_broadcast_index(mask, res.weights, e)] == 0)
			dot = ATTENTION_MASKED_SCORE;
		res.weights->data[e] = dot;
		if (j == 0 || dot > top[row]) top[row] = dot;
	}
	for (e = 0; e < res.weights->size; e++)
		sum[e / lk] += res.weights->data[e] = expf(res.weights->data[e] - top[e / lk]);
	for (e = 0; e < res.weights->size; e++)
		res.weights->data[e] /= sum[e / lk];
	/* e = (batch * lq + i) * dv + c */
	for (e = 0; e < res.output->size; e++) {
		size_t row = e / dv, c = e % dv, batch = row / lq;
		for (x = 0; x < lk; x++)
			res.output->data[e] += res.weights->data[row * lk + x] * V->data[(batch * lk + x) * dv + c];
	}
	free(top);
	free(sum);
	return res;
bad:
	free(top);
	free(sum);
	tensor_free(res.weights);
	tensor_free(res.output);
	res.weights = res.output = NULL;
	return res;
}

SelfAttention *self_attention_create(int d_model)
{
	SelfAttention *s;
	if (d_model < 1) return NULL;
	s = malloc(sizeof *s);
	if (s) s->d_model = d_model;
	return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
	AttentionResult none = {NULL, NULL};
	if (!s || !x || x->shape[x->ndim - 1] != s->d_model) return none;
	return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s) { free(s); }

Tensor *create_causal_mask(int seq_len)
{
	int shape[2] = {seq_len, seq_len};
	Tensor *m = tensor_create(2, shape);
	size_t e, n = seq_len;
	if (!m) return NULL;
	for (e = 0; e < n * n; e++) m->data[e] = e % n <= e / n;
	return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
	int b, shape[3] = {batch_size, max_length, max_length};
	size_t e, n = max_length;
	Tensor *m;
	if (!lengths || batch_size < 1 || max_length < 1) return NULL;
	for (b = 0; b < batch_size; b++)
		if (lengths[b] < 0 || lengths[b] > max_length) return NULL;
	m = tensor_create(3, shape);
	if (!m) return NULL;
	for (e = 0; e < m->size; e++) {
		size_t length = lengths[e / (n * n)];
		m->data[e] = e / n % n < length && e % n < length;
	}
	return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
	int shape[2] = {seq_len, seq_len};
	Tensor *m = tensor_create(2, shape);
	size_t e;
	for (e = 0; m && e < m->size; e++) m->data[e] = 1;
	return m;
}
