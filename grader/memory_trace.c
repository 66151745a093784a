/* memory_trace.c: the worker's messages in Valgrind's documents; see memory_trace.h. */
#include "memory_trace.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* The worker branches on an undefined value, reads too far, and loses a block. */
#define CONTROLS 3
#define COMPLAINT 200 /* characters of a line of the log that are quoted */

/* A document while it is followed. */
typedef struct {
    MemoryTrace *trace;
    gboolean is_main;
    ReplayedTest *running;
    gboolean controls; /* the tests are over */
} Follower;

/* ---- messages -------------------------------------------------------------------------------- */

static ReplayedTest *test_of(const Follower *follower, guint index)
{
    if (index >= follower->trace->tests->len)
        return NULL;
    ReplayedTest *test = follower->trace->tests->pdata[index];
    return test->isolated != follower->is_main ? test : NULL;
}

static gboolean on_begin(Follower *follower, guint index)
{
    ReplayedTest *test = test_of(follower, index);
    if (test == NULL || test->begun || follower->running != NULL || follower->controls)
        return FALSE;
    test->begun = TRUE;
    follower->running = test;
    return TRUE;
}

static gboolean on_end(Follower *follower, guint index, guint errors, guint milliseconds)
{
    ReplayedTest *test = test_of(follower, index);
    if (test == NULL || test != follower->running)
        return FALSE;
    test->ended = TRUE;
    test->errors = errors;
    test->milliseconds = milliseconds;
    follower->running = NULL;
    return TRUE;
}

static void add_undefined(ReplayedTest *test, guint kind)
{
    ReplayUndefined undefined = {.kind = kind, .event = test->events->len};
    g_array_append_val(test->undefined, undefined);
}

/* What the worker says outside of a test, in the main process only. */
static gboolean on_stage(Follower *follower, const char *words)
{
    MemoryTrace *trace = follower->trace;
    if (!follower->is_main || follower->running != NULL)
        return FALSE;
    if (g_str_equal(words, "ready"))
        trace->ready = TRUE;
    else if (g_str_equal(words, "controls"))
        follower->controls = TRUE;
    else if (g_str_equal(words, "done") && follower->controls)
        trace->done = TRUE;
    else
        return FALSE;
    return TRUE;
}

/* FALSE if the worker would not say that here. */
static gboolean on_message(Follower *follower, const ValgrindEvent *event)
{
    g_autofree char *token =
        g_strdup_printf("%016" G_GINT64_MODIFIER "x ", follower->trace->script->token);
    if (event->text == NULL || !g_str_has_prefix(event->text, token))
        return FALSE;
    const char *words = event->text + strlen(token);
    guint index, errors, milliseconds;
    if (sscanf(words, "begin %u", &index) == 1)
        return on_begin(follower, index);
    if (sscanf(words, "end %u errors %u after %u", &index, &errors, &milliseconds) == 3)
        return on_end(follower, index, errors, milliseconds);
    if (follower->running == NULL)
        return on_stage(follower, words);
    if (g_str_equal(words, "unusable"))
        follower->running->unusable = TRUE;
    else if (sscanf(words, "undefined %u", &index) == 1)
        add_undefined(follower->running, index);
    else
        return FALSE;
    return TRUE;
}

/* ---- documents ------------------------------------------------------------------------------- */

static void follow(MemoryTrace *trace, const ValgrindDocument *document)
{
    Follower follower = {.trace = trace, .is_main = document == trace->main};
    for (guint i = 0; i < document->events->len; i++) {
        ValgrindEvent *event = document->events->pdata[i];
        if (event->type == VALGRIND_MESSAGE)
            trace->foreign |= !on_message(&follower, event);
        else if (event->at_exit)
            continue;
        else if (follower.running != NULL)
            g_ptr_array_add(follower.running->events, event);
        else if (follower.controls)
            g_ptr_array_add(trace->controls, event);
    }
    if (follower.is_main)
        trace->running = follower.running;
}

static gboolean is_child(const ValgrindDocument *document, GPtrArray *documents)
{
    for (guint i = 0; i < documents->len; i++) {
        const ValgrindDocument *other = documents->pdata[i];
        if (other != document && other->pid == document->parent)
            return TRUE;
    }
    return FALSE;
}

static const ValgrindDocument *find_main(GPtrArray *documents)
{
    const ValgrindDocument *main = NULL;
    for (guint i = 0; i < documents->len; i++) {
        if (is_child(documents->pdata[i], documents))
            continue;
        if (main != NULL)
            return NULL;
        main = documents->pdata[i];
    }
    return main;
}

static void reset(ReplayedTest *test)
{
    test->begun = test->ended = test->unusable = FALSE;
    test->errors = test->milliseconds = 0;
    g_ptr_array_set_size(test->events, 0);
    g_array_set_size(test->undefined, 0);
}

void memory_trace_read(MemoryTrace *trace, GPtrArray *documents)
{
    trace->controls = g_ptr_array_new();
    trace->main = find_main(documents);
    for (guint i = 0; i < trace->tests->len; i++)
        reset(trace->tests->pdata[i]);
    for (guint i = 0; trace->main != NULL && i < documents->len; i++)
        follow(trace, documents->pdata[i]);
}

void memory_trace_clear(MemoryTrace *trace)
{
    g_free(trace->log);
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
    return outcome->timed_out || outcome->cpu_usec >= cpu_seconds * (gint64)900000;
}

/* The test in which the run stopped; the main process may have waited for an isolated one. */
static ReplayedTest *find_unfinished(const MemoryTrace *trace)
{
    if (trace->running != NULL)
        return trace->running;
    ReplayedTest *last = NULL;
    for (guint i = 0; i < trace->tests->len; i++) {
        ReplayedTest *test = trace->tests->pdata[i];
        if (test->isolated && test->begun && !test->ended)
            last = test;
    }
    return last;
}

/* The test that took the most time. The one in which it was up has all that no other one took. */
static ReplayedTest *find_slowest(const MemoryTrace *trace, const ProcessOutcome *outcome)
{
    ReplayedTest *slowest = find_unfinished(trace);
    gint64 rest = outcome->cpu_usec / 1000;
    for (guint i = 0; i < trace->tests->len; i++)
        rest -= ((const ReplayedTest *)trace->tests->pdata[i])->milliseconds;
    if (slowest != NULL)
        slowest->milliseconds = (guint)CLAMP(rest, 0, G_MAXINT);
    for (guint i = 0; slowest != NULL && i < trace->tests->len; i++) {
        ReplayedTest *test = trace->tests->pdata[i];
        if (test->milliseconds > slowest->milliseconds)
            slowest = test;
    }
    return slowest;
}

/* In place, at most COMPLAINT characters. */
static const char *cut_line(char *line)
{
    if (g_utf8_strlen(line, -1) > COMPLAINT)
        *g_utf8_offset_to_pointer(line, COMPLAINT) = '\0';
    return line;
}

/*
 * The first line of the log, NULL if there is none. Each line begins with ==PID==; what is said of
 * an isolated test, whose process may well end with a signal, is no complaint.
 */
static char *find_complaint(const MemoryTrace *trace)
{
    g_autofree char *prefix = g_strdup_printf("==%" G_GINT64_FORMAT "==", trace->main->pid);
    g_auto(GStrv) lines = g_strsplit(trace->log, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0' && (!g_str_has_prefix(*line, "==") || g_str_has_prefix(*line, prefix)))
            return g_strconcat("valgrind complains: ", cut_line(*line), NULL);
    return NULL;
}

/* Why a run that came to its end cannot be believed; NULL if it can. */
static char *find_tampering(const MemoryTrace *trace, const ProcessOutcome *outcome)
{
    if (trace->foreign)
        return g_strdup("valgrind was sent messages that are not the grader's");
    if (!trace->done)
        return g_strdup("the run ended before the grader's own errors");
    if (trace->main->incomplete != NULL)
        return g_strdup_printf("valgrind's report is damaged: %s", trace->main->incomplete);
    if (!WIFEXITED(outcome->wait_status) || WEXITSTATUS(outcome->wait_status) != 0)
        return g_strdup("the run did not end as it should");
    if (!has_controls(trace))
        return g_strdup("valgrind did not report the errors that the grader planted");
    return find_complaint(trace);
}

void memory_trace_judge(const MemoryTrace *trace, const ProcessOutcome *outcome, guint cpu_seconds,
                        MemoryReplay *replay)
{
    gboolean slow = !trace->done && ran_out_of_time(outcome, cpu_seconds);
    if (!trace->done && !trace->foreign)
        replay->culprit = slow ? find_slowest(trace, outcome) : trace->running;
    if (replay->culprit != NULL) {
        replay->state = slow ? REPLAY_SLOW : REPLAY_DIED;
        return;
    }
    replay->reason = find_tampering(trace, outcome);
    replay->state = replay->reason != NULL ? REPLAY_TAMPERED : REPLAY_TRUSTED;
}
