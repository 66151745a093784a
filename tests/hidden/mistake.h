/*
 * mistake.h: attention as it comes out when one thing is done wrong, in double precision. What a
 * student's results agree with is what the student has done (diagnose.h).
 *
 * A mistake replaces some of the steps; a step that is NULL is done right.
 */
#pragma once

#include "oracle.h"

/* One call, with its sizes. */
typedef struct {
    const Tensor *Q, *K, *V, *mask;
    Tensor scores;  /* only its shape: (..., Lq, Lk) */
    size_t batches; /* of all leading axes together */
    int n_queries, n_keys, d_k, d_v;
    int first_d_k;  /* of the first call of this test */
    double divisor; /* by which the scores seem to have been divided; 0: not known */
} AttentionCall;

/* One of the scores of a call. */
typedef struct {
    const AttentionCall *call;
    size_t batch;
    int query, key;
} Place;

typedef enum { FAMILY_NONE, FAMILY_SCALE, FAMILY_SOFTMAX, FAMILY_EXPONENT, FAMILY_MASK } Family;

typedef struct {
    const char *says;                                     /* in a sentence, for the student */
    Family family;                                        /* of mistakes that look alike */
    bool (*possible)(const AttentionCall *call);          /* NULL: in every call */
    double (*dot)(Place at);                              /* query times key */
    double (*divisor)(const AttentionCall *call);         /* of the products */
    double (*masked)(Place at, double score);             /* the score with its mask */
    void (*softmax)(const AttentionCall *call, double *); /* of all scores, in place */
    double (*weight)(Place at, double weight);            /* after the softmax */
    double (*value)(Place at, int column);                /* what the weight is multiplied with */
    double (*added)(Place at, int column);                /* to the output; the key is 0 */
    bool output_in_int;                                   /* its sums are cut to whole numbers */
    bool scores_returned;                                 /* in place of the weights */
    bool
        seen_as_overflow; /* alone: so much may be behind it that only a test made for it names it */
} Mistake;

/* Call it for each call of a test, in their order: it keeps what later mistakes may depend on. */
AttentionCall attention_call(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask);

/* Free the result with oracle_free(). */
Oracle mistake_attention(const AttentionCall *call, const Mistake *mistake);

/* The element of the mask at a place; 1 if there is no mask. */
double mask_at(Place at);

/* Query times key, as it should be. */
double dot_product(Place at);

/* The first element of the query, of the keys of its batch, and of the values of its batch. */
const float *query_of(Place at);
const float *keys_of(Place at);
const float *values_of(Place at);

/*
 * exp(x - shift) / sum over `count` elements, `step` apart, in the range of a float: with the
 * largest element as shift it is right, with others it may overflow.
 */
void normalise(double *x, size_t count, size_t step, double shift);
double largest_of(const double *x, size_t count, size_t step);

/* The mistakes that are known. */
typedef struct {
    const Mistake *mistakes;
    size_t count;
} MistakeList;
extern const MistakeList score_mistakes, mask_mistakes, softmax_mistakes, output_mistakes;
