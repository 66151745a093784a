#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "fail.h"

enum { MOST_MASKS = 4, MOST_ELEMENTS = MOST_MASKS * MOST_ROWS * MOST_ROWS };

/* The numbers that the rows of a mask stand for; `elements` has room for MOST_ELEMENTS. */
static Expected read_rows(const char *const *rows, double *elements)
{
    size_t row_count = 0;
    while (rows[row_count])
        row_count++;
    size_t width = strlen(rows[0]);
    size_t columns = strcspn(rows[0], " ");
    size_t masks = (width + 1) / (columns + 1);
    if (row_count > MOST_ROWS || columns > MOST_ROWS || masks > MOST_MASKS)
        fail_test("broken", NULL, "the rows \"%s\" ... of a test are too many or too long",
                  rows[0]);

    double *next = elements;
    for (size_t mask = 0; mask < masks; mask++) {
        for (size_t row = 0; row < row_count; row++) {
            if (strlen(rows[row]) != width)
                fail_test("broken", NULL, "the row \"%s\" of a test is not as long as \"%s\"",
                          rows[row], rows[0]);
            for (size_t column = 0; column < columns; column++)
                *next++ = rows[row][mask * (columns + 1) + column] == '1';
        }
    }
    if (masks == 1)
        return (Expected){2, {(int)row_count, (int)columns}, elements};
    return (Expected){3, {(int)masks, (int)row_count, (int)columns}, elements};
}

static bool is_mask(const Tensor *got, const char *const *rows)
{
    double elements[MOST_ELEMENTS];
    Expected mask = read_rows(rows, elements);
    if (got->ndim != mask.ndim ||
        memcmp(got->shape, mask.shape, (size_t)mask.ndim * sizeof *mask.shape) != 0)
        return false;
    for (size_t i = 0; i < got->size; i++)
        if (got->data[i] != elements[i])
            return false;
    return true;
}

void expect_mask(const Tensor *got, const char *const *rows, const WrongMask *wrong,
                 const char *where, const char *hint)
{
    fail_cause(NULL);
    for (; got && wrong && wrong->cause; wrong++)
        if (is_mask(got, wrong->rows))
            fail_cause(wrong->cause);

    double elements[MOST_ELEMENTS];
    Expected expected = read_rows(rows, elements);
    expect_exactly("mask", got, &expected, where, hint);
}
