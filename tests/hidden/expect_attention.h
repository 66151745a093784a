/*
 * expect_attention.h: everything that attention promises about one call, checked with the oracle.
 */
#pragma once

#include "attention.h"

/*
 * The call, for the end of a message: "with Q (4, 6), K (4, 6), V (4, 8), mask NULL". It lasts until
 * the next one.
 */
const char *describe_call(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask);

/*
 * Call scaled_dot_product_attention() and check the result: shapes, rows that sum to 1, no weight
 * where the mask is 0, every weight and every output. `hint` is for wrong weights; NULL for the
 * general one.
 */
void expect_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask,
                      const char *hint);

/* The same for a result that has come already, which is freed. */
void expect_attention_result(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                             const Tensor *mask, const char *hint);

/* The same for a result that is kept. */
void expect_attention_kept(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                           const Tensor *mask, const char *hint);

/*
 * The same for a result that came with the mask `given`, of the student's making, where it should
 * be `mask`; `of_mask` is the likely cause of the difference, or NULL.
 */
void expect_masked_attention(AttentionResult got, const Tensor *Q, const Tensor *K, const Tensor *V,
                             const Tensor *given, const Tensor *mask, const char *of_mask,
                             const char *hint);
