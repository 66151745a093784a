/* Tests of rubric/score.h: from tests and findings to points. */
#include <criterion/criterion.h>
#include <string.h>

#include "rubric/score.h"

static const char rubric_format[] = "assignment: attention\n"
                                    "credit: %s\n"
                                    "items:\n"
                                    "  - {id: base, points: 10}\n"
                                    "  - {id: user, points: 5, needs: [base]}\n"
                                    "  - {id: bonus, points: 3, extra: true}\n"
                                    "memory: {penalty: %s}\n"
                                    "allowed: [malloc]\n";

/* A rubric, and a result in which each item has three tests that pass. */
typedef struct {
    Rubric *rubric;
    Result *result;
} Class;

static Class class_new(const char *credit, const char *penalty)
{
    g_autofree char *text = g_strdup_printf(rubric_format, credit, penalty);
    g_autoptr(GError) error = NULL;
    Class class = {rubric_parse("rubric.yaml", text, strlen(text), &error),
                   result_new("ann", "/ann")};
    cr_assert_not_null(class.rubric, "%s", error != NULL ? error->message : "");
    score_add_items(class.rubric, class.result);
    for (guint i = 0; i < class.result->items->len; i++) {
        ItemResult *item = g_ptr_array_index(class.result->items, i);
        for (guint j = 0; j < 3; j++) {
            g_autofree char *name = g_strdup_printf("test%u", j);
            TestResult *test = test_result_new(name, name);
            test->assertions = 1;
            g_ptr_array_add(item->tests, test);
        }
    }
    return class;
}

static void class_clear(Class *class)
{
    rubric_free(class->rubric);
    result_free(class->result);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Class, class_clear)

static TestResult *fail(const Class *class, const char *id, guint index, const char *failure)
{
    TestResult *test = g_ptr_array_index(result_item(class->result, id)->tests, index);
    test->status = TEST_FAILED;
    g_free(test->failure);
    test->failure = g_strdup(failure);
    return test;
}

static double points(const Class *class, const char *id)
{
    return result_item(class->result, id)->points;
}

Test(score, full_marks)
{
    g_auto(Class) class = class_new("all", "0.2");
    score_result(class.rubric, class.result);
    cr_assert_eq(points(&class, "base"), 10);
    cr_assert_eq(points(&class, "user"), 5);
    cr_assert_eq(class.result->score, 15);
    cr_assert_eq(class.result->max_score, 15);
    cr_assert_eq(class.result->extra, 3);
    cr_assert(result_is_full(class.result));
}

Test(score, one_failure_costs_the_item)
{
    g_auto(Class) class = class_new("all", "0.2");
    fail(&class, "base", 1, "value");
    score_result(class.rubric, class.result);
    cr_assert_eq(points(&class, "base"), 0);
    cr_assert_eq(class.result->score, 5);
    cr_assert_eq(class.result->max_score, 15);
}

Test(score, proportional_credit_counts_tests)
{
    g_auto(Class) class = class_new("proportional", "0.2");
    fail(&class, "base", 1, "value");
    score_result(class.rubric, class.result);
    cr_assert_eq(points(&class, "base"), 6.67);
    cr_assert_eq(class.result->score, 11.67);
}

static void find_leak(const Class *class, const char *id)
{
    g_ptr_array_add(result_item(class->result, id)->memory, memory_finding_new("leak"));
}

Test(score, memory_errors_cost_a_share_of_the_item_once)
{
    g_auto(Class) class = class_new("all", "0.2");
    find_leak(&class, "base");
    find_leak(&class, "base");
    score_result(class.rubric, class.result);
    const ItemResult *item = result_item(class.result, "base");
    cr_assert_eq(item->points, 8);
    cr_assert_eq(item->penalty, 2);
    cr_assert_eq(item->max_points, 10);
    cr_assert_eq(class.result->score, 13);
}

Test(score, nothing_costs_more_than_there_is)
{
    g_auto(Class) class = class_new("proportional", "0.5");
    fail(&class, "base", 0, "value");
    fail(&class, "base", 1, "value");
    find_leak(&class, "base");
    fail(&class, "user", 0, "value");
    fail(&class, "user", 1, "value");
    fail(&class, "user", 2, "value");
    find_leak(&class, "user");
    score_result(class.rubric, class.result);
    cr_assert_eq(points(&class, "base"), 0);
    cr_assert_eq(result_item(class.result, "base")->penalty, 3.33);
    cr_assert_eq(points(&class, "user"), 0);
    cr_assert_eq(result_item(class.result, "user")->penalty, 0);
}

Test(score, failures_of_what_is_needed_are_skipped)
{
    g_auto(Class) class = class_new("all", "0.2");
    fail(&class, "base", 0, "not_implemented");
    fail(&class, "base", 1, "not_defined");
    fail(&class, "base", 2, "not_implemented");
    TestResult *failed = fail(&class, "user", 1, "value");
    failed->hint = g_strdup("look here");
    failed->cause = g_strdup("a mistake");
    TestResult *crashed = fail(&class, "user", 2, "crash");
    crashed->status = TEST_CRASHED;
    score_result(class.rubric, class.result);
    cr_assert_eq(failed->status, TEST_SKIPPED);
    cr_assert_str_eq(failed->message, "base is not implemented yet");
    cr_assert_null(failed->hint);
    cr_assert_null(failed->cause);
    cr_assert_eq(crashed->status, TEST_CRASHED);
    cr_assert_eq(item_test(result_item(class.result, "user"), "test0")->status, TEST_PASSED);
    cr_assert_eq(points(&class, "user"), 0);
    cr_assert_eq(class.result->extra, 3);
}

Test(score, a_need_that_is_begun_skips_nothing)
{
    g_auto(Class) begun = class_new("all", "0.2");
    fail(&begun, "base", 0, "not_implemented");
    fail(&begun, "base", 1, "not_implemented");
    const TestResult *test = fail(&begun, "user", 1, "value");
    score_result(begun.rubric, begun.result);
    cr_assert_eq(test->status, TEST_FAILED);

    g_auto(Class) wrong = class_new("all", "0.2");
    fail(&wrong, "base", 0, "not_implemented");
    fail(&wrong, "base", 1, "not_implemented");
    fail(&wrong, "base", 2, "value");
    test = fail(&wrong, "user", 1, "value");
    score_result(wrong.rubric, wrong.result);
    cr_assert_eq(test->status, TEST_FAILED);
}

Test(score, our_own_fault_is_no_zero)
{
    g_auto(Class) class = class_new("all", "0.2");
    TestResult *test = fail(&class, "user", 1, "broken");
    test->status = TEST_BROKEN;
    test->message = g_strdup("no memory");
    score_result(class.rubric, class.result);
    cr_assert_eq(class.result->status, SUBMISSION_UNGRADED);
    cr_assert_str_eq(class.result->reason, "test user/test1 is broken: no memory");
    cr_assert_eq(class.result->score, 0);
    cr_assert_eq(class.result->max_score, 15);
}

Test(score, a_pass_without_an_assertion_is_our_own_fault)
{
    g_auto(Class) class = class_new("all", "0.2");
    TestResult *test = g_ptr_array_index(result_item(class.result, "base")->tests, 0);
    test->assertions = 0;
    score_result(class.rubric, class.result);
    cr_assert_eq(test->status, TEST_BROKEN);
    cr_assert_str_eq(test->failure, "broken");
    cr_assert_eq(class.result->status, SUBMISSION_UNGRADED);
    cr_assert_str_eq(class.result->reason, "test base/test0 is broken: made no assertion");
}

Test(score, an_item_that_did_not_run_earns_nothing)
{
    g_auto(Class) class = class_new("proportional", "0.2");
    g_ptr_array_set_size(result_item(class.result, "base")->tests, 0);
    score_result(class.rubric, class.result);
    cr_assert_eq(points(&class, "base"), 0);
    cr_assert_eq(class.result->score, 5);
    cr_assert_eq(class.result->max_score, 15);
}

Test(score, a_submission_that_was_refused_earns_nothing)
{
    g_auto(Class) class = class_new("all", "0.2");
    class.result->status = SUBMISSION_REFUSED;
    score_result(class.rubric, class.result);
    cr_assert_eq(class.result->status, SUBMISSION_REFUSED);
    cr_assert_eq(class.result->score, 0);
    cr_assert_eq(class.result->extra, 0);
    cr_assert_eq(class.result->max_score, 15);
}

Test(score, no_cause_is_reported_when_the_memory_was_wrong)
{
    g_auto(Class) class = class_new("all", "0.2");
    fail(&class, "base", 0, "value")->cause = g_strdup("the mask has no effect");
    fail(&class, "bonus", 0, "value")->cause = g_strdup("the mask has no effect");
    g_ptr_array_add(result_item(class.result, "base")->memory, memory_finding_new("uninitialised"));
    g_ptr_array_add(result_item(class.result, "bonus")->memory, memory_finding_new("leak"));
    score_result(class.rubric, class.result);
    const TestResult *doubtful = item_test(result_item(class.result, "base"), "test0");
    const TestResult *sure = item_test(result_item(class.result, "bonus"), "test0");
    cr_assert_null(doubtful->cause, "it is reported: %s", doubtful->cause);
    cr_assert_not_null(sure->cause, "a leak changes no result");
}
