/* diagnose_mask.c: the masks that come out when one thing is done wrong; see diagnose.h. */
#include <math.h>
#include <string.h>

#include "diagnose.h"

/* An element of a mask of length x length for a sequence of which `valid` positions are no padding. */
typedef struct {
    int row, column, length, valid;
    int first; /* the valid positions of the first sequence of the batch */
} Element;

typedef struct {
    const char *says;
    double (*is)(Element e);
} WrongMask;

/* ---- elements -------------------------------------------------------------------------------- */

static double strictly_lower(Element e)
{
    return e.column < e.row;
}

static double one_beyond(Element e)
{
    return e.column <= e.row + 1;
}

static double lower(Element e)
{
    return e.column <= e.row;
}

static double upper(Element e)
{
    return e.column >= e.row;
}

static double strictly_upper(Element e)
{
    return e.column > e.row;
}

static double anti_lower(Element e)
{
    return e.row + e.column >= e.length - 1;
}

static double anti_upper(Element e)
{
    return e.row + e.column < e.length;
}

static double lower_without_first_column(Element e)
{
    return e.column > 0 && e.column <= e.row;
}

static double lower_without_last_row(Element e)
{
    return e.column <= e.row && e.row < e.length - 1;
}

static double additive(Element e)
{
    return e.column <= e.row ? 0 : -INFINITY;
}

static double additive_finite(Element e)
{
    return e.column <= e.row ? 0 : (double)ATTENTION_MASKED_SCORE;
}

static double diagonal(Element e)
{
    return e.row == e.column;
}

static double off_diagonal(Element e)
{
    return e.row != e.column;
}

static double first_row(Element e)
{
    return e.row == 0;
}

static double zero(Element e)
{
    (void)e;
    return 0;
}

static double one(Element e)
{
    (void)e;
    return 1;
}

static double valid(Element e)
{
    return e.row < e.valid && e.column < e.valid;
}

static double valid_row(Element e)
{
    return e.row < e.valid;
}

static double valid_column(Element e)
{
    return e.column < e.valid;
}

static double valid_either(Element e)
{
    return e.row < e.valid || e.column < e.valid;
}

static double padding(Element e)
{
    return !valid(e);
}

static double padding_both(Element e)
{
    return e.row >= e.valid && e.column >= e.valid;
}

static double one_short(Element e)
{
    return e.row < e.valid - 1 && e.column < e.valid - 1;
}

static double one_too_far(Element e)
{
    return e.row <= e.valid && e.column <= e.valid;
}

static double rows_too_far(Element e)
{
    return e.row <= e.valid && e.column < e.valid;
}

static double columns_too_far(Element e)
{
    return e.row < e.valid && e.column <= e.valid;
}

static double rows_one_short(Element e)
{
    return e.row < e.valid - 1 && e.column < e.valid;
}

static double columns_one_short(Element e)
{
    return e.row < e.valid && e.column < e.valid - 1;
}

static double valid_as_first(Element e)
{
    return e.row < e.first && e.column < e.first;
}

static double valid_at_end(Element e)
{
    int padded = e.length - e.valid;
    return e.row >= padded && e.column >= padded;
}

static double valid_or_itself(Element e)
{
    return valid(e) || e.row == e.column;
}

static double valid_or_padding(Element e)
{
    return valid(e) || padding_both(e);
}

static double valid_and_causal(Element e)
{
    return valid(e) && e.column <= e.row;
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static const WrongMask causal_mistakes[] = {
    {"no position may attend to itself in this mask: it is one short", strictly_lower},
    {"each position may attend to the next one too in this mask: it is one too far", one_beyond},
    {"the mask has the other triangle: positions see the future, not the past", upper},
    {"the mask is inverted: it is 1 where a position must not attend", strictly_upper},
    {"the mask is of the other diagonal: row 0 must have a 1 in column 0 only", anti_lower},
    {"the mask is of the other diagonal: row 0 must have a 1 in column 0 only", anti_upper},
    {"column 0 is left out", lower_without_first_column},
    {"the last row is left out", lower_without_last_row},
    {"this mask is made to be added to scores; here 1 means may attend, and 0 may not", additive},
    {"this mask is made to be added to scores; here 1 means may attend, and 0 may not",
     additive_finite},
    {"the mask lets each position attend to itself only", diagonal},
    {"the mask lets everything through", one},
    {"nothing was set: the mask is all 0", zero},
};

static const WrongMask bidirectional_mistakes[] = {
    {"the mask is causal", lower},
    {"the mask is causal, the other way round", upper},
    {"the mask lets each position attend to itself only", diagonal},
    {"no position may attend to itself in this mask", off_diagonal},
    {"only the first row was set", first_row},
    {"nothing was set: the mask is all 0", zero},
};

static const WrongMask padding_mistakes[] = {
    {"the rows of the padding are 0, but its columns are not", valid_row},
    {"the columns of the padding are 0, but its rows are not", valid_column},
    {"an element is 1 if its row or its column is valid, but both must be", valid_either},
    {"the mask is inverted: it is 1 in the padding", padding},
    {"the mask is inverted: it is 1 in the padding", padding_both},
    {"the last valid position counts as padding: the mask is one short", one_short},
    {"the first position of the padding counts as valid: the mask is one too far", one_too_far},
    {"the first row of the padding counts as valid: the rows of the mask are one too far",
     rows_too_far},
    {"the first column of the padding counts as valid: the columns of the mask are one too far",
     columns_too_far},
    {"the last valid row counts as padding: the rows of the mask are one short", rows_one_short},
    {"the last valid column counts as padding: the columns of the mask are one short",
     columns_one_short},
    {"all sequences have the length of the first", valid_as_first},
    {"this mask is causal too", valid_and_causal},
    {"the padding is at the beginning of the sequences, but it is at their end", valid_at_end},
    {"the padding may attend to itself: the diagonal is 1 in it", valid_or_itself},
    {"the padding may attend to the padding, but it may attend to nothing", valid_or_padding},
    {"the mask lets everything through", one},
    {"nothing was set: the mask is all 0", zero},
};

/* Acquitted are those that would have shown in an earlier mask of this test, which was right. */
enum { MOST_MISTAKES = 32 };
typedef struct {
    const WrongMask *mistakes;
    size_t count;
    bool acquitted[MOST_MISTAKES];
} WrongMasks;

#define WRONG_MASKS(list)                                                                          \
    {                                                                                              \
        .mistakes = (list), .count = sizeof(list) / sizeof *(list)                                 \
    }
static WrongMasks wrong_causal = WRONG_MASKS(causal_mistakes);
static WrongMasks wrong_bidirectional = WRONG_MASKS(bidirectional_mistakes);
static WrongMasks wrong_padding = WRONG_MASKS(padding_mistakes);

/* ---- looking --------------------------------------------------------------------------------- */

/* What the elements of a mask must be computed from; without lengths all of it is valid. */
typedef struct {
    const Tensor *got;
    const int *lengths;
    int length;
} MaskCase;

/* Are these rows those of one sequence of `valid` positions, and of a batch that begins with `first`? */
static bool equals_rows(const float *rows, int length, int valid, int first,
                        double (*is)(Element e))
{
    for (int row = 0; row < length; row++)
        for (int column = 0; column < length; column++)
            if (*rows++ != is((Element){row, column, length, valid, first}))
                return false;
    return true;
}

static bool equals(const MaskCase *mask, double (*is)(Element e))
{
    int length = mask->length, first = mask->lengths ? mask->lengths[0] : length;
    size_t area = (size_t)length * (size_t)length;
    for (size_t sequence = 0; sequence < mask->got->size / area; sequence++) {
        int valid = mask->lengths ? mask->lengths[sequence] : length;
        if (!equals_rows(mask->got->data + sequence * area, length, valid, first, is))
            return false;
    }
    return true;
}

/* The one that fits; NULL if there is none, or two. */
static const char *find(const MaskCase *mask, const WrongMasks *wrong)
{
    const char *found = NULL;
    for (size_t i = 0; i < wrong->count; i++) {
        if (wrong->acquitted[i] || !equals(mask, wrong->mistakes[i].is))
            continue;
        if (found && strcmp(found, wrong->mistakes[i].says) != 0)
            return NULL;
        found = wrong->mistakes[i].says;
    }
    return found;
}

static const char *find_unless_right(const MaskCase *mask, double (*right)(Element e),
                                     WrongMasks *wrong)
{
    if (!equals(mask, right))
        return find(mask, wrong);
    for (size_t i = 0; i < wrong->count; i++)
        wrong->acquitted[i] = wrong->acquitted[i] || !equals(mask, wrong->mistakes[i].is);
    return NULL;
}

static bool has_shape(const Tensor *got, int ndim, const int *shape)
{
    return got && got->ndim == ndim && memcmp(got->shape, shape, (size_t)ndim * sizeof *shape) == 0;
}

const char *cause_of_causal_mask(const Tensor *got, int seq_len)
{
    MaskCase mask = {got, NULL, seq_len};
    if (!has_shape(got, 2, (int[]){seq_len, seq_len}))
        return NULL;
    return find_unless_right(&mask, lower, &wrong_causal);
}

const char *cause_of_bidirectional_mask(const Tensor *got, int seq_len)
{
    MaskCase mask = {got, NULL, seq_len};
    if (!has_shape(got, 2, (int[]){seq_len, seq_len}))
        return NULL;
    return find_unless_right(&mask, one, &wrong_bidirectional);
}

const char *cause_of_padding_mask(const Tensor *got, const int *lengths, int batch_size,
                                  int max_length)
{
    MaskCase mask = {got, lengths, max_length};
    if (!has_shape(got, 3, (int[]){batch_size, max_length, max_length}))
        return NULL;
    return find_unless_right(&mask, valid, &wrong_padding);
}
