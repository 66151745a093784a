/* memory.c: the memory verdict; see memory.h. */
#include "memory/memory.h"

#include "base/error.h"
#include "memory/judge.h"
#include "rubric/score.h"

/* Runs of Valgrind for one submission, besides those that were too slow, and those of what is clean. */
#define MAX_RUNS 3
/* Runs that were too slow: so these cost three times the limit at most, and a little. */
#define MAX_SLOW 3
/* After so many times the limit, whatever the runs were, there is no other one. */
#define MAX_SPENT 2.5
/* How much slower code is under Valgrind, if a slow run says no less. */
#define LIKELY_SLOWER 25
/* How much slower code may be under Valgrind, which makes it some hundred times slower at most. */
#define MAX_SLOWER 500
/* What the kernel's clock cannot tell from nothing. */
#define CLOCK_USEC 10000
#define MAX_DIED 4 /* tests of one item that died: the next ones have little to add */
#define TAMPERED_HINT                                                                              \
    "this is no fault of your code, unless it plays with Valgrind: tell your instructor"

typedef struct {
    const Rubric *rubric;
    const Sandbox *sandbox;
    const char *libexec, *box;
    Result *result;
    StudentFile file;
    GPtrArray *tests; /* ReplayedTest: what is still to be replayed */
    guint unchecked;  /* tests that nobody could judge */
    gboolean controlled;
    MemoryReplay *control; /* once `controlled`; NULL if it could not be believed */
} Check;

static void check_clear(Check *check)
{
    g_clear_pointer(&check->tests, g_ptr_array_unref);
    g_clear_pointer(&check->control, memory_replay_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

static ItemResult *item_of(const Check *check, const ReplayedTest *test)
{
    return result_item(check->result, test->test->item);
}

/* ---- the runs -------------------------------------------------------------------------------- */

/* Those that were too slow, left no sign, or had findings in some items. */
typedef struct {
    guint slow, silent, cleared;
    gint64 spent; /* CPU time of all of them, in microseconds */
} Runs;

static void mark_unchecked(Check *check, const ReplayedTest *test, const char *kind,
                           const char *why)
{
    check->unchecked++;
    MemoryFinding *finding =
        memory_finding_about(kind, NULL, g_strdup_printf("could not be checked: %s", why),
                             g_str_equal(kind, "tampered") ? TAMPERED_HINT : NULL);
    memory_finding_add(item_of(check, test), finding, test->test->test);
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
                                           check->rubric->limits.memory_seconds);
    mark_unchecked(check, check->tests->pdata[i], "not_checked", why);
    g_ptr_array_remove_index(check->tests, i);
}

/*
 * Slow tests cost their own items, not the others, which are replayed without them: the slowest one,
 * and what took more than twice its share of the time.
 */
static void drop_slow(Check *check, const ReplayedTest *slowest)
{
    guint share = check->rubric->limits.memory_seconds * 1000 / check->tests->len;
    for (guint i = check->tests->len; i-- > 0;) {
        const ReplayedTest *test = check->tests->pdata[i];
        if (test == slowest || test->milliseconds > 2 * share)
            drop(check, i);
    }
}

/* The test that took longest without Valgrind; *all is what they took together. */
static guint find_longest(const Check *check, gint64 *all)
{
    guint longest = 0;
    gint64 most = 0;
    *all = 0;
    for (guint i = 0; i < check->tests->len; i++) {
        gint64 native = ((const ReplayedTest *)check->tests->pdata[i])->test->cpu_usec;
        *all += native;
        if (native > most)
            longest = i;
        most = MAX(most, native);
    }
    return longest;
}

/* How many times slower than without Valgrind the test was, as far as it came. */
static gint64 slowdown_of(const ReplayedTest *test)
{
    gint64 native = MAX(test->test->cpu_usec, CLOCK_USEC);
    return MIN(test->milliseconds * (gint64)1000 / native, LIKELY_SLOWER);
}

/* Nor are those replayed that cannot be done in the time if they are slowed down so much. */
static void drop_hopeless(Check *check, gint64 slowdown)
{
    gint64 all;
    guint longest = find_longest(check, &all);
    while (all * slowdown > check->rubric->limits.memory_seconds * G_TIME_SPAN_SECOND) {
        drop(check, longest);
        longest = find_longest(check, &all);
    }
}

/* Leaks are told once for each place, and the limit itself ends a run with a signal. */
static gboolean has_errors(const ReplayedTest *test)
{
    for (guint i = 0; i < test->events->len; i++) {
        const ValgrindEvent *event = test->events->pdata[i];
        if (event->type == VALGRIND_ERROR && !valgrind_event_is_leak(event))
            return TRUE;
    }
    return FALSE;
}

/*
 * Not even Valgrind is so slow, unless it has many errors to tell: this code does something else
 * there, and will in each run.
 */
static gboolean is_another_there(const Check *check, const ReplayedTest *test)
{
    for (guint i = 0; i < check->tests->len; i++)
        if (has_errors(check->tests->pdata[i]))
            return FALSE;
    gint64 native = MAX(test->test->cpu_usec, CLOCK_USEC);
    return test->milliseconds * (gint64)1000 > MAX_SLOWER * native;
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

/* What harmless code does in the student's place; NULL if not even that can be believed. */
static const MemoryReplay *control_of(Check *check)
{
    if (!check->controlled)
        check->control = memory_replay_control(check->sandbox, &check->rubric->limits,
                                               check->libexec, check->tests);
    check->controlled = TRUE;
    return check->control;
}

/*
 * A run cannot be believed. If one with harmless code in the student's place can, it is the
 * student's code that spoils it; if not, it is our own fault.
 */
static gboolean blame(Check *check, const char *why, char **tampered)
{
    if (control_of(check) == NULL)
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
    const MemoryReplay *control = control_of(check);
    const char *place = memory_code_strange(&replay->code, control != NULL ? &control->code : NULL);
    if (place == NULL)
        return FALSE;
    replay->reason =
        g_strdup_printf("it jumps to a request to valgrind, into the middle of %s", place);
    return TRUE;
}

static guint count_clean(const Check *check)
{
    guint clean = 0;
    for (guint i = 0; i < check->tests->len; i++)
        clean += item_of(check, check->tests->pdata[i])->memory->len == 0;
    return clean;
}

/* Was one put into a process of its own because a run died, and not for what it did natively? */
static gboolean has_isolated(const Check *check)
{
    for (guint i = 0; i < check->tests->len; i++) {
        const ReplayedTest *test = check->tests->pdata[i];
        if (test->isolated && !test->test->died)
            return TRUE;
    }
    return FALSE;
}

/*
 * What is to run again after a run that came to its end: the clean items that have something to
 * lose, in one process and without the others.
 *
 * In which test an error is seen is what the worker says, and code that has taken it over may say
 * what it likes: all errors in the item that loses least by them. And in a process of its own it may
 * leave before anybody looks for leaks.
 */
static gboolean keep_clean(Check *check)
{
    for (guint i = check->tests->len; i-- > 0;) {
        ReplayedTest *test = check->tests->pdata[i];
        const ItemResult *item = item_of(check, test);
        test->isolated = test->test->died;
        if (item->memory->len > 0 || !score_earns(check->rubric, item))
            g_ptr_array_remove_index(check->tests, i);
    }
    return check->tests->len > 0;
}

/* Judge a run that came to its end. TRUE if there is no need of another one. */
static gboolean judge(Check *check, Runs *runs)
{
    guint clean = count_clean(check);
    memory_judge(check->tests, &check->file, check->result);
    gboolean found = count_clean(check) < clean;
    if ((!found && !has_isolated(check)) || !keep_clean(check))
        return TRUE;
    runs->cleared += found;
    return FALSE;
}

/* TRUE if this run says all there is to say; if not, what is left of check->tests runs again. */
static gboolean is_last(Check *check, const MemoryReplay *replay, Runs *runs)
{
    gint64 slowdown;
    switch (replay->state) {
    case REPLAY_DIED:
        isolate(check, replay->culprit);
        return FALSE;
    case REPLAY_SLOW:
        if (is_another_there(check, replay->culprit))
            return give_up(check, "a test takes " G_STRINGIFY(
                                      MAX_SLOWER) " times longer under Valgrind than without it");
        slowdown = slowdown_of(replay->culprit);
        drop_slow(check, replay->culprit);
        drop_hopeless(check, slowdown);
        if (++runs->slow < MAX_SLOW)
            return FALSE;
        return give_up(check, "too many tests are too slow under Valgrind");
    case REPLAY_TAMPERED:
    case REPLAY_TRUSTED:
        break;
    }
    return judge(check, runs);
}

static gboolean has_spent_all(const Check *check, const Runs *runs)
{
    gint64 limit = check->rubric->limits.memory_seconds * G_TIME_SPAN_SECOND;
    return (double)runs->spent >= MAX_SPENT * (double)limit;
}

/* Run Valgrind until a run can be believed. Sets *tampered to the reason if one cannot. */
static gboolean replay_all(Check *check, char **tampered, GError **error)
{
    Runs runs = {0};
    for (guint number = 1; number <= MAX_RUNS + runs.slow + runs.cleared && check->tests->len > 0;
         number++) {
        GError *silence = NULL;
        g_autoptr(MemoryReplay) replay =
            memory_replay_run(check->sandbox, &check->rubric->limits, check->libexec, check->box,
                              number, check->tests, &silence);
        if (replay == NULL && runs.silent++ > 0)
            return explain_silence(check, silence, tampered, error);
        if (replay == NULL) {
            g_error_free(silence);
            continue;
        }
        check->result->cpu_usec += replay->cpu_usec;
        runs.spent += replay->cpu_usec;
        if (replay->state == REPLAY_TAMPERED ||
            (replay->state == REPLAY_TRUSTED && has_jumped(check, replay)))
            return explain_tampering(check, replay->reason, tampered, error);
        if (is_last(check, replay, &runs))
            return TRUE;
        if (has_spent_all(check, &runs))
            return give_up(check, "its runs under Valgrind take too long together");
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
        CallLog *record = call_log_read(test->record, error);
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
    g_auto(Check) check = {.rubric = rubric,
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
