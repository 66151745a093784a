/* memory.c: the memory verdict; see memory.h. */
#include "memory/memory.h"

#include "base/error.h"
#include "memory/judge.h"
#include "rubric/score.h"
#include "run/run.h"
#include "valgrind/run.h"

/* Runs of Valgrind for one submission, besides those that were too slow or that found something. */
#define MAX_RUNS 3
/* Runs that were too slow. With these they cost three times the limit at most, and a little. */
#define MAX_SLOW 3
/* When the runs have taken so many times the limit together, there is no other one. */
#define MAX_SPENT 2.5
/* How much slower code is under Valgrind, if a slow run does not say that it is less. */
#define LIKELY_SLOWER 25
/* How much slower code may be under Valgrind, which makes it some hundred times slower at most. */
#define MAX_SLOWER 500
/* The kernel's clock cannot tell less from nothing. */
#define CLOCK_USEC 10000
#define MAX_DIED 4 /* tests of one item that died: the next ones have little to add */
#define TAMPERED_HINT                                                                              \
    "this is no fault of your code, unless it plays with Valgrind: tell your instructor"

typedef struct {
    const Rubric *rubric;
    Result *result;
    StudentFile file;
    GPtrArray *tests;  /* ReplayedTest: what is still to be replayed; spec.tests */
    ValgrindSpec spec; /* of the next run */
    guint unchecked;   /* tests that nobody could judge */
    char *tampered;    /* why the submission's runs cannot be believed, or NULL */
    gboolean controlled;
    ValgrindRun *control;           /* once `controlled`; NULL if it could not be believed */
    guint slow, silent, productive; /* runs that were too slow, left no sign, or had findings */
    gint64 spent;                   /* CPU time of all runs, in microseconds */
} Check;

static void check_clear(Check *check)
{
    g_ptr_array_unref(check->tests);
    g_hash_table_unref(check->spec.isolated);
    g_free(check->tampered);
    valgrind_run_free(check->control);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

static ItemResult *item_of(const Check *check, const ReplayedTest *test)
{
    return result_item(check->result, test->suite);
}

/* ---- what cannot be checked ------------------------------------------------------------------ */

static void mark_unchecked(Check *check, const ReplayedTest *test, const char *kind,
                           const char *why)
{
    check->unchecked++;
    MemoryFinding *finding =
        memory_finding_about(kind, NULL, g_strdup_printf("could not be checked: %s", why),
                             g_str_equal(kind, "tampered") ? TAMPERED_HINT : NULL);
    memory_finding_add(item_of(check, test), finding, test->name);
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

static void drop(Check *check, guint i)
{
    g_autofree char *why = g_strdup_printf("it takes too much of the %u seconds under Valgrind",
                                           check->spec.cpu_seconds);
    mark_unchecked(check, check->tests->pdata[i], "not_checked", why);
    g_hash_table_remove(check->spec.isolated, check->tests->pdata[i]);
    g_ptr_array_remove_index(check->tests, i);
}

/* ---- runs that are too slow ------------------------------------------------------------------ */

/*
 * Slow tests cost their own items; the others are replayed without them. Slow are the slowest one
 * and what took more than twice its share of the time.
 */
static void drop_slow(Check *check, const ValgrindRun *run)
{
    guint share = check->spec.cpu_seconds * 1000 / check->tests->len;
    for (guint i = check->tests->len; i-- > 0;) {
        const ObservedTest *test = run->tests->pdata[i];
        if (test == run->verdict.culprit || test->milliseconds > 2 * share)
            drop(check, i);
    }
}

/* How long the tests took together without Valgrind, and which one took longest. */
static gint64 sum_native(const Check *check, guint *longest)
{
    gint64 all = 0, most = 0;
    for (guint i = *longest = 0; i < check->tests->len; i++) {
        gint64 native = ((const ReplayedTest *)check->tests->pdata[i])->cpu_usec;
        all += native;
        if (native > most)
            *longest = i;
        most = MAX(most, native);
    }
    return all;
}

/* How many times slower than without Valgrind the test was, as far as it came. */
static gint64 slowdown_of(const ObservedTest *test)
{
    return test->milliseconds * (gint64)1000 / MAX(test->test->cpu_usec, CLOCK_USEC);
}

/* Drop the longest tests until the others have enough time, if they are slowed down so much. */
static void drop_hopeless(Check *check, gint64 slowdown)
{
    guint longest;
    while (sum_native(check, &longest) * slowdown > check->spec.cpu_seconds * G_TIME_SPAN_SECOND)
        drop(check, longest);
}

/* Valgrind is fast with leaks, of which it tells once for each place. */
static gboolean has_errors(const ObservedTest *test)
{
    for (guint i = 0; i < test->events->len; i++) {
        const ValgrindEvent *event = test->events->pdata[i];
        if (event->type == VALGRIND_ERROR && !valgrind_event_is_leak(event))
            return TRUE;
    }
    return FALSE;
}

/*
 * Not even Valgrind makes code so slow, unless it has many errors to report: this code does
 * something else there, and will do it in each run.
 */
static gboolean behaves_differently(const ValgrindRun *run)
{
    for (guint i = 0; i < run->tests->len; i++)
        if (has_errors(run->tests->pdata[i]))
            return FALSE;
    const ObservedTest *culprit = run->verdict.culprit;
    gint64 native = MAX(culprit->test->cpu_usec, CLOCK_USEC);
    return culprit->milliseconds * (gint64)1000 > MAX_SLOWER * native;
}

/* TRUE if another run would be too slow, too. */
static gboolean judge_slow(Check *check, const ValgrindRun *run)
{
    if (behaves_differently(run))
        return give_up(check, "a test takes " G_STRINGIFY(
                                  MAX_SLOWER) " times longer under Valgrind than without it");
    drop_slow(check, run);
    drop_hopeless(check, MIN(slowdown_of(run->verdict.culprit), LIKELY_SLOWER));
    return ++check->slow >= MAX_SLOW &&
           give_up(check, "too many tests are too slow under Valgrind");
}

/* ---- runs that cannot be believed ------------------------------------------------------------ */

static const ValgrindRun *control_of(Check *check)
{
    if (!check->controlled)
        check->control = valgrind_run_control(&check->spec);
    check->controlled = TRUE;
    return check->control;
}

/*
 * A run cannot be believed. If one with harmless code in the student's place can, it is the
 * student's code that spoils it; if not, it is our own fault.
 */
static gboolean blame(Check *check, const char *why)
{
    if (control_of(check) == NULL)
        return FALSE;
    check->tampered = g_strdup(why);
    mark_all_unchecked(check, "tampered", why);
    return TRUE;
}

/* A run left no sign of its beginning, and neither did an earlier one. */
static gboolean explain_silence(Check *check, GError *silence, GError **error)
{
    if (!g_error_matches(silence, GRADER_ERROR, GRADER_ERROR_INSTALL) &&
        blame(check, "valgrind works, but not with this code"))
        return TRUE;
    g_propagate_error(error, g_error_copy(silence));
    return FALSE;
}

static gboolean explain_tampering(Check *check, const char *why, GError **error)
{
    if (blame(check, why))
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                "cannot check memory: valgrind is of no use here, with harmless code neither (%s)",
                why);
    return FALSE;
}

/*
 * Why the run cannot be believed, or NULL. Rarely does honest code come to a request to Valgrind
 * where no code has been before; then harmless code that uses all of the library comes there too.
 */
static char *find_tampering(Check *check, const ValgrindRun *run)
{
    if (run->verdict.trust == VALGRIND_TAMPERED)
        return g_strdup(run->verdict.reason);
    if (run->verdict.trust != VALGRIND_TRUSTED || valgrind_jumps_strange(&run->jumps, NULL) == NULL)
        return NULL;
    const ValgrindRun *control = control_of(check);
    const char *place =
        valgrind_jumps_strange(&run->jumps, control != NULL ? &control->jumps : NULL);
    return place != NULL
               ? g_strdup_printf("it jumps to a request to valgrind, into the middle of %s", place)
               : NULL;
}

/* ---- runs that came to their end ------------------------------------------------------------- */

static guint count_clean(const Check *check)
{
    guint clean = 0;
    for (guint i = 0; i < check->tests->len; i++)
        clean += item_of(check, check->tests->pdata[i])->memory->len == 0;
    return clean;
}

/*
 * Keep for another run only the clean items that have something to lose, all in one process.
 *
 * In which test an error is seen is what the worker says. Code that has taken over the worker may
 * attribute all errors to the item that loses least by them. And in a process of its own it may
 * leave before anybody looks for leaks.
 */
static void keep_clean(Check *check)
{
    g_hash_table_remove_all(check->spec.isolated);
    for (guint i = check->tests->len; i-- > 0;) {
        const ItemResult *item = item_of(check, check->tests->pdata[i]);
        if (item->memory->len > 0 || !score_earns(check->rubric, item))
            g_ptr_array_remove_index(check->tests, i);
    }
}

/* TRUE if no other run is needed. */
static gboolean judge_whole(Check *check, const ValgrindRun *run)
{
    guint clean = count_clean(check);
    memory_judge(run->tests, &check->file, check->result);
    gboolean found = count_clean(check) < clean;
    if (!found && g_hash_table_size(check->spec.isolated) == 0)
        return TRUE;
    keep_clean(check);
    check->productive += found;
    return check->tests->len == 0;
}

/* ---- all runs -------------------------------------------------------------------------------- */

/* From the test that ended the run on, each gets a process of its own. */
static void isolate(Check *check, const ReplayedTest *culprit)
{
    gboolean after = FALSE;
    for (guint i = 0; i < check->tests->len; i++) {
        ReplayedTest *test = check->tests->pdata[i];
        after |= test == culprit;
        if (after && !test->died)
            g_hash_table_add(check->spec.isolated, test);
    }
}

/* TRUE if this was the last run; if not, what is left of check->tests runs again. */
static gboolean judge(Check *check, const ValgrindRun *run)
{
    if (run->verdict.trust == VALGRIND_SLOW)
        return judge_slow(check, run);
    if (run->verdict.trust != VALGRIND_DIED)
        return judge_whole(check, run);
    isolate(check, run->verdict.culprit->test);
    return FALSE;
}

static gboolean has_spent_all(const Check *check)
{
    gint64 limit = check->spec.cpu_seconds * G_TIME_SPAN_SECOND;
    return (double)check->spent >= MAX_SPENT * (double)limit;
}

/* Run Valgrind until a run can be believed, or there is a reason why none can. */
static gboolean replay_all(Check *check, GError **error)
{
    for (guint number = 1;
         number <= MAX_RUNS + check->slow + check->productive && check->tests->len > 0; number++) {
        g_autoptr(GError) silence = NULL;
        g_autoptr(ValgrindRun) run = valgrind_run(&check->spec, number, &silence);
        if (run == NULL && check->silent++ > 0)
            return explain_silence(check, silence, error);
        if (run == NULL)
            continue;
        check->spent += run->cpu_usec;
        check->result->cpu_usec += run->cpu_usec;
        g_autofree char *tampering = find_tampering(check, run);
        if (tampering != NULL)
            return explain_tampering(check, tampering, error);
        if (judge(check, run))
            return TRUE;
        if (has_spent_all(check))
            return give_up(check, "its runs under Valgrind take too long together");
    }
    return give_up(check, "the program ends too often under Valgrind");
}

/* ---- the tests ------------------------------------------------------------------------------- */

/*
 * Would a replay spoil that of the other tests? Code that went on and on would do so again, and
 * what a forbidden system call does under Valgrind says nothing about memory.
 */
static gboolean is_unfit_for_replay(const TestResult *test)
{
    return test->status == TEST_TIMED_OUT || test->status == TEST_BROKEN ||
           g_strcmp0(test->failure, "output") == 0 || g_strcmp0(test->failure, "forbidden") == 0;
}

/* Add the tests of the item that made calls and came to an end, and a few of those that died. */
static gboolean list_tests(const ItemResult *item, const char *scratch, GPtrArray *tests,
                           GError **error)
{
    guint died = 0;
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = item->tests->pdata[i];
        g_autofree char *path = run_call_log_path(scratch, item->id, test->name);
        gboolean crashed = test->status == TEST_CRASHED;
        if (is_unfit_for_replay(test) || !g_file_test(path, G_FILE_TEST_EXISTS) ||
            (crashed && died == MAX_DIED))
            continue;
        CallLog *log = call_log_read(path, error);
        if (log == NULL)
            return FALSE;
        ReplayedTest *replayed = replayed_test_new(item->id, test->name, log);
        replayed->cpu_usec = test->cpu_usec;
        replayed->died = crashed;
        died += crashed;
        g_ptr_array_add(tests, replayed);
    }
    return TRUE;
}

static void set_state(const Check *check)
{
    g_free(check->result->memory_state);
    if (check->tampered != NULL)
        check->result->memory_state = g_strdup_printf("tampered: %s", check->tampered);
    else if (check->unchecked > 0)
        check->result->memory_state =
            g_strdup_printf("not checked: %u test%s, see there", check->unchecked,
                            check->unchecked == 1 ? "" : "s");
    else
        check->result->memory_state = g_strdup("checked");
}

gboolean memory_check(const Rubric *rubric, const Sandbox *sandbox, const char *libexec,
                      const char *scratch, Result *result, GError **error)
{
    g_autoptr(GPtrArray) tests = g_ptr_array_new_with_free_func((GDestroyNotify)replayed_test_free);
    for (guint i = 0; i < result->items->len; i++)
        if (!list_tests(result->items->pdata[i], scratch, tests, error))
            return FALSE;
    const char *name = rubric->files->pdata[0];
    g_autofree char *box = g_build_filename(scratch, "box", NULL);
    g_autofree char *path = g_build_filename(box, name, NULL);
    g_autoptr(Source) text = source_load(path);
    GPtrArray *left = g_ptr_array_new();
    g_ptr_array_extend(left, tests, NULL, NULL);
    g_auto(Check) check = {.rubric = rubric,
                           .result = result,
                           .file = {.name = name, .text = text},
                           .tests = left,
                           .spec = {.sandbox = sandbox,
                                    .libexec = libexec,
                                    .box = box,
                                    .cpu_seconds = rubric->limits.memory_seconds,
                                    .tests = left,
                                    .isolated = g_hash_table_new(NULL, NULL)}};
    if (!replay_all(&check, error))
        return FALSE;
    set_state(&check);
    return TRUE;
}
