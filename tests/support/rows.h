/*
 * rows.h: masks written as the handout draws them, a string for each row. The masks of a batch stand
 * side by side, with a space between them:
 *
 *     ROWS("1000", "1100", "1110", "1111")
 *     ROWS("1110 1100", "1110 1100", "1110 0000", "0000 0000")
 */
#pragma once

#include "tensor.h"

enum { MOST_ROWS = 8 };

/* Rows for expect_mask(). The list ends with NULL. */
#define ROWS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A mask that is wrong in a known way. A list of them ends with {0}. */
typedef struct {
    const char *cause; /* what the student did who got it */
    const char *rows[MOST_ROWS + 1];
} WrongMask;

/*
 * The shape and every element, with no tolerance; `where` and `hint` as in compare.h. A mask that is
 * one of `wrong` fails with its cause. `wrong` may be NULL.
 */
void expect_mask(const Tensor *got, const char *const *rows, const WrongMask *wrong,
                 const char *where, const char *hint);
