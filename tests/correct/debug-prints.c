/* Full of debug output that was never taken out: printf, stderr, puts, a function to show tensors. */
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include "attention.h"

#define DEBUG 1
#define LOG(...) do { if (DEBUG) fprintf(stderr, "[attention] " __VA_ARGS__); } while (0)

void print_tensor(const char *name, const Tensor *t)
{
	if (!DEBUG) return;
	if (t == NULL) { printf("%s = (null)\n", name); return; }
	printf("%s: (", name);
	for (int i = 0; i < t->ndim; i++) printf("%d%s", t->shape[i], i + 1 < t->ndim ? ", " : ")\n");
	int cols = t->shape[t->ndim - 1];
	for (int j = 0; j < cols && j < 8; j++) printf(" %8.4f", t->data[j]);
	puts(cols > 8 ? " ..." : "");
}

static int check(const Tensor *Q, const Tensor *K, const Tensor *V)
{
	if (Q == NULL || K == NULL || V == NULL) { LOG("NULL!!\n"); return 0; }
	if (Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim) {
		LOG("ndim: %d %d %d\n", Q->ndim, K->ndim, V->ndim);
		return 0;
	}
	for (int i = 0; i < Q->ndim - 2; i++)
		if (Q->shape[i] != K->shape[i] || Q->shape[i] != V->shape[i]) {
			LOG("axis %d differs\n", i);
			return 0;
		}
	if (Q->shape[Q->ndim - 1] != K->shape[K->ndim - 1]) { LOG("d_k differs\n"); return 0; }
	if (K->shape[K->ndim - 2] != V->shape[V->ndim - 2]) { LOG("Lk differs\n"); return 0; }
	return 1;
}

static void softmax(float *row, int n)
{
	float max = row[0], sum = 0;
	for (int i = 1; i < n; i++) if (row[i] > max) max = row[i];
	for (int i = 0; i < n; i++) sum += (row[i] = expf(row[i] - max));
	for (int i = 0; i < n; i++) row[i] /= sum;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	AttentionResult r = {NULL, NULL};
	printf("=== scaled_dot_product_attention(%p, %p, %p, %p) ===\n", (void *)Q, (void *)K, (void *)V,
	       (void *)mask);
	print_tensor("Q", Q);
	print_tensor("K", K);
	print_tensor("V", V);
	print_tensor("mask", mask);
	if (!check(Q, K, V)) return r;

	Tensor *KT = tensor_swap_last_axes(K);
	print_tensor("K^T", KT);
	Tensor *S = tensor_matmul(Q, KT);
	tensor_free(KT);
	print_tensor("QK^T", S);
	if (S == NULL) { LOG("no memory for the scores\n"); return r; }

	int lk = tensor_axis(S, -1);
	if (mask != NULL && (tensor_axis(mask, -1) != lk || tensor_axis(mask, -2) != tensor_axis(S, -2) ||
	                     !tensor_broadcasts(mask, S))) {
		LOG("this mask does not fit\n");
		tensor_free(S);
		return r;
	}
	float root = sqrtf((float)tensor_axis(Q, -1));
	printf("sqrt(d_k) = %f\n", root);
	for (size_t i = 0; i < S->size; i++) {
		S->data[i] /= root;
		if (mask != NULL && mask->data[tensor_broadcast_index(mask, S, i)] == 0) S->data[i] = -1e9f;
	}
	print_tensor("masked", S);
	for (size_t i = 0; i < S->size; i += lk) softmax(S->data + i, lk);
	print_tensor("weights", S);
	Tensor *O = tensor_matmul(S, V);
	print_tensor("output", O);
	if (O == NULL) { tensor_free(S); return r; }
	r.output = O;
	r.weights = S;
	fflush(stdout);
	return r;
}

SelfAttention *self_attention_create(int d_model)
{
	if (d_model < 1) { LOG("d_model=%d???\n", d_model); return NULL; }
	SelfAttention *a = malloc(sizeof *a);
	if (a == NULL) { perror("malloc"); return NULL; }
	a->d_model = d_model;
	printf("SelfAttention: d_model=%d\n", d_model);
	return a;
}

AttentionResult self_attention_forward(const SelfAttention *a, const Tensor *x, const Tensor *mask)
{
	AttentionResult none = {NULL, NULL};
	puts("here 1");
	if (a == NULL || x == NULL) return none;
	puts("here 2");
	if (tensor_axis(x, -1) != a->d_model) return none;
	puts("here 3");
	return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *a)
{
	printf("free %p\n", (void *)a);
	free(a);
}

Tensor *create_causal_mask(int seq_len)
{
	LOG("causal %d\n", seq_len);
	Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
	if (m == NULL) return NULL;
	for (int i = 0; i < seq_len; i++)
		for (int j = 0; j <= i; j++) m->data[(size_t)i * seq_len + j] = 1;
	print_tensor("causal", m);
	return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
	LOG("padding batch=%d max=%d\n", batch_size, max_length);
	if (lengths == NULL) return NULL;
	for (int b = 0; b < batch_size; b++) {
		printf("length[%d] = %d\n", b, lengths[b]);
		if (lengths[b] < 0 || lengths[b] > max_length) return NULL;
	}
	Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
	if (m == NULL) return NULL;
	for (int b = 0; b < batch_size; b++)
		for (int i = 0; i < lengths[b]; i++)
			for (int j = 0; j < lengths[b]; j++) tensor_set(m, (int[]){b, i, j}, 1);
	print_tensor("padding", m);
	return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
	Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
	if (m != NULL) tensor_fill(m, 1);
	print_tensor("bidirectional", m);
	return m;
}
