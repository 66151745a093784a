/* Old-style (K&R) definitions, declarations first, short names, as in 1978. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

static int
badsh(q, k, v)
	const Tensor *q, *k, *v;
{
	int i;

	if (q == NULL || k == NULL || v == NULL)
		return (1);
	if (q->ndim < 2 || q->ndim != k->ndim || q->ndim != v->ndim)
		return (1);
	for (i = 0; i < q->ndim - 2; i++)
		if (q->shape[i] != k->shape[i] || q->shape[i] != v->shape[i])
			return (1);
	if (tensor_axis(q, -1) != tensor_axis(k, -1))
		return (1);
	return (tensor_axis(k, -2) != tensor_axis(v, -2));
}

static int
badmask(m, w)
	const Tensor *m, *w;
{
	if (m == NULL)
		return (0);
	if (tensor_axis(m, -1) != tensor_axis(w, -1) || tensor_axis(m, -2) != tensor_axis(w, -2))
		return (1);
	return (!tensor_broadcasts(m, w));
}

static Tensor *
newlike(t, last)
	const Tensor *t;
	int last;
{
	int i, s[TENSOR_MAX_AXES];

	for (i = 0; i < t->ndim; i++)
		s[i] = t->shape[i];
	s[t->ndim - 1] = last;
	return (tensor_create(t->ndim, s));
}

static void
smax(w, n)
	register float *w;
	int n;
{
	register int i;
	double m, s;

	m = *w;
	for (i = 1; i < n; i++)
		if (w[i] > m)
			m = w[i];
	s = 0;
	for (i = 0; i < n; i++)
		s += w[i] = exp(w[i] - m);
	while (n-- > 0)
		*w++ /= s;
}

static double
dot(p, q, n)
	register const float *p, *q;
	register int n;
{
	double s;

	for (s = 0; n > 0; n--)
		s += *p++ * *q++;
	return (s);
}

AttentionResult
scaled_dot_product_attention(Q, K, V, mask)
	const Tensor *Q, *K, *V, *mask;
{
	AttentionResult r;
	int lq, lk, dk, dv, j, c;
	size_t i, n;
	float *w, *o;
	const float *v;

	r.output = r.weights = NULL;
	if (badsh(Q, K, V))
		return (r);
	lq = tensor_axis(Q, -2);
	lk = tensor_axis(K, -2);
	dk = tensor_axis(Q, -1);
	dv = tensor_axis(V, -1);
	r.weights = newlike(Q, lk);
	r.output = newlike(Q, dv);
	if (r.weights == NULL || r.output == NULL || badmask(mask, r.weights)) {
		tensor_free(r.weights);
		tensor_free(r.output);
		r.output = r.weights = NULL;
		return (r);
	}
	n = r.weights->size / lk;
	for (i = 0; i < n; i++) {
		w = r.weights->data + i * lk;
		o = r.output->data + i * dv;
		for (j = 0; j < lk; j++) {
			w[j] = dot(Q->data + i * dk, K->data + (i / lq * lk + j) * dk, dk) / sqrt((double)dk);
			if (mask != NULL && mask->data[tensor_broadcast_index(mask, r.weights, i * lk + j)] == 0)
				w[j] = ATTENTION_MASKED_SCORE;
		}
		smax(w, lk);
		for (j = 0; j < lk; j++) {
			v = V->data + (i / lq * lk + j) * dv;
			for (c = 0; c < dv; c++)
				o[c] += w[j] * v[c];
		}
	}
	return (r);
}

SelfAttention *
self_attention_create(d)
	int d;
{
	SelfAttention *p;

	if (d < 1)
		return (NULL);
	if ((p = (SelfAttention *)malloc(sizeof(*p))) != NULL)
		p->d_model = d;
	return (p);
}

AttentionResult
self_attention_forward(p, x, mask)
	const SelfAttention *p;
	const Tensor *x, *mask;
{
	AttentionResult r;

	r.output = r.weights = NULL;
	if (p != NULL && x != NULL && tensor_axis(x, -1) == p->d_model)
		r = scaled_dot_product_attention(x, x, x, mask);
	return (r);
}

void
self_attention_free(p)
	SelfAttention *p;
{
	free((char *)p);
}

static Tensor *
square(n)
	int n;
{
	int s[2];

	s[0] = s[1] = n;
	return (tensor_create(2, s));
}

Tensor *
create_causal_mask(n)
	int n;
{
	Tensor *t;
	int i, j;

	if ((t = square(n)) != NULL)
		for (i = 0; i < n; i++)
			for (j = 0; j <= i; j++)
				t->data[(size_t)i * n + j] = 1;
	return (t);
}

Tensor *
create_padding_mask(lens, nb, n)
	const int *lens;
	int nb, n;
{
	Tensor *t;
	int b, i, j, s[3];

	if (lens == NULL)
		return (NULL);
	for (b = 0; b < nb; b++)
		if (lens[b] < 0 || lens[b] > n)
			return (NULL);
	s[0] = nb;
	s[1] = s[2] = n;
	if ((t = tensor_create(3, s)) == NULL)
		return (NULL);
	for (b = 0; b < nb; b++)
		for (i = 0; i < lens[b]; i++)
			for (j = 0; j < lens[b]; j++)
				t->data[((size_t)b * n + i) * n + j] = 1;
	return (t);
}

Tensor *
create_bidirectional_mask(n)
	int n;
{
	Tensor *t;
	size_t i;

	if ((t = square(n)) != NULL)
		for (i = 0; i < t->size; i++)
			t->data[i] = 1;
	return (t);
}
