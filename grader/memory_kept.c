/* memory_kept.c: see memory_kept.h. */
#include "memory_kept.h"

#include "memory_words.h"

/* What the calls alike of a test keep, and the place of the most of it. */
typedef struct {
    guint blocks;
    guint64 bytes; /* by which blocks have become larger */
    guint64 most;
    MemoryFinding *finding; /* NULL: nothing is kept */
} Kept;

static void kept_clear(Kept *kept)
{
    g_clear_pointer(&kept->finding, memory_finding_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kept, kept_clear)

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

static void add_growth(Kept *kept, const ValgrindEvent *event, const StudentFile *file)
{
    g_autoptr(MemoryFinding) finding = memory_finding_from_event(event, file);
    if (finding == NULL)
        finding = memory_finding_without_place(event);
    MemoryGrowth growth = memory_words_growth(event);
    kept->blocks += growth.blocks;
    if (growth.blocks == 0)
        kept->bytes += growth.bytes;
    if (kept->finding != NULL && growth.bytes <= kept->most)
        return;
    kept->most = growth.bytes;
    g_clear_pointer(&kept->finding, memory_finding_free);
    kept->finding = g_steal_pointer(&finding);
}

static void set_message(const Kept *kept, guint rounds)
{
    guint each = kept->blocks / rounds;
    g_free(kept->finding->message);
    kept->finding->message =
        each > 0 ? g_strdup_printf("keeps %u block%s of memory at each call and never frees %s, "
                                   "though a variable points there",
                                   each, each == 1 ? "" : "s", each == 1 ? "it" : "them")
                 : g_strdup("makes a block of memory larger with each call, and never frees it");
}

/*
 * A place that keeps a block where another one has freed its own is no growth; so what does not grow
 * by one in each round is none.
 */
static Kept kept_in(const ReplayedTest *test, const StudentFile *file)
{
    g_auto(Kept) kept = {0};
    guint rounds = test->alike.rounds;
    for (guint i = 0; i < test->kept->len; i++)
        add_growth(&kept, test->kept->pdata[i], file);
    if (kept.finding == NULL || (kept.blocks < rounds && kept.bytes < rounds))
        return (Kept){0};
    set_message(&kept, rounds);
    Kept found = kept;
    kept.finding = NULL;
    return found;
}

static void add(const GPtrArray *tests, guint kind, const Kept *kept, Result *result)
{
    for (guint i = 0; i < tests->len; i++) {
        const ReplayedTest *test = tests->pdata[i];
        if (is_called(test->record, kind) && !has_leak(test))
            memory_finding_add(result_item(result, test->test->item),
                               memory_finding_copy(kept->finding), test->test->test);
    }
}

void memory_kept_judge(const GPtrArray *tests, const StudentFile *file, Result *result)
{
    for (guint i = 0; i < tests->len; i++) {
        const ReplayedTest *test = tests->pdata[i];
        g_auto(Kept) kept = {0};
        if (test->alike_ends == G_N_ELEMENTS(test->alike.end) && !has_leak(test))
            kept = kept_in(test, file);
        if (kept.finding != NULL)
            add(tests, test->alike.kind, &kept, result);
    }
}
