/* kept.c: see kept.h. */
#include "memory/kept.h"

#include "memory/words.h"

/*
 * So many blocks more are no longer what was made once, in a later round than others make it; nor is
 * what grows while there are no more blocks.
 */
#define MIN_BLOCKS 2

/* How much more there is after the calls alike of a test, and the place of the most of it. */
typedef struct {
    gint64 blocks, bytes, most;
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

static gboolean is_called(const CallLog *record, guint kind)
{
    for (guint i = 0; i < record->calls->len; i++)
        if (g_array_index(record->calls, LoggedCall, i).request.kind == kind)
            return TRUE;
    return FALSE;
}

static void add_growth(Kept *kept, const ValgrindEvent *event, const StudentFile *file)
{
    g_autoptr(MemoryFinding) finding = memory_finding_anywhere(event, file);
    if (finding == NULL)
        return;
    MemoryGrowth growth = memory_words_growth(event);
    kept->blocks += growth.blocks;
    kept->bytes += growth.bytes;
    if (kept->finding != NULL && growth.bytes <= kept->most)
        return;
    kept->most = growth.bytes;
    g_clear_pointer(&kept->finding, memory_finding_free);
    kept->finding = g_steal_pointer(&finding);
}

static char *describe(const Kept *kept, guint rounds)
{
    gint64 each = rounds > 0 ? kept->blocks / rounds : 0;
    if (kept->blocks <= 0)
        return g_strdup("makes a block of memory larger with each call, and never frees it");
    if (each == 0)
        return g_strdup_printf("keeps %" G_GINT64_FORMAT " blocks of memory in %u calls alike and "
                               "never frees them, though a variable points there",
                               kept->blocks, rounds);
    return g_strdup_printf("keeps %" G_GINT64_FORMAT " block%s of memory at each call and never "
                           "frees %s, though a variable points there",
                           each, each == 1 ? "" : "s", each == 1 ? "it" : "them");
}

/* NULL if that is nothing. */
static MemoryFinding *find_kept(const ReplayedTest *test, const StudentFile *file)
{
    g_auto(Kept) kept = {0};
    guint rounds = test->alike.rounds;
    for (guint i = 0; i < test->kept->len; i++)
        add_growth(&kept, test->kept->pdata[i], file);
    if (kept.finding == NULL)
        return NULL;
    if (kept.blocks < MIN_BLOCKS && (kept.blocks > 0 || kept.bytes < rounds))
        return NULL;
    g_free(kept.finding->message);
    kept.finding->message = describe(&kept, rounds);
    return g_steal_pointer(&kept.finding);
}

static void add(const GPtrArray *tests, guint kind, const MemoryFinding *finding, Result *result)
{
    for (guint i = 0; i < tests->len; i++) {
        const ReplayedTest *test = tests->pdata[i];
        if (is_called(test->record, kind) && !has_leak(test))
            memory_finding_add(result_item(result, test->test->item), memory_finding_copy(finding),
                               test->test->test);
    }
}

void memory_kept_judge(const GPtrArray *tests, const StudentFile *file, Result *result)
{
    for (guint i = 0; i < tests->len; i++) {
        const ReplayedTest *test = tests->pdata[i];
        if (test->alike_ends < G_N_ELEMENTS(test->alike.end) || has_leak(test))
            continue;
        g_autoptr(MemoryFinding) finding = find_kept(test, file);
        if (finding != NULL)
            add(tests, test->alike.kind, finding, result);
    }
}
