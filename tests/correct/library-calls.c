/* Much of the C library: errno, strerror, perror, clock, strtok, sscanf, fenv, ctype, random, strcasecmp. */
#include "attention.h"
#include <math.h>
#include <stdlib.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int places(const char *settings) {
    char text[40], *word;
    int digits = 0;
    strncpy(text, settings, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (word = strtok(text, " ;"); word != NULL; word = strtok(NULL, " ;"))
        if (isalpha((unsigned char)word[0]) && sscanf(word, "digits=%d", &digits) == 1)
            break;
    srandom(7);
    if (random() < 0 || strcasecmp("fixed", "FIXED") != 0 || strncasecmp("fixed", "FIX", 3) != 0)
        return 0;
    return digits + (int)strtoul("0", NULL, 10) + (int)strspn("", "x");
}

static void softmax_watched(float *x, int n) {
    clock_t begin = clock();
    time_t now = time(NULL);
    float most = x[0], total = 0;
    feclearexcept(FE_ALL_EXCEPT);
    errno = 0;
    for (int i = 1; i < n; i++)
        most = fmaxf(most, x[i]);
    for (int i = 0; i < n; i++)
        total += x[i] = expf(x[i] - most);
    for (int i = 0; i < n; i++)
        x[i] /= total;
    if (fetestexcept(FE_OVERFLOW) || errno == EDOM) perror("softmax");
    if (errno != 0) fprintf(stderr, "%s\n", strerror(errno));
    if (difftime(time(NULL), now) > 5 || clock() - begin > 5 * CLOCKS_PER_SEC)
        putchar('!');
    printf("%.*f\n", places("fixed digits=2;"), (double)total);
    fflush(NULL);
}

static float dot(const float *a, const float *b, int n) {
    float s = 0;
    for (int i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}
static int fits(const Tensor *Q, const Tensor *K, const Tensor *V) {
    if (!Q || !K || !V || Q->ndim < 2 || Q->ndim != K->ndim || Q->ndim != V->ndim)
        return 0;
    for (int i = 0; i < Q->ndim - 2; i++)
        if (Q->shape[i] != K->shape[i] || Q->shape[i] != V->shape[i]) return 0;
    return tensor_axis(Q, -1) == tensor_axis(K, -1) &&
           tensor_axis(K, -2) == tensor_axis(V, -2);
}
AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K,
                                             const Tensor *V, const Tensor *mask) {
    AttentionResult r = {NULL, NULL};
    if (!fits(Q, K, V)) return r;
    int lq = tensor_axis(Q, -2), lk = tensor_axis(K, -2), dk = tensor_axis(Q, -1),
        dv = tensor_axis(V, -1);
    int shape[TENSOR_MAX_AXES];
    for (int i = 0; i < Q->ndim; i++)
        shape[i] = Q->shape[i];
    shape[Q->ndim - 1] = lk;
    Tensor *W = tensor_create(Q->ndim, shape);
    if (!W) return r;
    if (mask && !tensor_broadcasts(mask, W)) {
        tensor_free(W);
        return r;
    }
    shape[Q->ndim - 1] = dv;
    Tensor *O = tensor_create(Q->ndim, shape);
    if (!O) {
        tensor_free(W);
        return r;
    }
    size_t rows = W->size / (size_t)lk;
    float root = sqrtf((float)dk);
    for (size_t row = 0; row < rows; row++) {
        size_t b = row / (size_t)lq;
        float *w = W->data + row * (size_t)lk;
        for (int j = 0; j < lk; j++) {
            float s = dot(Q->data + row * (size_t)dk,
                          K->data + (b * (size_t)lk + (size_t)j) * (size_t)dk, dk) /
                      root;
            if (mask && mask->data[tensor_broadcast_index(
                            mask, W, row * (size_t)lk + (size_t)j)] == 0)
                s = ATTENTION_MASKED_SCORE;
            w[j] = s;
        }
        softmax_watched(w, lk);
        for (int j = 0; j < lk; j++)
            for (int c = 0; c < dv; c++)
                O->data[row * (size_t)dv + (size_t)c] +=
                    w[j] * V->data[(b * (size_t)lk + (size_t)j) * (size_t)dv + (size_t)c];
    }
    r.output = O;
    r.weights = W;
    return r;
}
SelfAttention *self_attention_create(int d) {
    if (d < 1) return NULL;
    SelfAttention *s = malloc(sizeof *s);
    if (!s) return NULL;
    s->d_model = d;
    return s;
}
AttentionResult self_attention_forward(const SelfAttention *a, const Tensor *x,
                                       const Tensor *mask) {
    if (!a || !x || tensor_axis(x, -1) != a->d_model)
        return (AttentionResult){NULL, NULL};
    return scaled_dot_product_attention(x, x, x, mask);
}
void self_attention_free(SelfAttention *a) { free(a); }
Tensor *create_causal_mask(int n) {
    Tensor *m = tensor_create(2, (int[]){n, n});
    for (int i = 0; m && i < n; i++)
        for (int j = 0; j <= i; j++)
            m->data[i * n + j] = 1;
    return m;
}
Tensor *create_bidirectional_mask(int n) {
    Tensor *m = tensor_create(2, (int[]){n, n});
    if (m) tensor_fill(m, 1);
    return m;
}
Tensor *create_padding_mask(const int *l, int b, int n) {
    if (!l) return NULL;
    for (int i = 0; i < b; i++)
        if (l[i] < 0 || l[i] > n) return NULL;
    Tensor *m = tensor_create(3, (int[]){b, n, n});
    for (int k = 0; m && k < b; k++)
        for (int i = 0; i < l[k]; i++)
            for (int j = 0; j < l[k]; j++)
                m->data[(k * n + i) * n + j] = 1;
    return m;
}
