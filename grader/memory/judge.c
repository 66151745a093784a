/* judge.c: see judge.h. */
#include "memory/judge.h"

#include "memory/kept.h"
#include "memory/results.h"

#define DIFFERENT_HINT "does the result depend on memory that was never set, or on an address?"
#define UNDEFINED_HINT "set every element before you return it: malloc() does not clear memory"

typedef struct {
    const StudentFile *file;
    Result *result;
    MemoryFinding *far; /* the last error whose innermost frames are not the student's */
    MemoryFinding *undefined[API_FUNCTIONS]; /* the last one for each kind of call */
} Judge;

static void judge_clear(Judge *judge)
{
    g_clear_pointer(&judge->far, memory_finding_free);
    for (guint kind = 0; kind < API_FUNCTIONS; kind++)
        g_clear_pointer(&judge->undefined[kind], memory_finding_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Judge, judge_clear)

/* The errors of one test, leaks not included. */
typedef struct {
    guint shown, told;           /* by Valgrind, and by a finding */
    const ValgrindEvent *untold; /* the first that no finding tells of, or NULL */
} Errors;

static void add(const Judge *judge, const ReplayedTest *test, MemoryFinding *finding)
{
    memory_finding_add(result_item(judge->result, test->test->item), finding, test->test->test);
}

static void remember(MemoryFinding **place, const MemoryFinding *finding)
{
    g_clear_pointer(place, memory_finding_free);
    *place = memory_finding_copy(finding);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The worker's question whether a result is defined. */
static gboolean is_check(const ValgrindEvent *event)
{
    return event->type == VALGRIND_ERROR && g_strcmp0(event->kind, "ClientCheck") == 0;
}

/* A bad access that ends the process is reported twice: as an error, then as a signal. */
static gboolean is_told(const MemoryFinding *crash, const MemoryFinding *before)
{
    return before != NULL && g_str_has_prefix(before->kind, "invalid_") &&
           before->line == crash->line && g_strcmp0(before->function, crash->function) == 0;
}

/* Add what was reported in the test. */
static Errors add_events(Judge *judge, const ReplayedTest *test)
{
    g_autoptr(MemoryFinding) last = NULL;
    Errors errors = {0};
    gboolean unusable = call_log_is_unusable(test->record);
    for (guint i = 0; i < test->events->len; i++) {
        const ValgrindEvent *event = test->events->pdata[i];
        gboolean leak = valgrind_event_is_leak(event);
        errors.shown += !leak;
        /* An unusable result was returned, not lost; undefined ones have messages of their own. */
        if ((leak && unusable) || is_check(event))
            continue;
        /* The worker loses nothing in a test: a leak is the student's, also without a frame of it. */
        MemoryFinding *finding = leak ? memory_finding_anywhere(event, judge->file)
                                      : memory_finding_from_event(event, judge->file);
        if (finding == NULL) {
            if (errors.untold == NULL)
                errors.untold = event;
            continue;
        }
        errors.told += !leak;
        if (event->type == VALGRIND_FATAL_SIGNAL && is_told(finding, last)) {
            memory_finding_free(finding);
            continue;
        }
        remember(&last, finding);
        if (memory_event_is_far(event) && !leak)
            remember(&judge->far, finding);
        add(judge, test, finding);
    }
    return errors;
}

/*
 * Results with undefined elements. The check is made in the worker, at one place for each kind of
 * call, so Valgrind shows where the memory came from only the first time.
 */
static void add_undefined(Judge *judge, const ReplayedTest *test)
{
    for (guint i = 0; i < test->undefined->len; i++) {
        ReplayUndefined seen = g_array_index(test->undefined, ReplayUndefined, i);
        const ValgrindEvent *event = NULL;
        if (seen.event > 0)
            event = test->events->pdata[seen.event - 1];
        guint kind = MIN(seen.kind, API_FUNCTIONS - 1);
        MemoryFinding *finding = NULL;
        if (event != NULL && is_check(event))
            finding = memory_finding_from_event(event, judge->file);
        if (finding != NULL)
            remember(&judge->undefined[kind], finding);
        else if (judge->undefined[kind] != NULL)
            finding = memory_finding_copy(judge->undefined[kind]);
        else
            finding = memory_finding_about("uninitialised", api_name(kind),
                                           g_strdup("returns elements that were never set"),
                                           UNDEFINED_HINT);
        add(judge, test, finding);
    }
}

/*
 * An error without a place in the student's file: the worker's own code met what the student's left,
 * or the stack was forged. It is told of where nothing else is.
 */
static void add_untold(Judge *judge, const ReplayedTest *test, const ValgrindEvent *event)
{
    MemoryFinding *finding = memory_finding_without_place(event);
    if (finding == NULL)
        return;
    remember(&judge->far, finding);
    add(judge, test, finding);
}

static MemoryFinding *repeated(const Judge *judge)
{
    if (judge->far != NULL)
        return memory_finding_copy(judge->far);
    return memory_finding_about("uninitialised", NULL,
                                g_strdup("makes an error that was shown in another test"),
                                UNDEFINED_HINT);
}

/* Returns TRUE if errors were seen that can explain other results. */
static gboolean judge_errors(Judge *judge, const ReplayedTest *test)
{
    Errors errors = add_events(judge, test);
    add_undefined(judge, test);
    if (errors.untold != NULL && errors.told == 0 && test->undefined->len == 0 && !test->test->died)
        add_untold(judge, test, errors.untold);
    /* Valgrind has counted errors that it takes for one shown before, in an earlier test. */
    if (test->errors > 0 && errors.shown == 0 && test->undefined->len == 0)
        add(judge, test, repeated(judge));
    if (test->begun && !test->ended && errors.shown == 0 && !test->test->died)
        add(judge, test,
            memory_finding_about("crash", NULL,
                                 g_strdup("ends the program under Valgrind, though not without it"),
                                 DIFFERENT_HINT));
    return errors.shown > 0 || test->errors > 0;
}

/* ---- results --------------------------------------------------------------------------------- */

static void judge_results(const Judge *judge, const ReplayedTest *test)
{
    const char *function = NULL;
    g_autofree char *difference = memory_results_difference(test, &function);
    if (difference == NULL)
        return;
    char *message =
        g_strconcat("gives other results when it runs again under Valgrind: ", difference, NULL);
    add(judge, test, memory_finding_about("different_results", function, message, DIFFERENT_HINT));
}

void memory_judge(const GPtrArray *tests, const StudentFile *file, Result *result)
{
    g_auto(Judge) judge = {.file = file, .result = result};
    for (guint i = 0; i < tests->len; i++) {
        const ReplayedTest *test = tests->pdata[i];
        gboolean explained = judge_errors(&judge, test);
        if (test->ended && !explained)
            judge_results(&judge, test);
    }
    memory_kept_judge(tests, file, result);
}
