/* test_kept.c: memory that grows with each call, though nothing of it is lost. */
#include <criterion/criterion.h>

#include "memory/kept.h"

#define ENOUGH 6 /* calls alike; the first two may make what the others use again */

/* One test of the item "masking". */
typedef struct {
    MemoryTest test;
    CallLog *record;
    GPtrArray *tests;  /* ReplayedTest */
    GPtrArray *events; /* ValgrindEvent */
    Result *result;
} Kept;

static Kept *kept_new(void)
{
    Kept *kept = g_new0(Kept, 1);
    kept->test = (MemoryTest){.item = "masking", .test = "causal"};
    kept->record = g_new0(CallLog, 1);
    kept->record->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    kept->tests = g_ptr_array_new_with_free_func((GDestroyNotify)replayed_test_free);
    kept->events = g_ptr_array_new_with_free_func(g_free);
    kept->result = result_new("ann", "ann");
    g_ptr_array_add(kept->result->items,
                    item_result_new("masking", "test-masking-immediate", "attention masks", 5));
    return kept;
}

static void event_clear(gpointer data, gpointer nothing)
{
    (void)nothing;
    ValgrindEvent *event = data;
    ValgrindStack *stack = event->stacks->pdata[0];
    g_free(stack->what);
    g_ptr_array_unref(stack->frames);
    g_free(stack);
    g_ptr_array_unref(event->stacks);
}

static void kept_free(Kept *kept)
{
    if (kept->tests->len == 0)
        call_log_free(kept->record);
    g_ptr_array_unref(kept->tests);
    g_ptr_array_foreach(kept->events, event_clear, NULL);
    g_ptr_array_unref(kept->events);
    result_free(kept->result);
    g_free(kept);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kept, kept_free)

static LoggedCall *call(const Kept *kept, guint kind, const char *payload)
{
    const LoggedCall made = {
        .request = {.kind = (uint16_t)kind, .length = (guint32)strlen(payload)},
        .payload = (const guchar *)payload,
        .answered = TRUE,
    };
    g_array_append_val(kept->record->calls, made);
    return &g_array_index(kept->record->calls, LoggedCall, kept->record->calls->len - 1);
}

static void calls(const Kept *kept, guint number, guint kind, const char *payload)
{
    for (guint i = 0; i < number; i++)
        call(kept, kind, payload);
}

/* ---- calls alike ----------------------------------------------------------------------------- */

static void expect_alike(const Kept *kept, guint kind, guint rounds, guint from, guint to)
{
    CallSeries alike = call_log_series(kept->record);
    cr_expect_eq(alike.rounds, rounds, "%u rounds", alike.rounds);
    if (rounds == 0)
        return;
    cr_expect_eq(alike.kind, kind, "of kind %u", alike.kind);
    cr_expect(alike.end[0] == from && alike.end[1] == to, "after %u and %u calls", alike.end[0],
              alike.end[1]);
}

Test(memory_kept, the_longest_series_of_calls_alike)
{
    g_autoptr(Kept) kept = kept_new();
    calls(kept, ENOUGH, API_create_causal_mask, "4");
    calls(kept, ENOUGH + 2, API_create_causal_mask, "5");
    calls(kept, ENOUGH, API_create_causal_mask, "6");
    expect_alike(kept, API_create_causal_mask, ENOUGH, ENOUGH + 2, 2 * ENOUGH + 2);
}

/* Elements may differ; of a mask, the numbers are all there is. */
Test(memory_kept, tensors_of_one_shape_are_alike)
{
    g_autoptr(Kept) kept = kept_new();
    static const char *const words[] = {"1234", "1235", "1236", "1237", "1238", "1239"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        call(kept, API_create_causal_mask, words[i]);
    expect_alike(kept, 0, 0, 0, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        call(kept, API_scaled_dot_product_attention, words[i]);
    expect_alike(kept, API_scaled_dot_product_attention, ENOUGH - 2, ENOUGH + 2, 2 * ENOUGH);
}

Test(memory_kept, layers_that_are_created_and_freed_are_alike)
{
    g_autoptr(Kept) kept = kept_new();
    call(kept, API_self_attention_free, "0");
    for (guint i = 0; i < ENOUGH; i++) {
        call(kept, API_self_attention_create, "8");
        call(kept, API_self_attention_free, "1");
    }
    expect_alike(kept, API_self_attention_create, ENOUGH - 2, 5, 2 * ENOUGH + 1);
}

Test(memory_kept, too_few_calls_to_tell)
{
    g_autoptr(Kept) kept = kept_new();
    calls(kept, ENOUGH - 1, API_create_causal_mask, "4");
    calls(kept, ENOUGH - 1, API_create_bidirectional_mask, "4");
    calls(kept, ENOUGH - 1, API_create_causal_mask, "4");
    expect_alike(kept, 0, 0, 0, 0);
}

Test(memory_kept, calls_that_tell_nothing)
{
    g_autoptr(Kept) kept = kept_new();
    for (guint i = 0; i < ENOUGH; i++)
        call(kept, API_create_causal_mask, "4")->request.fail_at = 2;
    for (guint i = 0; i < ENOUGH; i++)
        call(kept, API_create_causal_mask, "4")->reply.status = WIRE_RESULT_IS_INPUT;
    for (guint i = 0; i < ENOUGH; i++)
        call(kept, API_create_causal_mask, "4")->answered = FALSE;
    expect_alike(kept, 0, 0, 0, 0);
}

/* ---- what they keep -------------------------------------------------------------------------- */

static ReplayedTest *replayed(Kept *kept)
{
    calls(kept, ENOUGH, API_create_causal_mask, "4");
    ReplayedTest *test = replayed_test_new(&kept->test, kept->record);
    test->alike_ends = 2;
    g_ptr_array_add(kept->tests, test);
    return test;
}

static ValgrindEvent *event(const Kept *kept, const char *kind, const char *what)
{
    ValgrindStack *stack = g_new0(ValgrindStack, 1);
    stack->what = g_strdup(what);
    stack->frames = g_ptr_array_new();
    ValgrindEvent *new = g_new0(ValgrindEvent, 1);
    new->kind = (char *)kind;
    new->stacks = g_ptr_array_new();
    g_ptr_array_add(new->stacks, stack);
    g_ptr_array_add(kept->events, new);
    return new;
}

static void reachable(const Kept *kept, ReplayedTest *test, const char *bytes)
{
    g_autofree char *what = g_strdup_printf("%s are still reachable in loss record 1 of 2", bytes);
    g_ptr_array_add(test->kept, event(kept, "Leak_StillReachable", what));
}

static const MemoryFinding *judge(const Kept *kept)
{
    const StudentFile file = {.name = "attention.c"};
    memory_kept_judge(kept->tests, &file, kept->result);
    const ItemResult *item = kept->result->items->pdata[0];
    cr_assert(item->memory->len <= 1);
    return item->memory->len == 1 ? item->memory->pdata[0] : NULL;
}

static void expect_message(const Kept *kept, const char *message)
{
    const MemoryFinding *finding = judge(kept);
    cr_assert_not_null(finding);
    cr_expect_str_eq(finding->kind, "kept");
    cr_expect_str_eq(finding->message, message, "%s", finding->message);
}

Test(memory_kept, a_block_of_each_call)
{
    g_autoptr(Kept) kept = kept_new();
    reachable(kept, replayed(kept), "240 (+160) bytes in 6 (+4) blocks");
    expect_message(kept, "keeps 1 block of memory at each call and never frees it, though a "
                         "variable points there");
}

Test(memory_kept, blocks_from_several_places)
{
    g_autoptr(Kept) kept = kept_new();
    ReplayedTest *test = replayed(kept);
    for (guint i = 0; i < 4; i++)
        reachable(kept, test, "1,080 (+80) bytes in 27 (+2) blocks");
    expect_message(kept, "keeps 2 blocks of memory at each call and never frees them, though a "
                         "variable points there");
}

Test(memory_kept, a_block_that_becomes_larger)
{
    g_autoptr(Kept) kept = kept_new();
    reachable(kept, replayed(kept), "2,400 (+1,600) bytes in 1 (+0) blocks");
    expect_message(kept, "makes a block of memory larger with each call, and never frees it");
}

Test(memory_kept, blocks_of_every_second_call)
{
    g_autoptr(Kept) kept = kept_new();
    reachable(kept, replayed(kept), "80 (+80) bytes in 2 (+2) blocks");
    expect_message(kept, "keeps 2 blocks of memory in 4 calls alike and never frees them, though a "
                         "variable points there");
}

/* Such as a buffer for the next calls, which another place has made anew. */
Test(memory_kept, as_much_as_before)
{
    g_autoptr(Kept) kept = kept_new();
    ReplayedTest *test = replayed(kept);
    reachable(kept, test, "400 (+400) bytes in 3 (+3) blocks");
    reachable(kept, test, "0 (-400) bytes in 0 (-3) blocks");
    cr_expect_null(judge(kept));
}

Test(memory_kept, a_buffer_that_was_made_late)
{
    g_autoptr(Kept) kept = kept_new();
    reachable(kept, replayed(kept), "1,000 bytes in 1 blocks");
    cr_expect_null(judge(kept));
}

/* As in a document that Valgrind would not write. */
Test(memory_kept, a_note_without_a_word)
{
    g_autoptr(Kept) kept = kept_new();
    ReplayedTest *test = replayed(kept);
    ValgrindEvent *mute = event(kept, "Leak_StillReachable", NULL);
    g_ptr_array_add(test->kept, mute);
    ValgrindEvent bare = {.kind = mute->kind, .stacks = g_ptr_array_new()};
    g_ptr_array_add(test->kept, &bare);
    cr_expect_null(judge(kept));
    g_ptr_array_unref(bare.stacks);
}

/* What Valgrind has seen is told by its place. */
Test(memory_kept, a_leak_is_told_once)
{
    g_autoptr(Kept) kept = kept_new();
    ReplayedTest *test = replayed(kept);
    reachable(kept, test, "240 (+160) bytes in 6 (+4) blocks");
    g_ptr_array_add(test->events, event(kept, "Leak_DefinitelyLost", "40 bytes in 1 blocks"));
    cr_expect_null(judge(kept));
}
