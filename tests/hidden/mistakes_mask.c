/* Mistakes with the mask: see mistake.h. */
#include <math.h>

#include "mistake.h"

static bool has_mask(const AttentionCall *call)
{
    return call->mask != NULL;
}

static bool has_square_mask(const AttentionCall *call)
{
    return call->mask && call->n_queries == call->n_keys;
}

static bool has_masked_batches(const AttentionCall *call)
{
    return call->mask && call->batches > 1;
}

static const double LOW = ATTENTION_MASKED_SCORE;

static double not_masked(Place at, double score)
{
    (void)at;
    return score;
}

static double masked_inverted(Place at, double score)
{
    return mask_at(at) != 0 ? LOW : score;
}

static double masked_transposed(Place at, double score)
{
    Place mirrored = {at.call, at.batch, at.key, at.query};
    return mask_at(mirrored) == 0 ? LOW : score;
}

static double mask_added(Place at, double score)
{
    return score + mask_at(at);
}

/* In float, as the student does it: near -1e9 only every 64th number is there. */
static double low_added(Place at, double score)
{
    return mask_at(at) == 0 ? (double)((float)score + ATTENTION_MASKED_SCORE) : score;
}

static double mask_multiplied(Place at, double score)
{
    return score * mask_at(at);
}

static double masked_by_infinity(Place at, double score)
{
    return mask_at(at) == 0 ? -INFINITY : score;
}

/* Not low enough. Some students divide the score again, after it was replaced. */
static double masked_by_10(Place at, double score)
{
    return mask_at(at) == 0 ? -10 : score;
}

static double masked_by_10_scaled(Place at, double score)
{
    return mask_at(at) == 0 ? -10 / sqrt(at.call->d_k) : score;
}

static double masked_by_1(Place at, double score)
{
    return mask_at(at) == 0 ? -1 : score;
}

static double masked_by_100(Place at, double score)
{
    return mask_at(at) == 0 ? -100 : score;
}

static double masked_by_1000(Place at, double score)
{
    return mask_at(at) == 0 ? -1000 : score;
}

static double masked_by_0(Place at, double score)
{
    return mask_at(at) == 0 ? 0 : score;
}

static double masked_by_plus(Place at, double score)
{
    return mask_at(at) == 0 ? -LOW : score;
}

static double masked_in_first_batch(Place at, double score)
{
    return at.batch == 0 && mask_at(at) == 0 ? LOW : score;
}

static double masked_as_first_batch(Place at, double score)
{
    Place first = {at.call, 0, at.query, at.key};
    return mask_at(first) == 0 ? LOW : score;
}

static double masked_unless_one(Place at, double score)
{
    return mask_at(at) != 1 ? LOW : score;
}

static double masked_unless_positive(Place at, double score)
{
    return mask_at(at) <= 0 ? LOW : score;
}

static double masked_unless_whole(Place at, double score)
{
    return trunc(mask_at(at)) == 0 ? LOW : score;
}

static double masked_unless_half(Place at, double score)
{
    return mask_at(at) < 0.5 ? LOW : score;
}

static double masked_causal_too(Place at, double score)
{
    return mask_at(at) == 0 || at.key > at.query ? LOW : score;
}

static double zero_where_masked(Place at, double weight)
{
    return mask_at(at) == 0 ? 0 : weight;
}

static double times_mask(Place at, double weight)
{
    return weight * mask_at(at);
}

/* The softmax first, then the masked weights to 0, then the rest divided by its sum. */
static void mask_weights(const AttentionCall *call, double *x, double divisor_of_nothing)
{
    size_t n = (size_t)call->n_keys;
    for (size_t i = 0; i < call->scores.size; i += n) {
        double total = 0;
        normalise(x + i, n, 1, largest_of(x + i, n, 1));
        for (size_t key = 0; key < n; key++) {
            size_t row = i / n, rows = (size_t)call->n_queries;
            x[i + key] *= mask_at((Place){call, row / rows, (int)(row % rows), (int)key}) != 0;
            total += x[i + key];
        }
        for (size_t key = 0; key < n; key++)
            x[i + key] /= total > 0 ? total : divisor_of_nothing;
    }
}

static void masked_afterwards(const AttentionCall *call, double *x)
{
    mask_weights(call, x, 1);
}

static void masked_afterwards_nan(const AttentionCall *call, double *x)
{
    mask_weights(call, x, 0);
}

#define TOO_WEAK "masked scores are replaced by a number that is not low enough: they still count"

/* As after a softmax before the mask, or scores of minus infinity whose nan became 0. */
#define NOTHING_LEFT                                                                               \
    "where a whole row is masked, no weight is left: with -1e9 as each of its scores, before the " \
    "softmax, its weights are equal"

static const Mistake list[] = {
    {"the mask has no effect", FAMILY_MASK, has_mask, .masked = not_masked},
    {"the mask works the wrong way round: what it allows is masked", FAMILY_MASK, has_mask,
     .masked = masked_inverted},
    {"the mask is transposed: its rows are taken for keys", FAMILY_MASK, has_square_mask,
     .masked = masked_transposed},
    {"the mask is added to the scores", FAMILY_MASK, has_mask, .masked = mask_added},
    {"-1e9 is added to masked scores, in place of them", FAMILY_MASK, has_mask,
     .masked = low_added},
    {"masked scores become 0, but the softmax of a 0 is no 0", FAMILY_MASK, has_mask,
     .masked = mask_multiplied},
    {"masked scores become minus infinity: where a whole row is masked, no number is left",
     FAMILY_EXPONENT, has_mask, .masked = masked_by_infinity},
    {"masked scores become 0, but the softmax of a 0 is no 0", FAMILY_MASK, has_mask,
     .masked = masked_by_0},
    {TOO_WEAK, FAMILY_MASK, has_mask, .masked = masked_by_1},
    {TOO_WEAK, FAMILY_MASK, has_mask, .masked = masked_by_10},
    {TOO_WEAK, FAMILY_MASK, has_mask, .masked = masked_by_10_scaled},
    {TOO_WEAK, FAMILY_MASK, has_mask, .masked = masked_by_100},
    {TOO_WEAK, FAMILY_MASK, has_mask, .masked = masked_by_1000},
    {"masked scores become large, not low", FAMILY_MASK, has_mask, .masked = masked_by_plus},
    {"the mask works in the first batch only", FAMILY_MASK, has_masked_batches,
     .masked = masked_in_first_batch},
    {"the mask of the first batch is used for all batches", FAMILY_MASK, has_masked_batches,
     .masked = masked_as_first_batch},
    {"only a mask of exactly 1 lets through, but anything that is not 0 may attend", FAMILY_MASK,
     has_mask, .masked = masked_unless_one},
    {"a negative mask is taken for 0, but anything that is not 0 may attend", FAMILY_MASK, has_mask,
     .masked = masked_unless_positive},
    {"the mask is cut to whole numbers, but anything that is not 0 may attend", FAMILY_MASK,
     has_mask, .masked = masked_unless_whole},
    {"a mask below 0.5 is taken for 0, but anything that is not 0 may attend", FAMILY_MASK,
     has_mask, .masked = masked_unless_half},
    {"later keys are masked too, although the mask allows them", FAMILY_MASK,
     .masked = masked_causal_too},
    {"the mask is applied after the softmax: the other weights do not sum to 1 any more",
     FAMILY_MASK, has_mask, .masked = not_masked, .weight = zero_where_masked},
    {"the mask is applied after the softmax: the other weights do not sum to 1 any more",
     FAMILY_MASK, has_mask, .masked = not_masked, .weight = times_mask},
    {NOTHING_LEFT, FAMILY_MASK, has_mask, .masked = not_masked, .softmax = masked_afterwards},
    {NOTHING_LEFT, FAMILY_EXPONENT, has_mask, .masked = not_masked,
     .softmax = masked_afterwards_nan},
};

const MistakeList mask_mistakes = {list, sizeof list / sizeof *list};
