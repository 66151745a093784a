/* test_judge.c: what becomes of errors that name no place in the student's file. */
#include <criterion/criterion.h>
#include <string.h>

#include "memory/judge.h"

#define WORKERS_ERROR                                                                              \
    "<error><kind>SyscallParam</kind>"                                                             \
    "<what>Syscall param write(buf) points to uninitialised byte(s)</what>"                        \
    "<stack><frame><obj>/box/worker</obj><fn>send_results</fn></frame></stack></error>"

/* Two tests of the item "masking", and an error by the worker's own code. */
typedef struct {
    ValgrindDocument *document;
    GPtrArray *replayed; /* ReplayedTest */
    GPtrArray *tests;    /* ObservedTest */
    Result *result;
} Judged;

static void add_test(Judged *judged, const char *name)
{
    CallLog *log = g_new0(CallLog, 1);
    log->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    ReplayedTest *replayed = replayed_test_new("masking", name, log);
    g_ptr_array_add(judged->replayed, replayed);
    ObservedTest *test = observed_test_new(replayed, FALSE);
    test->begun = test->ended = TRUE;
    g_ptr_array_add(judged->tests, test);
}

static Judged *judged_new(void)
{
    static const char xml[] = "<valgrindoutput>" WORKERS_ERROR "</valgrindoutput>";
    Judged *judged = g_new0(Judged, 1);
    judged->replayed = g_ptr_array_new_with_free_func((GDestroyNotify)replayed_test_free);
    judged->tests = g_ptr_array_new_with_free_func((GDestroyNotify)observed_test_free);
    add_test(judged, "causal");
    add_test(judged, "padding");
    judged->document = valgrind_document_read(xml, strlen(xml));
    cr_assert_eq(judged->document->events->len, 1);
    judged->result = result_new("ann", "ann");
    g_ptr_array_add(judged->result->items,
                    item_result_new("masking", "test-masking-immediate", "attention masks", 5));
    return judged;
}

static void judged_free(Judged *judged)
{
    g_ptr_array_unref(judged->tests);
    g_ptr_array_unref(judged->replayed);
    valgrind_document_free(judged->document);
    result_free(judged->result);
    g_free(judged);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judged, judged_free)

/* Valgrind reports the error in the test with this index, and counts so many in each. */
static const GPtrArray *judge(Judged *judged, guint reported, guint first, guint second)
{
    static const StudentFile file = {.name = "attention.c"};
    ObservedTest *tests[] = {judged->tests->pdata[0], judged->tests->pdata[1]};
    g_ptr_array_add(tests[reported]->events, judged->document->events->pdata[0]);
    tests[0]->errors = first;
    tests[1]->errors = second;
    memory_judge(judged->tests, &file, judged->result);
    const ItemResult *item = judged->result->items->pdata[0];
    return item->memory;
}

static gboolean is_seen_in(const MemoryFinding *finding, const char *test)
{
    return g_ptr_array_find_with_equal_func(finding->tests, test, g_str_equal, NULL);
}

Test(memory_judge, an_error_without_a_place_is_reported)
{
    g_autoptr(Judged) judged = judged_new();
    const GPtrArray *findings = judge(judged, 1, 0, 1);
    cr_assert_eq(findings->len, 1);
    const MemoryFinding *finding = findings->pdata[0];
    cr_expect_str_eq(finding->kind, "uninitialised");
    cr_expect_null(finding->file);
    cr_expect_eq(finding->line, 0);
    cr_expect(is_seen_in(finding, "padding") && !is_seen_in(finding, "causal"));
}

Test(memory_judge, it_is_reported_again_where_it_is_only_counted)
{
    g_autoptr(Judged) judged = judged_new();
    const GPtrArray *findings = judge(judged, 0, 1, 1);
    cr_assert_eq(findings->len, 1);
    const MemoryFinding *finding = findings->pdata[0];
    cr_expect(is_seen_in(finding, "padding") && is_seen_in(finding, "causal"));
}

/* The other test has it later, so there is no finding yet to copy. */
Test(memory_judge, what_is_only_counted_is_reported)
{
    g_autoptr(Judged) judged = judged_new();
    const GPtrArray *findings = judge(judged, 1, 1, 1);
    cr_assert_eq(findings->len, 2);
    cr_expect(is_seen_in(findings->pdata[0], "causal"));
    cr_expect(is_seen_in(findings->pdata[1], "padding"));
}

/* The worker's own message says it better than Valgrind's error without a place. */
Test(memory_judge, undefined_results_are_reported_once)
{
    g_autoptr(Judged) judged = judged_new();
    const UndefinedResult undefined = {.kind = API_create_causal_mask};
    ObservedTest *test = judged->tests->pdata[0];
    g_array_append_val(test->undefined, undefined);
    const GPtrArray *findings = judge(judged, 0, 1, 0);
    cr_assert_eq(findings->len, 1);
    const MemoryFinding *finding = findings->pdata[0];
    cr_expect_str_eq(finding->message, "returns elements that were never set");
}

/* The report on the test itself tells of its crash. */
Test(memory_judge, a_test_that_died_natively_has_no_second_finding)
{
    g_autoptr(Judged) judged = judged_new();
    ((ReplayedTest *)judged->replayed->pdata[0])->died = TRUE;
    cr_expect_eq(judge(judged, 0, 0, 0)->len, 0);
}
