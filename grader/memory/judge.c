/* judge.c: see judge.h. */
#include "memory/judge.h"

#define DIFFERENT_HINT "does the result depend on memory that was never set, or on an address?"
#define UNDEFINED_HINT "set every element before you return it: malloc() does not clear memory"

/*
 * One more block may be a buffer that is made late, in one call of a series; two more blocks are
 * not, nor is memory that grows while there are no more blocks.
 */
#define MIN_BLOCKS 2

typedef struct {
    const StudentFile *file;
    Result *result;
    const ValgrindEvent *outside; /* the last error whose innermost frames are not the student's */
    const ValgrindEvent *undefined[API_FUNCTIONS]; /* the last one for each kind of call */
} Judge;

/* The errors that Valgrind reported in one test, leaks not included. */
typedef struct {
    guint reported, attributed;      /* all, and those that became a finding with a place */
    const ValgrindEvent *unreported; /* the first event of which no finding tells, or NULL */
} Errors;

static void add(const Judge *judge, const ObservedTest *test, MemoryFinding *finding)
{
    memory_finding_add(result_item(judge->result, test->test->suite), finding, test->test->name);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The worker asks Valgrind whether a result is defined. */
static gboolean is_result_check(const ValgrindEvent *event)
{
    return event->type == VALGRIND_ERROR && g_strcmp0(event->kind, "ClientCheck") == 0;
}

/* Valgrind reports a bad access that ends the process twice: as an error, then as a signal. */
static gboolean is_same_crash(const MemoryFinding *crash, const ValgrindEvent *event,
                              const StudentFile *file)
{
    g_autoptr(MemoryFinding) before = event != NULL ? memory_finding_from_event(event, file) : NULL;
    return before != NULL && g_str_has_prefix(before->kind, "invalid_") &&
           before->line == crash->line && g_strcmp0(before->function, crash->function) == 0;
}

/* Add a finding for each event of the test that has a place, and for each leak. */
static Errors add_events(Judge *judge, const ObservedTest *test)
{
    const ValgrindEvent *last = NULL; /* that became a finding */
    Errors errors = {0};
    gboolean unusable = call_log_is_unusable(test->test->log);
    for (guint i = 0; i < test->events->len; i++) {
        const ValgrindEvent *event = test->events->pdata[i];
        gboolean leak = valgrind_event_is_leak(event);
        errors.reported += !leak;
        /* An unusable result was returned, not lost; add_undefined() tells of undefined ones. */
        if ((leak && unusable) || is_result_check(event))
            continue;
        /* The worker loses nothing in a test, so a leak without a place is the student's, too. */
        MemoryFinding *finding = leak ? memory_finding_with_or_without_place(event, judge->file)
                                      : memory_finding_from_event(event, judge->file);
        if (finding == NULL) {
            if (errors.unreported == NULL)
                errors.unreported = event;
            continue;
        }
        errors.attributed += !leak;
        if (event->type == VALGRIND_FATAL_SIGNAL && is_same_crash(finding, last, judge->file)) {
            memory_finding_free(finding);
            continue;
        }
        last = event;
        if (memory_event_is_outside(event) && !leak)
            judge->outside = event;
        add(judge, test, finding);
    }
    return errors;
}

/*
 * Add the results with undefined elements. The worker checks them at one place for each kind of
 * call, so Valgrind reports where the memory came from only the first time.
 */
static void add_undefined(Judge *judge, const ObservedTest *test)
{
    for (guint i = 0; i < test->undefined->len; i++) {
        UndefinedResult seen = g_array_index(test->undefined, UndefinedResult, i);
        const ValgrindEvent *event = NULL;
        if (seen.event > 0)
            event = test->events->pdata[seen.event - 1];
        guint kind = MIN(seen.kind, API_FUNCTIONS - 1);
        MemoryFinding *finding = NULL;
        if (event != NULL && is_result_check(event))
            finding = memory_finding_from_event(event, judge->file);
        if (finding != NULL)
            judge->undefined[kind] = event;
        else if (judge->undefined[kind] != NULL)
            finding = memory_finding_from_event(judge->undefined[kind], judge->file);
        else
            finding = memory_finding_about("uninitialised", api_name(kind),
                                           g_strdup("returns elements that were never set"),
                                           UNDEFINED_HINT);
        add(judge, test, finding);
    }
}

/*
 * Add an error without a place in the student's file: the worker's own code met what the student's
 * left, or the stack was forged. That is done only where there is no other finding.
 */
static void add_unreported(Judge *judge, const ObservedTest *test, const ValgrindEvent *event)
{
    MemoryFinding *finding = memory_finding_without_place(event);
    if (finding == NULL)
        return;
    judge->outside = event;
    add(judge, test, finding);
}

/* Valgrind only counts an error that it takes for one of an earlier test. */
static MemoryFinding *find_counted(const Judge *judge)
{
    if (judge->outside != NULL)
        return memory_finding_with_or_without_place(judge->outside, judge->file);
    return memory_finding_about("uninitialised", NULL,
                                g_strdup("makes an error that was shown in another test"),
                                UNDEFINED_HINT);
}

/* Returns TRUE if there were errors that can explain different results. */
static gboolean judge_errors(Judge *judge, const ObservedTest *test)
{
    Errors errors = add_events(judge, test);
    add_undefined(judge, test);
    if (errors.unreported != NULL && errors.attributed == 0 && test->undefined->len == 0 &&
        !test->test->died)
        add_unreported(judge, test, errors.unreported);
    if (test->errors > 0 && errors.reported == 0 && test->undefined->len == 0)
        add(judge, test, find_counted(judge));
    if (test->begun && !test->ended && errors.reported == 0 && !test->test->died)
        add(judge, test,
            memory_finding_about("crash", NULL,
                                 g_strdup("ends the program under Valgrind, though not without it"),
                                 DIFFERENT_HINT));
    return errors.reported > 0 || test->errors > 0;
}

/* ---- results --------------------------------------------------------------------------------- */

static void judge_results(const Judge *judge, const ObservedTest *test)
{
    const char *difference = test->difference;
    if (difference == NULL && test->compared < test->test->log->calls->len)
        difference = "there is no result";
    if (difference == NULL)
        return;
    char *message =
        g_strconcat("gives other results when it runs again under Valgrind: ", difference, NULL);
    add(judge, test,
        memory_finding_about("different_results", api_name(test->compared_kind), message,
                             DIFFERENT_HINT));
}

/* ---- retained memory ------------------------------------------------------------------------- */

/* How much more is retained after a test's series of calls, and the event with the most of it. */
typedef struct {
    gint64 blocks, bytes, most;
    const ValgrindEvent *event; /* NULL: nothing is retained */
} Retained;

static gboolean has_leak(const ObservedTest *test)
{
    for (guint i = 0; i < test->events->len; i++)
        if (valgrind_event_is_leak(test->events->pdata[i]))
            return TRUE;
    return FALSE;
}

static gboolean calls_function(const CallLog *log, guint kind)
{
    for (guint i = 0; i < log->calls->len; i++)
        if (g_array_index(log->calls, LoggedCall, i).request.kind == kind)
            return TRUE;
    return FALSE;
}

static Retained sum_retained(const ObservedTest *test)
{
    Retained all = {0};
    for (guint i = 0; i < test->retained->len; i++) {
        const ValgrindEvent *event = test->retained->pdata[i];
        if (valgrind_event_stack(event) == NULL)
            continue;
        ValgrindGrowth growth = valgrind_event_growth(event);
        all.blocks += growth.blocks;
        all.bytes += growth.bytes;
        if (all.event != NULL && growth.bytes <= all.most)
            continue;
        all.most = growth.bytes;
        all.event = event;
    }
    return all;
}

static char *describe(const Retained *retained, guint rounds)
{
    gint64 each = rounds > 0 ? retained->blocks / rounds : 0;
    if (retained->blocks <= 0)
        return g_strdup("makes a block of memory larger with each call, and never frees it");
    if (each == 0)
        return g_strdup_printf("keeps %" G_GINT64_FORMAT " blocks of memory in %u calls alike and "
                               "never frees them, though a variable points there",
                               retained->blocks, rounds);
    return g_strdup_printf("keeps %" G_GINT64_FORMAT " block%s of memory at each call and never "
                           "frees %s, though a variable points there",
                           each, each == 1 ? "" : "s", each == 1 ? "it" : "them");
}

/* NULL if what is retained may be a buffer for the next call. */
static MemoryFinding *find_retained(const ObservedTest *test, const StudentFile *file)
{
    Retained all = sum_retained(test);
    guint rounds = test->test->series.rounds;
    if (all.event == NULL || (all.blocks < MIN_BLOCKS && (all.blocks > 0 || all.bytes < rounds)))
        return NULL;
    MemoryFinding *finding = memory_finding_with_or_without_place(all.event, file);
    g_free(finding->message);
    finding->message = describe(&all, rounds);
    return finding;
}

static void judge_retained(const Judge *judge, const GPtrArray *tests, const ObservedTest *test)
{
    if (!observed_test_is_searched(test) || has_leak(test))
        return;
    for (guint i = 0; i < tests->len; i++) {
        const ObservedTest *caller = tests->pdata[i];
        if (has_leak(caller) || !calls_function(caller->test->log, test->test->series.kind))
            continue;
        MemoryFinding *finding = find_retained(test, judge->file);
        if (finding == NULL)
            return;
        add(judge, caller, finding);
    }
}

/* ---- all tests ------------------------------------------------------------------------------- */

void memory_judge(const GPtrArray *tests, const StudentFile *file, Result *result)
{
    Judge judge = {.file = file, .result = result};
    for (guint i = 0; i < tests->len; i++) {
        const ObservedTest *test = tests->pdata[i];
        gboolean explained = judge_errors(&judge, test);
        if (test->ended && !explained)
            judge_results(&judge, test);
    }
    for (guint i = 0; i < tests->len; i++)
        judge_retained(&judge, tests, tests->pdata[i]);
}
