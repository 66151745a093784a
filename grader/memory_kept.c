/* memory_kept.c: see memory_kept.h. */
#include "memory_kept.h"

#include "memory_finding.h"

#define HINT "free what a call does not return before it ends, or use the same block again"

/* tensor_create() asks for two, and tensor_free() frees two. */
#define BLOCKS_OF_TENSOR 2

/* Calls of one kind with requests of one size; `kept` is the fewest blocks that one of them kept. */
typedef struct {
    guint32 length;
    guint calls, kept;
} Alike;

/* Blocks that a call asked for, did not free, and did not return. */
static guint kept_by(const RecordedCall *call)
{
    guint gone = call->reply.freed + BLOCKS_OF_TENSOR * memory_record_results(call);
    return call->reply.allocated > gone ? call->reply.allocated - gone : 0;
}

/* One of which an allocation failed, or with a strange result, tells nothing. */
static gboolean counts(const RecordedCall *call, guint kind)
{
    return call->request.kind == kind && call->answered && call->request.fail_at == 0 &&
           call->reply.status == WIRE_OK;
}

static Alike *find_alike(GArray *all, guint32 length)
{
    for (guint i = 0; i < all->len; i++)
        if (g_array_index(all, Alike, i).length == length)
            return &g_array_index(all, Alike, i);
    const Alike none = {.length = length, .kept = G_MAXUINT};
    g_array_append_val(all, none);
    return &g_array_index(all, Alike, all->len - 1);
}

/* The blocks that each of many calls alike kept: the fewest of any of them. 0: nothing grows. */
static guint kept_in(const MemoryRecord *record, guint kind)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Alike));
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordedCall *call = &g_array_index(record->calls, RecordedCall, i);
        if (!counts(call, kind))
            continue;
        Alike *alike = find_alike(all, call->request.length);
        alike->calls++;
        alike->kept = MIN(alike->kept, kept_by(call));
    }
    guint most = 0;
    for (guint i = 0; i < all->len; i++) {
        const Alike *alike = &g_array_index(all, Alike, i);
        if (alike->calls >= MEMORY_KEPT_CALLS)
            most = MAX(most, alike->kept);
    }
    return most;
}

static gboolean has_leak(const ReplayedTest *test)
{
    for (guint i = 0; i < test->events->len; i++)
        if (valgrind_event_is_leak(test->events->pdata[i]))
            return TRUE;
    return FALSE;
}

static gboolean is_called(const MemoryRecord *record, guint kind)
{
    for (guint i = 0; i < record->calls->len; i++)
        if (g_array_index(record->calls, RecordedCall, i).request.kind == kind)
            return TRUE;
    return FALSE;
}

static void add(Result *result, const ReplayedTest *test, guint kind, guint kept)
{
    char *message = g_strdup_printf("keeps %u block%s of memory at each call and never frees %s, "
                                    "though a variable points there",
                                    kept, kept == 1 ? "" : "s", kept == 1 ? "it" : "them");
    memory_finding_add(result_item(result, test->test->item),
                       memory_finding_about("kept", memory_record_function(kind), message, HINT),
                       test->test->test);
}

void memory_kept_judge(const GPtrArray *tests, Result *result)
{
    static const guint kinds[] = {WIRE_ATTENTION, WIRE_SELF_FORWARD, WIRE_CAUSAL, WIRE_PADDING,
                                  WIRE_BIDIRECTIONAL};
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        guint kept = 0;
        for (guint i = 0; i < tests->len; i++) {
            const ReplayedTest *test = tests->pdata[i];
            if (!has_leak(test))
                kept = MAX(kept, kept_in(test->record, kinds[k]));
        }
        for (guint i = 0; kept > 0 && i < tests->len; i++) {
            const ReplayedTest *test = tests->pdata[i];
            if (is_called(test->record, kinds[k]) && !has_leak(test))
                add(result, test, kinds[k], kept);
        }
    }
}
