#include "rubric/score.h"

#include <math.h>

void score_add_items(const Rubric *rubric, Result *result)
{
    for (guint i = 0; i < rubric->items->len; i++) {
        const RubricItem *from = g_ptr_array_index(rubric->items, i);
        ItemResult *item = item_result_new(from->id, from->grade_id, from->title, from->points);
        item->extra = from->extra;
        g_ptr_array_add(result->items, item);
    }
    result->max_score = rubric_total(rubric);
}

/* ---- skipping -------------------------------------------------------------------------------- */

static void replace(char **text, char *by)
{
    g_free(*text);
    *text = by;
}

static const char *unwritten_need(const Rubric *rubric, const Result *result, const char *id)
{
    const RubricItem *item = rubric_item(rubric, id);
    for (guint i = 0; item != NULL && i < item->needs->len; i++) {
        const char *need = g_ptr_array_index(item->needs, i);
        const ItemResult *needed = result_item(result, need);
        if (needed != NULL && item_is_unwritten(needed))
            return need;
    }
    return NULL;
}

static void skip_failed_tests(ItemResult *item, const char *need)
{
    for (guint i = 0; i < item->tests->len; i++) {
        TestResult *test = g_ptr_array_index(item->tests, i);
        if (test->status != TEST_FAILED)
            continue;
        test->status = TEST_SKIPPED;
        replace(&test->message, g_strdup_printf("%s is not implemented yet", need));
        replace(&test->hint, NULL);
        replace(&test->cause, NULL);
    }
}

/* Skipped tests keep their class of failure, so the order of the items does not matter here. */
static void skip_tests(const Rubric *rubric, Result *result)
{
    for (guint i = 0; i < result->items->len; i++) {
        ItemResult *item = g_ptr_array_index(result->items, i);
        const char *need = unwritten_need(rubric, result, item->id);
        if (need != NULL)
            skip_failed_tests(item, need);
    }
}

/* ---- our own faults -------------------------------------------------------------------------- */

static void find_broken(ItemResult *item, Result *result)
{
    for (guint i = 0; i < item->tests->len; i++) {
        TestResult *test = g_ptr_array_index(item->tests, i);
        if (test->status == TEST_PASSED && test->assertions == 0) {
            test->status = TEST_BROKEN;
            replace(&test->message, g_strdup("made no assertion"));
            replace(&test->failure, g_strdup("broken"));
        }
        if (test->status != TEST_BROKEN || result->status != SUBMISSION_GRADED)
            continue;
        result->status = SUBMISSION_UNGRADED;
        const char *why = test->message != NULL ? test->message : "gave no result";
        replace(&result->reason,
                g_strdup_printf("test %s/%s is broken: %s", item->id, test->name, why));
    }
}

/* ---- causes ---------------------------------------------------------------------------------- */

/* Results made of memory that nobody wrote, or of another's, are no evidence of anything. */
static void drop_causes(ItemResult *item)
{
    static const char *const kinds[] = {"uninitialised", "invalid_read", "invalid_write", NULL};
    gboolean doubtful = FALSE;
    for (guint i = 0; i < item->memory->len; i++) {
        const MemoryFinding *finding = g_ptr_array_index(item->memory, i);
        doubtful |= g_strv_contains(kinds, finding->kind);
    }
    for (guint i = 0; doubtful && i < item->tests->len; i++)
        replace(&((TestResult *)g_ptr_array_index(item->tests, i))->cause, NULL);
}

/* ---- points ---------------------------------------------------------------------------------- */

static double two_decimals(double points)
{
    return round(points * 100) / 100;
}

static double earned(const ItemResult *item, RubricCredit credit)
{
    guint passed = 0, all = item->tests->len;
    for (guint i = 0; i < all; i++) {
        const TestResult *test = g_ptr_array_index(item->tests, i);
        passed += test->status == TEST_PASSED;
    }
    if (all == 0)
        return 0;
    if (credit == CREDIT_ALL)
        return passed == all ? item->max_points : 0;
    return item->max_points * passed / all;
}

gboolean score_earns(const Rubric *rubric, const ItemResult *item)
{
    return earned(item, rubric->credit) > 0;
}

static void score_item(const Rubric *rubric, ItemResult *item)
{
    double points = two_decimals(earned(item, rubric->credit));
    double penalty =
        item->memory->len > 0 ? two_decimals(rubric->memory_penalty * item->max_points) : 0;
    item->penalty = MIN(points, penalty);
    item->points = two_decimals(points - item->penalty);
}

void score_result(const Rubric *rubric, Result *result)
{
    for (guint i = 0; i < result->items->len; i++)
        find_broken(g_ptr_array_index(result->items, i), result);
    skip_tests(rubric, result);

    result->score = 0;
    result->extra = 0;
    result->max_score = rubric_total(rubric);
    for (guint i = 0; i < result->items->len; i++) {
        ItemResult *item = g_ptr_array_index(result->items, i);
        item->points = 0;
        item->penalty = 0;
        if (result->status != SUBMISSION_GRADED)
            continue;
        score_item(rubric, item);
        drop_causes(item);
        *(item->extra ? &result->extra : &result->score) += item->points;
    }
    result->score = two_decimals(result->score);
    result->extra = two_decimals(result->extra);
}
