/* test_retained.c: memory that grows with each call, though nothing of it is lost. */
#include <criterion/criterion.h>

#include "memory/judge.h"

#define ENOUGH 6 /* calls for a series; the first two may make what the others use again */

/* One test of the item "masking". */
typedef struct {
    CallLog *log;
    ReplayedTest *replayed; /* NULL: only the log is made */
    GPtrArray *tests;       /* ObservedTest */
    GPtrArray *documents;   /* ValgrindDocument: one for each event */
    Result *result;
} Retained;

static Retained *retained_new(void)
{
    Retained *retained = g_new0(Retained, 1);
    retained->log = g_new0(CallLog, 1);
    retained->log->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    retained->tests = g_ptr_array_new_with_free_func((GDestroyNotify)observed_test_free);
    retained->documents = g_ptr_array_new_with_free_func((GDestroyNotify)valgrind_document_free);
    retained->result = result_new("ann", "ann");
    g_ptr_array_add(retained->result->items,
                    item_result_new("masking", "test-masking-immediate", "attention masks", 5));
    return retained;
}

static void retained_free(Retained *retained)
{
    g_ptr_array_unref(retained->tests);
    if (retained->replayed != NULL)
        replayed_test_free(retained->replayed);
    else
        call_log_free(retained->log);
    g_ptr_array_unref(retained->documents);
    result_free(retained->result);
    g_free(retained);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Retained, retained_free)

static LoggedCall *call(const Retained *retained, guint kind, const char *payload)
{
    const LoggedCall made = {
        .request = {.kind = (uint16_t)kind, .length = (guint32)strlen(payload)},
        .payload = (const guchar *)payload,
        .answered = TRUE,
    };
    g_array_append_val(retained->log->calls, made);
    return &g_array_index(retained->log->calls, LoggedCall, retained->log->calls->len - 1);
}

static void calls(const Retained *retained, guint number, guint kind, const char *payload)
{
    for (guint i = 0; i < number; i++)
        call(retained, kind, payload);
}

/* ---- a series of calls ----------------------------------------------------------------------- */

static void expect_series(const Retained *retained, guint kind, guint rounds, guint from, guint to)
{
    CallSeries series = call_log_series(retained->log);
    cr_expect_eq(series.rounds, rounds, "%u rounds", series.rounds);
    if (rounds == 0)
        return;
    cr_expect_eq(series.kind, kind, "of kind %u", series.kind);
    cr_expect(series.end[0] == from && series.end[1] == to, "after %u and %u calls", series.end[0],
              series.end[1]);
}

Test(memory_retained, the_longest_series)
{
    g_autoptr(Retained) retained = retained_new();
    calls(retained, ENOUGH, API_create_causal_mask, "4");
    calls(retained, ENOUGH + 2, API_create_causal_mask, "5");
    calls(retained, ENOUGH, API_create_causal_mask, "6");
    expect_series(retained, API_create_causal_mask, ENOUGH, ENOUGH + 2, 2 * ENOUGH + 2);
}

/* Elements may differ; of a mask, the numbers are all there is. */
Test(memory_retained, tensors_of_one_shape_are_alike)
{
    g_autoptr(Retained) retained = retained_new();
    static const char *const words[] = {"1234", "1235", "1236", "1237", "1238", "1239"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        call(retained, API_create_causal_mask, words[i]);
    expect_series(retained, 0, 0, 0, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        call(retained, API_scaled_dot_product_attention, words[i]);
    expect_series(retained, API_scaled_dot_product_attention, ENOUGH - 2, ENOUGH + 2, 2 * ENOUGH);
}

Test(memory_retained, layers_that_are_created_and_freed_are_alike)
{
    g_autoptr(Retained) retained = retained_new();
    call(retained, API_self_attention_free, "0");
    for (guint i = 0; i < ENOUGH; i++) {
        call(retained, API_self_attention_create, "8");
        call(retained, API_self_attention_free, "1");
    }
    expect_series(retained, API_self_attention_create, ENOUGH - 2, 5, 2 * ENOUGH + 1);
}

Test(memory_retained, too_few_calls_to_tell)
{
    g_autoptr(Retained) retained = retained_new();
    calls(retained, ENOUGH - 1, API_create_causal_mask, "4");
    calls(retained, ENOUGH - 1, API_create_bidirectional_mask, "4");
    calls(retained, ENOUGH - 1, API_create_causal_mask, "4");
    expect_series(retained, 0, 0, 0, 0);
}

Test(memory_retained, calls_that_tell_nothing)
{
    g_autoptr(Retained) retained = retained_new();
    for (guint i = 0; i < ENOUGH; i++)
        call(retained, API_create_causal_mask, "4")->request.fail_at = 2;
    for (guint i = 0; i < ENOUGH; i++)
        call(retained, API_create_causal_mask, "4")->reply.status = WIRE_RESULT_IS_INPUT;
    for (guint i = 0; i < ENOUGH; i++)
        call(retained, API_create_causal_mask, "4")->answered = FALSE;
    expect_series(retained, 0, 0, 0, 0);
}

/* ---- what they retain ------------------------------------------------------------------------ */

static ObservedTest *observed(Retained *retained)
{
    calls(retained, ENOUGH, API_create_causal_mask, "4");
    retained->replayed = replayed_test_new("masking", "causal", retained->log);
    ObservedTest *test = observed_test_new(retained->replayed, FALSE);
    test->searches = 2;
    g_ptr_array_add(retained->tests, test);
    return test;
}

static ValgrindEvent *event(const Retained *retained, const char *kind, const char *rest)
{
    g_autofree char *text = g_strconcat("<valgrindoutput><error><kind>", kind, "</kind>", rest,
                                        "</error></valgrindoutput>", NULL);
    ValgrindDocument *document = valgrind_document_read(text, strlen(text));
    g_ptr_array_add(retained->documents, document);
    return document->events->pdata[0];
}

static void reachable(const Retained *retained, ObservedTest *test, const char *bytes)
{
    g_autofree char *what =
        g_strdup_printf("<what>%s are still reachable in loss record 1 of 2</what>", bytes);
    g_ptr_array_add(test->retained, event(retained, "Leak_StillReachable", what));
}

static const MemoryFinding *judge(const Retained *retained)
{
    const StudentFile file = {.name = "attention.c"};
    memory_judge(retained->tests, &file, retained->result);
    const ItemResult *item = retained->result->items->pdata[0];
    cr_assert(item->memory->len <= 1);
    return item->memory->len == 1 ? item->memory->pdata[0] : NULL;
}

static void expect_message(const Retained *retained, const char *message)
{
    const MemoryFinding *finding = judge(retained);
    cr_assert_not_null(finding);
    cr_expect_str_eq(finding->kind, "kept");
    cr_expect_str_eq(finding->message, message, "%s", finding->message);
}

Test(memory_retained, a_block_of_each_call)
{
    g_autoptr(Retained) retained = retained_new();
    reachable(retained, observed(retained), "240 (+160) bytes in 6 (+4) blocks");
    expect_message(retained, "keeps 1 block of memory at each call and never frees it, though a "
                             "variable points there");
}

Test(memory_retained, blocks_from_several_places)
{
    g_autoptr(Retained) retained = retained_new();
    ObservedTest *test = observed(retained);
    for (guint i = 0; i < 4; i++)
        reachable(retained, test, "1,080 (+80) bytes in 27 (+2) blocks");
    expect_message(retained, "keeps 2 blocks of memory at each call and never frees them, though a "
                             "variable points there");
}

Test(memory_retained, a_block_that_becomes_larger)
{
    g_autoptr(Retained) retained = retained_new();
    reachable(retained, observed(retained), "2,400 (+1,600) bytes in 1 (+0) blocks");
    expect_message(retained, "makes a block of memory larger with each call, and never frees it");
}

Test(memory_retained, blocks_of_every_second_call)
{
    g_autoptr(Retained) retained = retained_new();
    reachable(retained, observed(retained), "80 (+80) bytes in 2 (+2) blocks");
    expect_message(retained,
                   "keeps 2 blocks of memory in 4 calls alike and never frees them, though a "
                   "variable points there");
}

/* Such as a buffer for the next calls, which another place has made anew. */
Test(memory_retained, as_much_as_before)
{
    g_autoptr(Retained) retained = retained_new();
    ObservedTest *test = observed(retained);
    reachable(retained, test, "400 (+400) bytes in 3 (+3) blocks");
    reachable(retained, test, "0 (-400) bytes in 0 (-3) blocks");
    cr_expect_null(judge(retained));
}

Test(memory_retained, a_buffer_that_was_made_late)
{
    g_autoptr(Retained) retained = retained_new();
    reachable(retained, observed(retained), "1,000 bytes in 1 blocks");
    cr_expect_null(judge(retained));
}

/* As in a document that Valgrind would not write. */
Test(memory_retained, a_note_without_a_word)
{
    g_autoptr(Retained) retained = retained_new();
    ObservedTest *test = observed(retained);
    g_ptr_array_add(test->retained, event(retained, "Leak_StillReachable", "<stack></stack>"));
    g_ptr_array_add(test->retained, event(retained, "Leak_StillReachable", ""));
    cr_expect_null(judge(retained));
}

/* What Valgrind has seen as a leak is reported as one. */
Test(memory_retained, a_leak_is_reported_once)
{
    g_autoptr(Retained) retained = retained_new();
    ObservedTest *test = observed(retained);
    reachable(retained, test, "240 (+160) bytes in 6 (+4) blocks");
    g_ptr_array_add(test->events,
                    event(retained, "Leak_DefinitelyLost", "<what>40 bytes in 1 blocks</what>"));
    const MemoryFinding *finding = judge(retained);
    cr_assert_not_null(finding);
    cr_expect_str_eq(finding->kind, "leak");
}
