/* trust.c: see trust.h. */
#include "valgrind/trust.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* The worker branches on an undefined value, reads too far, and loses a block. */
#define CONTROLS 3

/* Where Valgrind's own memory is on x86-64: above the program's, below its stack. */
#define VALGRIND_START G_GUINT64_CONSTANT(0x1000000000)
#define VALGRIND_END G_GUINT64_CONSTANT(0x1f00000000)

/* ---- the worker's own errors ----------------------------------------------------------------- */

static gboolean says(const ValgrindEvent *event, guint n, const char *part)
{
    g_autofree char *sentence = valgrind_event_sentence(event, n);
    return sentence != NULL && strstr(sentence, part) != NULL;
}

static gboolean is_control(const ReplayScript *script, const ValgrindEvent *event)
{
    g_autofree char *read =
        g_strdup_printf(" is 0 bytes after a block of size %u alloc'd", script->read_bytes);
    g_autofree char *lost = g_strdup_printf("%u (+%u) bytes in 1 (+1) blocks are definitely lost",
                                            script->lost_bytes, script->lost_bytes);
    const char *kind = event->kind != NULL ? event->kind : "";
    return g_str_equal(kind, "UninitCondition") ||
           (g_str_equal(kind, "InvalidRead") && says(event, 1, read)) ||
           (g_str_equal(kind, "Leak_DefinitelyLost") && says(event, 0, lost));
}

/* Did Valgrind see each of the controls once, and nothing else there? */
static gboolean has_controls(const ValgrindEvidence *run)
{
    const GPtrArray *controls = run->seen->controls;
    if (controls->len != CONTROLS)
        return FALSE;
    for (guint i = 0; i < CONTROLS; i++) {
        const ValgrindEvent *event = controls->pdata[i];
        if (!is_control(run->script, event))
            return FALSE;
        for (guint k = 0; k < i; k++) {
            const ValgrindEvent *earlier = controls->pdata[k];
            if (g_str_equal(earlier->kind, event->kind))
                return FALSE;
        }
    }
    return TRUE;
}

/* ---- its time -------------------------------------------------------------------------------- */

/* The kernel kills at the limit of CPU time, though not exactly: nine tenths count as all of it. */
static gboolean ran_out_of_time(const ValgrindEvidence *run)
{
    const ProcessOutcome *outcome = run->outcome;
    return outcome->timed_out || outcome->cpu_usec >= run->cpu_seconds * (gint64)900000 ||
           (WIFSIGNALED(outcome->wait_status) && WTERMSIG(outcome->wait_status) == SIGXCPU);
}

/*
 * The test that took the most time. To the one in which the run was stopped goes all the time that
 * no other test took, since the worker could not count it. A run can also be stopped between tests.
 */
static ObservedTest *find_slowest(const ValgrindEvidence *run)
{
    ObservedTest *slowest = run->seen->running;
    gint64 rest = run->cpu_seconds * (gint64)1000;
    for (guint i = 0; i < run->tests->len; i++)
        rest -= ((const ObservedTest *)run->tests->pdata[i])->milliseconds;
    if (slowest != NULL)
        slowest->milliseconds = (guint)CLAMP(rest, 0, G_MAXINT);
    for (guint i = 0; i < run->tests->len; i++) {
        ObservedTest *test = run->tests->pdata[i];
        if (slowest == NULL || test->milliseconds > slowest->milliseconds)
            slowest = test;
    }
    return slowest;
}

/* ---- attacks --------------------------------------------------------------------------------- */

/*
 * Is the address in Valgrind's program, or where it keeps what it knows? A wild pointer leads
 * elsewhere, or to a crash.
 */
static gboolean is_valgrinds(const char *sentence)
{
    guint64 address;
    if (sscanf(sentence, "Address 0x%" SCNx64, &address) != 1)
        return FALSE;
    return strstr(sentence, "/memcheck-") != NULL ||
           (address >= VALGRIND_START && address < VALGRIND_END);
}

static gboolean is_write_into_valgrind(const ValgrindEvent *event)
{
    g_autofree char *sentence = valgrind_event_sentence(event, 1);
    return g_strcmp0(event->kind, "InvalidWrite") == 0 && sentence != NULL &&
           is_valgrinds(sentence);
}

/* A write that ended the process changed nothing. */
static gboolean writes_into_valgrind(const ObservedTest *test)
{
    for (guint i = 0; i < test->events->len; i++) {
        const ValgrindEvent *event = test->events->pdata[i];
        const ValgrindEvent *next = i + 1 < test->events->len ? test->events->pdata[i + 1] : NULL;
        if (is_write_into_valgrind(event) && (next == NULL || next->type != VALGRIND_FATAL_SIGNAL))
            return TRUE;
    }
    return FALSE;
}

/* The process of an isolated test has a Valgrind of its own, which nobody uses after it. */
static gboolean is_written_to(const ValgrindEvidence *run)
{
    for (guint i = 0; i < run->tests->len; i++) {
        const ObservedTest *test = run->tests->pdata[i];
        if (!test->isolated && writes_into_valgrind(test))
            return TRUE;
    }
    return FALSE;
}

static guint count_isolated(const ValgrindEvidence *run)
{
    guint isolated = 0;
    for (guint i = 0; i < run->tests->len; i++)
        isolated += ((const ObservedTest *)run->tests->pdata[i])->isolated;
    return isolated;
}

/*
 * Is there a test that was not run to its end, with its searches? An isolated one may die instead.
 */
static gboolean lacks_test(const ValgrindEvidence *run)
{
    for (guint i = 0; i < run->tests->len; i++) {
        const ObservedTest *test = run->tests->pdata[i];
        gboolean complete = test->ended && observed_test_is_searched(test);
        gboolean died = test->begun && !test->ended && test->isolated;
        if (!complete && !died)
            return TRUE;
    }
    return FALSE;
}

/* Why a run that came to its end cannot be believed; NULL if it can. */
static char *find_tampering(const ValgrindEvidence *run)
{
    int status = run->outcome->wait_status;
    if (!run->log->judging || run->log->jumps.libraries->len == 0)
        return g_strdup("valgrind does not tell what the program does");
    if (run->log->forbidden != NULL)
        return g_strdup_printf("under valgrind it makes a forbidden system call: %s",
                               run->log->forbidden);
    if (is_written_to(run))
        return g_strdup("it writes into valgrind's own memory");
    if (run->log->forks > count_isolated(run))
        return g_strdup("it makes processes under valgrind");
    if (run->seen->foreign)
        return g_strdup("valgrind was sent messages that are not the grader's");
    if (!run->seen->done)
        return g_strdup("the run ended before the grader's own errors");
    if (lacks_test(run))
        return g_strdup("not all tests were run as they should be");
    if (run->document->incomplete != NULL)
        return g_strdup_printf("valgrind's report is damaged: %s", run->document->incomplete);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return g_strdup("the run did not end as it should");
    if (!has_controls(run))
        return g_strdup("valgrind did not report the errors that the grader planted");
    if (run->log->complaint != NULL)
        return g_strdup_printf("valgrind complains: %s", run->log->complaint);
    return NULL;
}

/*
 * The test that ended a run in which nothing else is wrong; NULL if there is none. Something else
 * is a write into Valgrind, which may find that out and give up.
 */
static const ObservedTest *find_culprit(const ValgrindEvidence *run, gboolean slow)
{
    const Observation *seen = run->seen;
    if (seen->done || seen->foreign || run->log->forbidden != NULL || is_written_to(run))
        return NULL;
    if (slow)
        return find_slowest(run);
    return seen->running != NULL && !seen->running->isolated ? seen->running : NULL;
}

ValgrindVerdict valgrind_judge(const ValgrindEvidence *run)
{
    gboolean slow = !run->seen->done && ran_out_of_time(run);
    ValgrindVerdict verdict = {.culprit = find_culprit(run, slow)};
    if (verdict.culprit != NULL) {
        verdict.trust = slow ? VALGRIND_SLOW : VALGRIND_DIED;
        return verdict;
    }
    verdict.reason = find_tampering(run);
    verdict.trust = verdict.reason != NULL ? VALGRIND_TAMPERED : VALGRIND_TRUSTED;
    return verdict;
}
