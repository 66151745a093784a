/* Tiles of 16 queries by 32 keys, for the cache's sake. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

#define QUERIES 16
#define KEYS    32

static inline int min(int a, int b) { return a < b ? a : b; }

struct problem {
	int batch, lq, lk, dk, dv;
};

static bool understand(struct problem *p, const Tensor *Q, const Tensor *K, const Tensor *V)
{
	if (!Q || !K || !V)
		return false;
	if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
		return false;

	p->batch = 1;
	for (int i = 0; i + 2 < Q->ndim; i++) {
		if (K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i])
			return false;
		p->batch *= Q->shape[i];
	}
	p->lq = tensor_axis(Q, -2);
	p->lk = tensor_axis(K, -2);
	p->dk = tensor_axis(Q, -1);
	p->dv = tensor_axis(V, -1);
	return tensor_axis(K, -1) == p->dk && tensor_axis(V, -2) == p->lk;
}

static Tensor *with_last_axis(const Tensor *t, int size)
{
	int shape[TENSOR_MAX_AXES];
	for (int i = 0; i < t->ndim; i++)
		shape[i] = t->shape[i];
	shape[t->ndim - 1] = size;
	return tensor_create(t->ndim, shape);
}

/* c[n][m] = alpha * a[n][k] b[m][k]^T */
static void product_with_transposed(int n, int m, int k, const float *a, const float *b,
                                    float alpha, float *c)
{
	for (int i0 = 0; i0 < n; i0 += QUERIES)
		for (int j0 = 0; j0 < m; j0 += KEYS)
			for (int i = i0; i < min(i0 + QUERIES, n); i++)
				for (int j = j0; j < min(j0 + KEYS, m); j++) {
					float s = 0;
					for (int x = 0; x < k; x++)
						s += a[i * k + x] * b[j * k + x];
					c[i * m + j] = alpha * s;
				}
}

/* c[n][m] += a[n][k] b[k][m] */
static void add_product(int n, int m, int k, const float *a, const float *b, float *c)
{
	for (int i0 = 0; i0 < n; i0 += QUERIES)
		for (int x0 = 0; x0 < k; x0 += KEYS)
			for (int i = i0; i < min(i0 + QUERIES, n); i++)
				for (int x = x0; x < min(x0 + KEYS, k); x++)
					for (int j = 0; j < m; j++)
						c[i * m + j] += a[i * k + x] * b[x * m + j];
}

static void normalise(float *row, int n)
{
	float top = row[0], sum = 0;
	for (int i = 1; i < n; i++)
		top = row[i] > top ? row[i] : top;
	for (int i = 0; i < n; i++)
		sum += row[i] = expf(row[i] - top);
	for (int i = 0; i < n; i++)
		row[i] /= sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	struct problem p;
	AttentionResult none = {0};

	if (!understand(&p, Q, K, V))
		return none;

	Tensor *w = with_last_axis(Q, p.lk), *o = with_last_axis(Q, p.dv);
	bool usable = w && o;
	if (usable && mask)
		usable = tensor_axis(mask, -2) == p.lq && tensor_axis(mask, -1) == p.lk &&
		         tensor_broadcasts(mask, w);
	if (!usable) {
		tensor_free(w);
		tensor_free(o);
		return none;
	}

	for (int b = 0; b < p.batch; b++)
		product_with_transposed(p.lq, p.lk, p.dk, Q->data + (size_t)b * p.lq * p.dk,
		                        K->data + (size_t)b * p.lk * p.dk, 1 / sqrtf(p.dk),
		                        w->data + (size_t)b * p.lq * p.lk);
	if (mask)
		for (size_t i = 0; i < w->size; i++)
			if (mask->data[tensor_broadcast_index(mask, w, i)] == 0)
				w->data[i] = ATTENTION_MASKED_SCORE;
	for (size_t i = 0; i < w->size; i += p.lk)
		normalise(w->data + i, p.lk);
	for (int b = 0; b < p.batch; b++)
		add_product(p.lq, p.dv, p.lk, w->data + (size_t)b * p.lq * p.lk,
		            V->data + (size_t)b * p.lk * p.dv, o->data + (size_t)b * p.lq * p.dv);

	return (AttentionResult){.output = o, .weights = w};
}

SelfAttention *self_attention_create(int d_model)
{
	if (d_model <= 0)
		return NULL;
	SelfAttention *self = calloc(1, sizeof *self);
	if (self)
		self->d_model = d_model;
	return self;
}

AttentionResult self_attention_forward(const SelfAttention *self, const Tensor *x,
                                       const Tensor *mask)
{
	if (self && x && x->shape[x->ndim - 1] == self->d_model)
		return scaled_dot_product_attention(x, x, x, mask);
	return (AttentionResult){0};
}

void self_attention_free(SelfAttention *self)
{
	free(self);
}

Tensor *create_bidirectional_mask(int seq_len)
{
	int shape[] = {seq_len, seq_len};
	Tensor *mask = tensor_create(2, shape);
	if (mask)
		tensor_fill(mask, 1);
	return mask;
}

Tensor *create_causal_mask(int seq_len)
{
	Tensor *mask = create_bidirectional_mask(seq_len);
	if (!mask)
		return NULL;
	for (int i = 0; i < seq_len; i++)
		for (int j = i + 1; j < seq_len; j++)
			mask->data[(size_t)i * seq_len + j] = 0;
	return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
	int shape[] = {batch_size, max_length, max_length};

	if (!lengths || batch_size < 1 || max_length < 1)
		return NULL;
	for (int b = 0; b < batch_size; b++)
		if (lengths[b] < 0 || lengths[b] > max_length)
			return NULL;

	Tensor *mask = tensor_create(3, shape);
	if (!mask)
		return NULL;
	float *at = mask->data;
	for (int b = 0; b < batch_size; b++)
		for (int i = 0; i < max_length; i++)
			for (int j = 0; j < max_length; j++)
				*at++ = i < lengths[b] && j < lengths[b];
	return mask;
}
