/* Quentin D. - devoir 4 */

#include <stdio.h>
#include <stdlib.h>
#include <math.h>

#include "attention.h"

static void erreur(const char *quoi)
{
	fprintf(stderr, "erreur : %s\n", quoi);
	exit(0);
}

Tensor *create_causal_mask(int seq_len)
{
	Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
	if (!m)
		return NULL;
	for (int i = 0; i < seq_len; i++)
		for (int j = 0; j <= i; j++)
			tensor_set(m, (int[]){i, j}, 1);
	return m;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
	if (!lengths)
		return NULL;
	for (int b = 0; b < batch_size; b++)
		if (lengths[b] < 0 || lengths[b] > max_length)
			erreur("longueur impossible");
	Tensor *m = tensor_create(3, (int[]){batch_size, max_length, max_length});
	if (!m)
		return NULL;
	for (int b = 0; b < batch_size; b++)
		for (int i = 0; i < lengths[b]; i++)
			for (int j = 0; j < lengths[b]; j++)
				tensor_set(m, (int[]){b, i, j}, 1);
	return m;
}

Tensor *create_bidirectional_mask(int seq_len)
{
	Tensor *m = tensor_create(2, (int[]){seq_len, seq_len});
	if (m)
		tensor_fill(m, 1);
	return m;
}

static void softmax(float *ligne, int n)
{
	float max = ligne[0], somme = 0;
	for (int j = 1; j < n; j++)
		if (ligne[j] > max)
			max = ligne[j];
	for (int j = 0; j < n; j++) {
		ligne[j] = expf(ligne[j] - max);
		somme += ligne[j];
	}
	for (int j = 0; j < n; j++)
		ligne[j] /= somme;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
	AttentionResult rien = {NULL, NULL};
	Tensor *kt, *poids, *sortie;

	kt = tensor_swap_last_axes(K);
	poids = tensor_matmul(Q, kt);
	tensor_free(kt);
	if (!poids)
		return rien;
	if (mask && (tensor_axis(mask, -2) != tensor_axis(poids, -2) ||
	             tensor_axis(mask, -1) != tensor_axis(poids, -1) ||
	             !tensor_broadcasts(mask, poids))) {
		tensor_free(poids);
		return rien;
	}
	for (size_t i = 0; i < poids->size; i++) {
		poids->data[i] /= sqrtf(tensor_axis(Q, -1));
		if (mask && mask->data[tensor_broadcast_index(mask, poids, i)] == 0)
			poids->data[i] = ATTENTION_MASKED_SCORE;
	}
	int n = tensor_axis(poids, -1);
	for (size_t i = 0; i < poids->size; i += n)
		softmax(poids->data + i, n);
	sortie = tensor_matmul(poids, V);
	if (!sortie) {
		tensor_free(poids);
		return rien;
	}
	return (AttentionResult){sortie, poids};
}

SelfAttention *self_attention_create(int d_model)
{
	if (d_model < 1)
		return NULL;
	SelfAttention *s = malloc(sizeof *s);
	if (s)
		s->d_model = d_model;
	return s;
}

AttentionResult self_attention_forward(const SelfAttention *s, const Tensor *x, const Tensor *mask)
{
	if (!s || tensor_axis(x, -1) != s->d_model)
		return (AttentionResult){NULL, NULL};
	return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *s)
{
	free(s);
}
