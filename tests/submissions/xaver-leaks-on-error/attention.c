/* Xaver Müller, Übung 4 */
#include "attention.h"
#include <math.h>
#include <stdlib.h>

Tensor *create_causal_mask(int seq_len)
{
    Tensor *maske = tensor_create(2, (int[]){seq_len, seq_len});
    if (!maske)
        return NULL;
    /* für jede Zeile: alles bis zur Diagonale */
    for (int z = 0; z < seq_len; z++)
        for (int s = 0; s <= z; s++)
            tensor_set(maske, (int[]){z, s}, 1.0f);
    return maske;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    if (!lengths)
        return NULL;
    Tensor *maske = tensor_create(3, (int[]){batch_size, max_length, max_length}); /* größer als nötig */
    if (!maske)
        return NULL;
    for (int b = 0; b < batch_size; b++) {
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
        for (int z = 0; z < lengths[b]; z++)
            for (int s = 0; s < lengths[b]; s++)
                tensor_set(maske, (int[]){b, z, s}, 1.0f);
    }
    return maske;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Tensor *maske = tensor_create(2, (int[]){seq_len, seq_len});
    if (maske)
        tensor_fill(maske, 1.0f);
    return maske;
}

static void softmax(float *zeile, int n)
{
    float max = zeile[0], summe = 0.0f;
    for (int s = 1; s < n; s++)
        if (zeile[s] > max)
            max = zeile[s];
    for (int s = 0; s < n; s++)
        summe += zeile[s] = expf(zeile[s] - max);
    for (int s = 0; s < n; s++)
        zeile[s] /= summe;
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    AttentionResult nichts = {NULL, NULL};

    Tensor *kt = tensor_swap_last_axes(K);
    Tensor *gewichte = tensor_matmul(Q, kt);
    tensor_free(kt);
    if (!gewichte)
        return nichts;
    if (mask && (tensor_axis(mask, -2) != tensor_axis(gewichte, -2) ||
                 tensor_axis(mask, -1) != tensor_axis(gewichte, -1) ||
                 !tensor_broadcasts(mask, gewichte))) {
        tensor_free(gewichte);
        return nichts;
    }
    for (size_t i = 0; i < gewichte->size; i++) {
        gewichte->data[i] /= sqrtf((float)tensor_axis(Q, -1));
        if (mask && mask->data[tensor_broadcast_index(mask, gewichte, i)] == 0.0f)
            gewichte->data[i] = ATTENTION_MASKED_SCORE;
    }
    int n = tensor_axis(gewichte, -1);
    for (size_t i = 0; i < gewichte->size; i += (size_t)n)
        softmax(gewichte->data + i, n);
    Tensor *ausgabe = tensor_matmul(gewichte, V);
    if (!ausgabe) {
        tensor_free(gewichte);
        return nichts;
    }
    return (AttentionResult){ausgabe, gewichte};
}

SelfAttention *self_attention_create(int d_model)
{
    if (d_model < 1)
        return NULL;
    SelfAttention *schicht = malloc(sizeof *schicht);
    if (schicht)
        schicht->d_model = d_model;
    return schicht;
}

AttentionResult self_attention_forward(const SelfAttention *schicht, const Tensor *x,
                                       const Tensor *mask)
{
    if (!schicht || tensor_axis(x, -1) != schicht->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}

void self_attention_free(SelfAttention *schicht)
{
    free(schicht);
}
