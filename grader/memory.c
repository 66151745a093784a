/* memory.c: the memory verdict; see memory.h. */
#include "memory.h"

#include "error.h"
#include "memory_finding.h"
#include "memory_kept.h"
#include "memory_replay.h"
#include "memory_results.h"

#define MAX_RUNS 3 /* of Valgrind, for one submission, besides those that were too slow */
#define MAX_SLOW 4 /* runs that were */
#define MAX_DIED 4 /* tests of one item that died: the next ones have little to add */
#define TAMPERED_HINT                                                                              \
    "this is no fault of your code, unless it plays with Valgrind: tell your instructor"
#define DIFFERENT_HINT "does the result depend on memory that was never set, or on an address?"
#define UNDEFINED_HINT "set every element before you return it: malloc() does not clear memory"

typedef struct {
    const RubricLimits *limits;
    const Sandbox *sandbox;
    const char *libexec, *box;
    Result *result;
    StudentFile file;
    GPtrArray *tests;   /* ReplayedTest: what is still to be replayed */
    guint unchecked;    /* tests that nobody could judge */
    MemoryFinding *far; /* the last error whose innermost frames are not the student's */
    MemoryFinding *undefined[WIRE_KINDS]; /* the last one for each kind of call */
} Check;

static void check_clear(Check *check)
{
    g_clear_pointer(&check->tests, g_ptr_array_unref);
    g_clear_pointer(&check->far, memory_finding_free);
    for (guint kind = 0; kind < WIRE_KINDS; kind++)
        g_clear_pointer(&check->undefined[kind], memory_finding_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

static void add(const Check *check, const ReplayedTest *test, MemoryFinding *finding)
{
    memory_finding_add(result_item(check->result, test->test->item), finding, test->test->test);
}

static void remember(MemoryFinding **place, const MemoryFinding *finding)
{
    g_clear_pointer(place, memory_finding_free);
    *place = memory_finding_copy(finding);
}

/* ---- the errors of one test ------------------------------------------------------------------ */

static gboolean has_kind(const ValgrindEvent *event, const char *prefix)
{
    return event->type == VALGRIND_ERROR && event->kind != NULL &&
           g_str_has_prefix(event->kind, prefix);
}

/* A bad access that ends the process is reported twice: as an error, then as a signal. */
static gboolean is_told(const MemoryFinding *crash, const MemoryFinding *before)
{
    return before != NULL && g_str_has_prefix(before->kind, "invalid_") &&
           before->line == crash->line && g_strcmp0(before->function, crash->function) == 0;
}

/* Add what was reported in the test; returns the number of errors, leaks not included. */
static guint add_events(Check *check, const ReplayedTest *test)
{
    g_autoptr(MemoryFinding) last = NULL;
    guint errors = 0;
    for (guint i = 0; i < test->events->len; i++) {
        const ValgrindEvent *event = test->events->pdata[i];
        gboolean leak = has_kind(event, "Leak_");
        errors += !leak;
        /* An unusable result was returned, not lost; undefined ones have messages of their own. */
        if ((leak && test->unusable) || has_kind(event, "ClientCheck"))
            continue;
        MemoryFinding *finding = memory_finding_from_event(event, &check->file);
        if (finding == NULL)
            continue;
        if (event->type == VALGRIND_FATAL_SIGNAL && is_told(finding, last)) {
            memory_finding_free(finding);
            continue;
        }
        remember(&last, finding);
        if (memory_event_is_far(event) && !leak)
            remember(&check->far, finding);
        add(check, test, finding);
    }
    return errors;
}

/*
 * Results with undefined elements. The check is made in the worker, at one place for each kind of
 * call, so Valgrind shows where the memory came from only the first time.
 */
static void add_undefined(Check *check, const ReplayedTest *test)
{
    for (guint i = 0; i < test->undefined->len; i++) {
        ReplayUndefined seen = g_array_index(test->undefined, ReplayUndefined, i);
        const ValgrindEvent *event = NULL;
        if (seen.event > 0)
            event = test->events->pdata[seen.event - 1];
        guint kind = MIN(seen.kind, WIRE_KINDS - 1);
        MemoryFinding *finding = NULL;
        if (event != NULL && has_kind(event, "ClientCheck"))
            finding = memory_finding_from_event(event, &check->file);
        if (finding != NULL)
            remember(&check->undefined[kind], finding);
        else if (check->undefined[kind] != NULL)
            finding = memory_finding_copy(check->undefined[kind]);
        else
            finding = memory_finding_about("uninitialised", memory_record_function(kind),
                                           g_strdup("returns elements that were never set"),
                                           UNDEFINED_HINT);
        add(check, test, finding);
    }
}

/* Returns TRUE if errors were seen that can explain other results. */
static gboolean judge_errors(Check *check, const ReplayedTest *test)
{
    guint shown = add_events(check, test);
    add_undefined(check, test);
    /* Valgrind has counted errors that it takes for one shown before, in an earlier test. */
    if (test->errors > 0 && shown == 0 && check->far != NULL)
        add(check, test, memory_finding_copy(check->far));
    if (test->begun && !test->ended && shown == 0 && !test->test->died)
        add(check, test,
            memory_finding_about("crash", NULL,
                                 g_strdup("ends the program under Valgrind, though not without it"),
                                 DIFFERENT_HINT));
    return shown > 0 || test->errors > 0;
}

/* ---- the runs -------------------------------------------------------------------------------- */

static void judge_results(Check *check, const ReplayedTest *test)
{
    const char *function = NULL;
    g_autofree char *difference = memory_results_difference(test, &function);
    if (difference == NULL)
        return;
    char *message =
        g_strconcat("gives other results when it runs again under Valgrind: ", difference, NULL);
    add(check, test, memory_finding_about("different_results", function, message, DIFFERENT_HINT));
}

static void judge(Check *check)
{
    for (guint i = 0; i < check->tests->len; i++) {
        const ReplayedTest *test = check->tests->pdata[i];
        gboolean explained = judge_errors(check, test);
        if (test->ended && !explained)
            judge_results(check, test);
    }
    memory_kept_judge(check->tests, check->result);
}

static void mark_unchecked(Check *check, const ReplayedTest *test, const char *kind,
                           const char *why)
{
    check->unchecked++;
    add(check, test,
        memory_finding_about(kind, NULL, g_strdup_printf("could not be checked: %s", why),
                             g_str_equal(kind, "tampered") ? TAMPERED_HINT : NULL));
}

static void mark_all_unchecked(Check *check, const char *kind, const char *why)
{
    for (guint i = 0; i < check->tests->len; i++)
        mark_unchecked(check, check->tests->pdata[i], kind, why);
}

static gboolean give_up(Check *check, const char *why)
{
    mark_all_unchecked(check, "not_checked", why);
    return TRUE;
}

/*
 * Slow tests cost their own items, not the others, which are replayed without them: the slowest one,
 * and what took more than twice its share of the time.
 */
static void drop_slow(Check *check, const ReplayedTest *slowest)
{
    guint seconds = check->limits->memory_seconds, share = seconds * 1000 / check->tests->len;
    g_autofree char *why =
        g_strdup_printf("it takes too much of the %u seconds under Valgrind", seconds);
    for (guint i = check->tests->len; i-- > 0;) {
        const ReplayedTest *test = check->tests->pdata[i];
        if (test != slowest && test->milliseconds <= 2 * share)
            continue;
        mark_unchecked(check, test, "not_checked", why);
        g_ptr_array_remove_index(check->tests, i);
    }
}

/* From the test that ended the run on, each gets a process of its own. */
static void isolate(Check *check, const ReplayedTest *culprit)
{
    guint first;
    if (!g_ptr_array_find(check->tests, culprit, &first))
        return;
    for (guint i = first; i < check->tests->len; i++)
        ((ReplayedTest *)check->tests->pdata[i])->isolated = TRUE;
}

/*
 * A run cannot be believed. If one with harmless code in the student's place can, it is the
 * student's code that spoils it; if not, it is our own fault.
 */
static gboolean blame(Check *check, const char *why, char **tampered)
{
    g_autoptr(MemoryReplay) control =
        memory_replay_control(check->sandbox, check->limits, check->libexec, check->tests);
    if (control == NULL)
        return FALSE;
    *tampered = g_strdup(why);
    mark_all_unchecked(check, "tampered", why);
    return TRUE;
}

/* A run left nothing, and so did another one. */
static gboolean explain_silence(Check *check, GError *silence, char **tampered, GError **error)
{
    if (!g_error_matches(silence, GRADER_ERROR, GRADER_ERROR_INSTALL) &&
        blame(check, "valgrind works, but not with this code", tampered)) {
        g_error_free(silence);
        return TRUE;
    }
    g_propagate_error(error, silence);
    return FALSE;
}

static gboolean explain_tampering(Check *check, const char *why, char **tampered, GError **error)
{
    if (blame(check, why, tampered))
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                "cannot check memory: valgrind is of no use here, with harmless code neither (%s)",
                why);
    return FALSE;
}

/*
 * Has student code jumped to where Valgrind is asked for something? Rarely honest code comes where
 * none has been before; then harmless code that uses all of the library comes there too.
 */
static gboolean has_jumped(Check *check, MemoryReplay *replay)
{
    if (memory_code_strange(&replay->code, NULL) == NULL)
        return FALSE;
    g_autoptr(MemoryReplay) control =
        memory_replay_control(check->sandbox, check->limits, check->libexec, check->tests);
    const char *place = memory_code_strange(&replay->code, control != NULL ? &control->code : NULL);
    if (place == NULL)
        return FALSE;
    replay->reason =
        g_strdup_printf("it jumps to a request to valgrind, into the middle of %s", place);
    return TRUE;
}

/* TRUE if this run says all there is to say; if not, what is left of check->tests runs again. */
static gboolean is_last(Check *check, const MemoryReplay *replay, guint *slow)
{
    switch (replay->state) {
    case REPLAY_DIED:
        isolate(check, replay->culprit);
        return FALSE;
    case REPLAY_SLOW:
        drop_slow(check, replay->culprit);
        if (++*slow < MAX_SLOW)
            return FALSE;
        return give_up(check, "too many tests are too slow under Valgrind");
    case REPLAY_TAMPERED:
    case REPLAY_TRUSTED:
        break;
    }
    judge(check);
    return TRUE;
}

/* Run Valgrind until a run can be believed. Sets *tampered to the reason if one cannot. */
static gboolean replay_all(Check *check, char **tampered, GError **error)
{
    guint slow = 0, silent = 0;
    for (guint number = 1; number <= MAX_RUNS + slow && check->tests->len > 0; number++) {
        GError *silence = NULL;
        g_autoptr(MemoryReplay) replay = memory_replay_run(
            check->sandbox, check->limits, check->box, number, check->tests, &silence);
        if (replay == NULL && silent++ > 0)
            return explain_silence(check, silence, tampered, error);
        if (replay == NULL) {
            g_error_free(silence);
            continue;
        }
        check->result->cpu_usec += replay->cpu_usec;
        if (replay->state == REPLAY_TAMPERED ||
            (replay->state == REPLAY_TRUSTED && has_jumped(check, replay)))
            return explain_tampering(check, replay->reason, tampered, error);
        if (is_last(check, replay, &slow))
            return TRUE;
    }
    return give_up(check, "the program ends too often under Valgrind");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static guint count_died(const GPtrArray *tests, const char *item)
{
    guint died = 0;
    for (guint i = 0; i < tests->len; i++) {
        const MemoryTest *test = ((const ReplayedTest *)tests->pdata[i])->test;
        died += test->died && g_str_equal(test->item, item);
    }
    return died;
}

static GPtrArray *read_records(const GPtrArray *tests, GError **error)
{
    g_autoptr(GPtrArray) replayed =
        g_ptr_array_new_with_free_func((GDestroyNotify)replayed_test_free);
    for (guint i = 0; i < tests->len; i++) {
        const MemoryTest *test = tests->pdata[i];
        if (test->died && count_died(replayed, test->item) >= MAX_DIED)
            continue;
        MemoryRecord *record = memory_record_read(test->record, error);
        if (record == NULL)
            return NULL;
        g_ptr_array_add(replayed, replayed_test_new(test, record));
    }
    return g_steal_pointer(&replayed);
}

static void set_state(const Check *check, const char *tampered)
{
    g_free(check->result->memory_state);
    if (tampered != NULL)
        check->result->memory_state = g_strdup_printf("tampered: %s", tampered);
    else if (check->unchecked > 0)
        check->result->memory_state =
            g_strdup_printf("not checked: %u test%s, see there", check->unchecked,
                            check->unchecked == 1 ? "" : "s");
    else
        check->result->memory_state = g_strdup("checked");
}

gboolean memory_check(const Rubric *rubric, const Sandbox *sandbox, const char *libexec,
                      const char *box, GPtrArray *tests, Result *result, GError **error)
{
    const char *name = rubric->files->pdata[0];
    g_autofree char *path = g_build_filename(box, name, NULL);
    g_autoptr(Source) text = source_load(path);
    g_autofree char *tampered = NULL;
    g_auto(Check) check = {.limits = &rubric->limits,
                           .sandbox = sandbox,
                           .libexec = libexec,
                           .box = box,
                           .result = result,
                           .file = {.name = name, .text = text}};
    check.tests = read_records(tests, error);
    if (check.tests == NULL || !replay_all(&check, &tampered, error))
        return FALSE;
    set_state(&check, tampered);
    return TRUE;
}
