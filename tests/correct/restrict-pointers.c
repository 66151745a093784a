/* Written for the optimiser: restrict, register, const everywhere, alignment and builtins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attention.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALIGNMENT   64

struct sizes {
	int b, lq, lk, dk, dv;
};

__attribute__((hot)) static float dot(const float *restrict a, const float *restrict b,
                                      register const int n)
{
	float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
	register int i = 0;
	for (; i + 3 < n; i += 4) {
		s0 += a[i] * b[i];
		s1 += a[i + 1] * b[i + 1];
		s2 += a[i + 2] * b[i + 2];
		s3 += a[i + 3] * b[i + 3];
	}
	for (; i < n; i++)
		s0 += a[i] * b[i];
	return (s0 + s1) + (s2 + s3);
}

static void softmax(float *restrict row, const int n)
{
	float m = row[0], s = 0;
	for (register int i = 1; i < n; i++)
		m = row[i] > m ? row[i] : m;
	for (register int i = 0; i < n; i++)
		s += (row[i] = expf(row[i] - m));
	const float inverse = 1.0f / s;
	for (register int i = 0; i < n; i++)
		row[i] *= inverse;
}

static bool measure(struct sizes *restrict z, const Tensor *Q, const Tensor *K, const Tensor *V)
{
	if (UNLIKELY(!Q || !K || !V))
		return false;
	const int n = Q->ndim;
	if (UNLIKELY(n < 2 || K->ndim != n || V->ndim != n))
		return false;
	z->b = 1;
	for (int i = 0; i < n - 2; i++) {
		if (UNLIKELY(K->shape[i] != Q->shape[i] || V->shape[i] != Q->shape[i]))
			return false;
		z->b *= Q->shape[i];
	}
	z->lq = Q->shape[n - 2];
	z->lk = K->shape[n - 2];
	z->dk = Q->shape[n - 1];
	z->dv = V->shape[n - 1];
	return LIKELY(K->shape[n - 1] == z->dk && V->shape[n - 2] == z->lk);
}

static float *aligned(size_t floats)
{
	const size_t bytes = floats * sizeof(float);
	return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

/* Values with their axes swapped, so that both products run along contiguous memory. */
static void swap(float *restrict to, const float *restrict from, const int rows, const int cols)
{
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < cols; c++)
			to[c * rows + r] = from[r * cols + c];
}

static void compute(const struct sizes z, const Tensor *Q, const Tensor *K, const Tensor *V,
                    const Tensor *mask, const AttentionResult r, float *restrict vt)
{
	const float scale = 1.0f / sqrtf((float)z.dk);
	for (int b = 0; b < z.b; b++) {
		swap(vt, V->data + (size_t)b * z.lk * z.dv, z.lk, z.dv);
		for (int i = 0; i < z.lq; i++) {
			const size_t row = (size_t)b * z.lq + i;
			float *restrict w = r.weights->data + row * z.lk;
			for (int j = 0; j < z.lk; j++)
				w[j] = scale * dot(Q->data + row * z.dk, K->data + ((size_t)b * z.lk + j) * z.dk, z.dk);
			for (int j = 0; mask && j < z.lk; j++)
				if (mask->data[tensor_broadcast_index(mask, r.weights, row * z.lk + j)] == 0)
					w[j] = ATTENTION_MASKED_SCORE;
			softmax(w, z.lk);
			for (int c = 0; c < z.dv; c++)
				r.output->data[row * z.dv + c] = dot(w, vt + (size_t)c * z.lk, z.lk);
		}
	}
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	struct sizes z;
	if (!measure(&z, Q, K, V))
		return (AttentionResult){NULL, NULL};

	int shape[TENSOR_MAX_AXES];
	memcpy(shape, Q->shape, sizeof shape);
	AttentionResult r;
	shape[Q->ndim - 1] = z.lk;
	r.weights = tensor_create(Q->ndim, shape);
	shape[Q->ndim - 1] = z.dv;
	r.output = tensor_create(Q->ndim, shape);
	float *vt = aligned((size_t)z.lk * z.dv);
	bool good = r.weights && r.output && vt;
	if (good && mask)
		good = tensor_axis(mask, -2) == z.lq && tensor_axis(mask, -1) == z.lk &&
		       tensor_broadcasts(mask, r.weights);
	if (LIKELY(good)) {
		compute(z, Q, K, V, mask, r, vt);
	} else {
		tensor_free(r.weights);
		tensor_free(r.output);
		r = (AttentionResult){NULL, NULL};
	}
	free(vt);
	return r;
}

SelfAttention *self_attention_create(const int d_model)
{
	if (UNLIKELY(d_model < 1))
		return NULL;
	SelfAttention *const self = malloc(sizeof *self);
	if (LIKELY(self))
		self->d_model = d_model;
	return self;
}

AttentionResult self_attention_forward(const SelfAttention *self, const Tensor *x,
                                       const Tensor *mask)
{
	if (UNLIKELY(!self || !x || tensor_axis(x, -1) != self->d_model))
		return (AttentionResult){NULL, NULL};
	return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *const self)
{
	free(self);
}

Tensor *create_causal_mask(const int seq_len)
{
	Tensor *const m = tensor_create(2, (const int[]){seq_len, seq_len});
	if (UNLIKELY(!m))
		return NULL;
	float *restrict p = m->data;
	for (register int i = 0; i < seq_len; i++, p += seq_len)
		for (register int j = 0; j <= i; j++)
			p[j] = 1.0f;
	return m;
}

Tensor *create_padding_mask(const int *const lengths, const int batch_size, const int max_length)
{
	if (UNLIKELY(!lengths))
		return NULL;
	for (register int b = 0; b < batch_size; b++)
		if (UNLIKELY((unsigned)lengths[b] > (unsigned)max_length || max_length < 1))
			return NULL;
	Tensor *const m = tensor_create(3, (const int[]){batch_size, max_length, max_length});
	if (UNLIKELY(!m))
		return NULL;
	for (register int b = 0; b < batch_size; b++) {
		float *restrict p = m->data + (size_t)b * max_length * max_length;
		for (register int i = 0; i < lengths[b]; i++, p += max_length)
			for (register int j = 0; j < lengths[b]; j++)
				p[j] = 1.0f;
	}
	return m;
}

Tensor *create_bidirectional_mask(const int seq_len)
{
	Tensor *const m = tensor_create(2, (const int[]){seq_len, seq_len});
	if (LIKELY(m))
		tensor_fill(m, 1.0f);
	return m;
}
