/* trace.c: the worker's messages in Valgrind's documents; see trace.h. */
#include "memory/trace.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "memory/words.h"

/* The worker branches on an undefined value, reads too far, and loses a block. */
#define CONTROLS 3

/* Where Valgrind's own memory is on x86-64: above the program's, below its stack. */
#define VALGRIND_START G_GUINT64_CONSTANT(0x1000000000)
#define VALGRIND_END G_GUINT64_CONSTANT(0x1f00000000)

/* ---- messages -------------------------------------------------------------------------------- */

/* An isolated test that died says nothing more; the worker goes on with the next one. */
static void bury(MemoryTrace *trace)
{
    if (trace->running != NULL && trace->running->isolated)
        trace->running = NULL;
}

static gboolean on_begin(MemoryTrace *trace, guint index)
{
    bury(trace);
    if (index >= trace->tests->len || trace->running != NULL || trace->controlled)
        return FALSE;
    ReplayedTest *test = trace->tests->pdata[index];
    if (test->begun)
        return FALSE;
    test->begun = TRUE;
    trace->running = test;
    return TRUE;
}

static gboolean on_end(MemoryTrace *trace, guint index, guint errors, guint milliseconds)
{
    ReplayedTest *test = trace->running;
    if (index >= trace->tests->len || test == NULL || test != trace->tests->pdata[index])
        return FALSE;
    test->ended = TRUE;
    test->errors = errors;
    test->milliseconds = milliseconds;
    trace->last = test;
    trace->running = NULL;
    return TRUE;
}

static void add_undefined(ReplayedTest *test, guint kind)
{
    ReplayUndefined undefined = {.kind = kind, .event = test->events->len};
    g_array_append_val(test->undefined, undefined);
}

static gboolean on_alike(ReplayedTest *test, guint calls)
{
    const CallSeries *alike = &test->alike;
    if (alike->rounds == 0 || test->alike_ends == G_N_ELEMENTS(alike->end) ||
        calls != alike->end[test->alike_ends])
        return FALSE;
    test->alike_ends++;
    return TRUE;
}

static gboolean on_words_in_test(ReplayedTest *test, const char *words)
{
    guint number;
    if (sscanf(words, "alike %u", &number) == 1)
        return on_alike(test, number);
    if (sscanf(words, "undefined %u", &number) != 1)
        return FALSE;
    add_undefined(test, number);
    return TRUE;
}

/* What the worker says outside of a test. */
static gboolean on_stage(MemoryTrace *trace, const char *words)
{
    bury(trace);
    if (trace->running != NULL)
        return FALSE;
    if (g_str_equal(words, "ready"))
        trace->ready = TRUE;
    else if (g_str_equal(words, "controls"))
        trace->controlled = TRUE;
    else if (g_str_equal(words, "done") && trace->controlled)
        trace->done = TRUE;
    else
        return FALSE;
    return TRUE;
}

/* FALSE if the worker would not say that here. */
static gboolean on_message(MemoryTrace *trace, const ValgrindEvent *event)
{
    g_autofree char *token = g_strdup_printf("%016" G_GINT64_MODIFIER "x ", trace->script->token);
    if (event->text == NULL || !g_str_has_prefix(event->text, token))
        return FALSE;
    const char *words = event->text + strlen(token);
    guint index, errors, milliseconds;
    if (sscanf(words, "begin %u", &index) == 1)
        return on_begin(trace, index);
    if (sscanf(words, "end %u errors %u after %u", &index, &errors, &milliseconds) == 3)
        return on_end(trace, index, errors, milliseconds);
    return (trace->running != NULL && on_words_in_test(trace->running, words)) ||
           on_stage(trace, words);
}

/* ---- the document ---------------------------------------------------------------------------- */

/* A leak of which there is less has been told of. */
static gboolean is_less(const ValgrindEvent *event)
{
    return valgrind_event_is_leak(event) && memory_words_growth(event).blocks < 0;
}

static void add_kept(ReplayedTest *running, ValgrindEvent *event)
{
    if (running != NULL && running->alike_ends == 1)
        g_ptr_array_add(running->kept, event);
}

void memory_trace_read(MemoryTrace *trace, const ValgrindDocument *document)
{
    trace->controls = g_ptr_array_new();
    trace->document = document;
    for (guint i = 0; i < document->events->len; i++) {
        ValgrindEvent *event = document->events->pdata[i];
        if (event->type == VALGRIND_MESSAGE)
            trace->foreign |= !on_message(trace, event);
        else if (event->at_exit || is_less(event))
            continue;
        else if (valgrind_event_is_kept(event))
            add_kept(trace->running, event);
        else if (trace->running != NULL)
            g_ptr_array_add(trace->running->events, event);
        else if (trace->controlled)
            g_ptr_array_add(trace->controls, event);
        else if (trace->last != NULL) /* student code is not to have the time between tests */
            g_ptr_array_add(trace->last->events, event);
    }
}

void memory_trace_clear(MemoryTrace *trace)
{
    g_clear_pointer(&trace->controls, g_ptr_array_unref);
}

/* ---- the verdict on the run ------------------------------------------------------------------ */

static gboolean says(const ValgrindEvent *event, guint stack, const char *part)
{
    if (event->stacks->len <= stack)
        return FALSE;
    const ValgrindStack *where = event->stacks->pdata[stack];
    if (where->what == NULL)
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(where->what, ",", -1);
    g_autofree char *plain = g_strjoinv("", parts); /* large numbers have commas */
    return strstr(plain, part) != NULL;
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

/* Each of the controls once, and nothing else. */
static gboolean has_controls(const MemoryTrace *trace)
{
    if (trace->controls->len != CONTROLS)
        return FALSE;
    for (guint i = 0; i < CONTROLS; i++) {
        const ValgrindEvent *event = trace->controls->pdata[i];
        if (!is_control(trace->script, event))
            return FALSE;
        for (guint k = 0; k < i; k++)
            if (g_str_equal(((ValgrindEvent *)trace->controls->pdata[k])->kind, event->kind))
                return FALSE;
    }
    return TRUE;
}

/* At the limit of CPU time the kernel kills; that needs not be exact to the last tick. */
static gboolean ran_out_of_time(const ProcessOutcome *outcome, guint cpu_seconds)
{
    return outcome->timed_out || outcome->cpu_usec >= cpu_seconds * (gint64)900000 ||
           (WIFSIGNALED(outcome->wait_status) && WTERMSIG(outcome->wait_status) == SIGXCPU);
}

/*
 * The test that took the most time. The one in which it was up has all that no other one took, also
 * where the clock stopped the run, so that what it used was not counted. That may be between tests.
 */
static ReplayedTest *find_slowest(const MemoryTrace *trace, guint cpu_seconds)
{
    ReplayedTest *slowest = trace->running;
    gint64 rest = cpu_seconds * (gint64)1000;
    for (guint i = 0; i < trace->tests->len; i++)
        rest -= ((const ReplayedTest *)trace->tests->pdata[i])->milliseconds;
    if (slowest != NULL)
        slowest->milliseconds = (guint)CLAMP(rest, 0, G_MAXINT);
    for (guint i = 0; i < trace->tests->len; i++) {
        ReplayedTest *test = trace->tests->pdata[i];
        if (slowest == NULL || test->milliseconds > slowest->milliseconds)
            slowest = test;
    }
    return slowest;
}

/* In its program, or where it keeps what it knows: a wild pointer ends elsewhere, or in a crash. */
static gboolean is_valgrinds(const char *what)
{
    guint64 address;
    if (sscanf(what, "Address 0x%" SCNx64, &address) != 1)
        return FALSE;
    return strstr(what, "/memcheck-") != NULL ||
           (address >= VALGRIND_START && address < VALGRIND_END);
}

static gboolean is_write_into_valgrind(const ValgrindEvent *event)
{
    if (g_strcmp0(event->kind, "InvalidWrite") != 0 || event->stacks->len < 2)
        return FALSE;
    const ValgrindStack *where = event->stacks->pdata[1];
    return where->what != NULL && is_valgrinds(where->what);
}

/* A write that ended the process did not get there. */
static gboolean writes_into_valgrind(const ReplayedTest *test)
{
    gboolean written = FALSE;
    for (guint i = 0; i < test->events->len && !written; i++)
        written =
            is_write_into_valgrind(test->events->pdata[i]) &&
            (i + 1 == test->events->len ||
             ((const ValgrindEvent *)test->events->pdata[i + 1])->type != VALGRIND_FATAL_SIGNAL);
    return written;
}

/* An isolated test writes into a Valgrind that is of no use after it. */
static gboolean is_written_to(const MemoryTrace *trace)
{
    for (guint i = 0; i < trace->tests->len; i++) {
        const ReplayedTest *test = trace->tests->pdata[i];
        if (!test->isolated && writes_into_valgrind(test))
            return TRUE;
    }
    return FALSE;
}

static guint count_isolated(const MemoryTrace *trace)
{
    guint isolated = 0;
    for (guint i = 0; i < trace->tests->len; i++)
        isolated += ((const ReplayedTest *)trace->tests->pdata[i])->isolated;
    return isolated;
}

/* Was it run to its end, and what it keeps looked for? */
static gboolean is_whole(const ReplayedTest *test)
{
    return test->ended &&
           (test->alike.rounds == 0 || test->alike_ends == G_N_ELEMENTS(test->alike.end));
}

/* Is there a test that was not run to its end? One that needs a process of its own may die there. */
static gboolean lacks_test(const MemoryTrace *trace)
{
    for (guint i = 0; i < trace->tests->len; i++) {
        const ReplayedTest *test = trace->tests->pdata[i];
        if (!test->begun || (!is_whole(test) && (test->ended || !test->isolated)))
            return TRUE;
    }
    return FALSE;
}

/* Why a run that came to its end cannot be believed; NULL if it can. */
static char *find_tampering(const MemoryTrace *trace, const ProcessOutcome *outcome)
{
    if (!trace->log->judging || trace->log->code_run.libraries->len == 0)
        return g_strdup("valgrind does not tell what the program does");
    if (trace->log->forbidden != NULL)
        return g_strdup_printf("under valgrind it makes a forbidden system call: %s",
                               trace->log->forbidden);
    if (is_written_to(trace))
        return g_strdup("it writes into valgrind's own memory");
    if (trace->log->forks > count_isolated(trace))
        return g_strdup("it makes processes under valgrind");
    if (trace->foreign)
        return g_strdup("valgrind was sent messages that are not the grader's");
    if (!trace->done)
        return g_strdup("the run ended before the grader's own errors");
    if (lacks_test(trace))
        return g_strdup("not all tests were run as they should be");
    if (trace->document->incomplete != NULL)
        return g_strdup_printf("valgrind's report is damaged: %s", trace->document->incomplete);
    if (!WIFEXITED(outcome->wait_status) || WEXITSTATUS(outcome->wait_status) != 0)
        return g_strdup("the run did not end as it should");
    if (!has_controls(trace))
        return g_strdup("valgrind did not report the errors that the grader planted");
    if (trace->log->complaint != NULL)
        return g_strdup_printf("valgrind complains: %s", trace->log->complaint);
    return NULL;
}

void memory_trace_judge(const MemoryTrace *trace, const ProcessOutcome *outcome, guint cpu_seconds,
                        MemoryReplay *replay)
{
    gboolean slow = !trace->done && ran_out_of_time(outcome, cpu_seconds);
    /* Valgrind may itself find what was written into it, and give up. */
    gboolean honest =
        !trace->done && !trace->foreign && trace->log->forbidden == NULL && !is_written_to(trace);
    if (honest && slow)
        replay->culprit = find_slowest(trace, cpu_seconds);
    else if (honest && trace->running != NULL && !trace->running->isolated)
        replay->culprit = trace->running;
    if (replay->culprit != NULL) {
        replay->state = slow ? REPLAY_SLOW : REPLAY_DIED;
        return;
    }
    replay->reason = find_tampering(trace, outcome);
    replay->state = replay->reason != NULL ? REPLAY_TAMPERED : REPLAY_TRUSTED;
}
