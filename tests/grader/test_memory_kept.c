/* test_memory_kept.c: memory that grows with each call, though nothing of it is lost. */
#include <criterion/criterion.h>

#include "memory_kept.h"

#define OF_A_MASK 2 /* blocks of the tensor that is returned */

/* One test of the item "masking". */
typedef struct {
    MemoryTest test;
    WireBuffer mask; /* what each call answers */
    GPtrArray *tests;
    Result *result;
} Kept;

static Kept *kept_new(void)
{
    Kept *kept = g_new0(Kept, 1);
    kept->test = (MemoryTest){.item = "masking", .test = "causal"};
    MemoryRecord *record = g_new0(MemoryRecord, 1);
    record->calls = g_array_new(FALSE, TRUE, sizeof(RecordedCall));
    kept->tests = g_ptr_array_new_with_free_func((GDestroyNotify)replayed_test_free);
    g_ptr_array_add(kept->tests, replayed_test_new(&kept->test, record));
    kept->result = result_new("ann", "ann");
    g_ptr_array_add(kept->result->items,
                    item_result_new("masking", "test-masking-immediate", "attention masks", 5));
    Tensor *mask = tensor_create(2, (int[]){2, 2});
    wire_put_tensor(&kept->mask, mask);
    tensor_free(mask);
    return kept;
}

static void kept_free(Kept *kept)
{
    g_ptr_array_unref(kept->tests);
    result_free(kept->result);
    wire_buffer_release(&kept->mask);
    g_free(kept);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kept, kept_free)

static RecordedCall *call(const Kept *kept, guint length, guint allocated, guint freed)
{
    const ReplayedTest *test = kept->tests->pdata[0];
    const RecordedCall made = {
        .request = {.kind = WIRE_CAUSAL, .length = length},
        .reply = {.kind = WIRE_CAUSAL,
                  .allocated = allocated,
                  .freed = freed,
                  .length = (guint32)kept->mask.length},
        .answer = kept->mask.bytes,
        .answered = TRUE,
    };
    g_array_append_val(test->record->calls, made);
    return &g_array_index(test->record->calls, RecordedCall, test->record->calls->len - 1);
}

static void calls(const Kept *kept, guint number, guint length, guint allocated, guint freed)
{
    for (guint i = 0; i < number; i++)
        call(kept, length, allocated, freed);
}

static const MemoryFinding *judge(const Kept *kept)
{
    memory_kept_judge(kept->tests, kept->result);
    const ItemResult *item = kept->result->items->pdata[0];
    cr_assert(item->memory->len <= 1);
    return item->memory->len == 1 ? item->memory->pdata[0] : NULL;
}

Test(memory_kept, a_block_of_each_call)
{
    g_autoptr(Kept) kept = kept_new();
    calls(kept, MEMORY_KEPT_CALLS, 4, OF_A_MASK + 3, 2);
    const MemoryFinding *finding = judge(kept);
    cr_assert(finding != NULL);
    cr_expect_str_eq(finding->kind, "kept");
    cr_expect_str_eq(finding->function, "create_causal_mask");
    cr_expect_str_eq(finding->message, "keeps 1 block of memory at each call and never frees it, "
                                       "though a variable points there");
}

Test(memory_kept, too_few_calls_to_tell)
{
    g_autoptr(Kept) kept = kept_new();
    calls(kept, MEMORY_KEPT_CALLS - 1, 4, OF_A_MASK + 1, 0);
    cr_expect(judge(kept) == NULL);
}

/* Such as a buffer for the next calls, which is made, or becomes larger, now and then. */
Test(memory_kept, not_of_each_call)
{
    g_autoptr(Kept) kept = kept_new();
    calls(kept, 5 * MEMORY_KEPT_CALLS, 4, OF_A_MASK + 1, 0);
    call(kept, 4, OF_A_MASK + 1, 1);
    cr_expect(judge(kept) == NULL);
}

Test(memory_kept, a_buffer_for_each_size)
{
    g_autoptr(Kept) kept = kept_new();
    for (guint size = 1; size <= 3 * MEMORY_KEPT_CALLS; size++)
        call(kept, 4 * size, OF_A_MASK + 1, 0);
    cr_expect(judge(kept) == NULL);
}

Test(memory_kept, calls_that_tell_nothing)
{
    g_autoptr(Kept) kept = kept_new();
    for (guint i = 0; i < MEMORY_KEPT_CALLS; i++) {
        call(kept, 4, OF_A_MASK + 1, 0)->request.fail_at = 2;
        call(kept, 4, OF_A_MASK + 1, 0)->reply.status = WIRE_RESULT_IS_INPUT;
        call(kept, 4, OF_A_MASK + 1, 0)->answered = FALSE;
    }
    cr_expect(judge(kept) == NULL);
}

/* What Valgrind has seen is told by its place. */
Test(memory_kept, a_leak_is_told_once)
{
    g_autoptr(Kept) kept = kept_new();
    calls(kept, MEMORY_KEPT_CALLS, 4, OF_A_MASK + 1, 0);
    const ReplayedTest *test = kept->tests->pdata[0];
    ValgrindEvent leak = {.type = VALGRIND_ERROR, .kind = "Leak_DefinitelyLost"};
    g_ptr_array_add(test->events, &leak);
    cr_expect(judge(kept) == NULL);
    g_ptr_array_remove(test->events, &leak);
}
