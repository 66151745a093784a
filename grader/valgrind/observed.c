/* observed.c: see observed.h. */
#include "valgrind/observed.h"

#include <stdio.h>
#include <string.h>

/* ---- life cycle ------------------------------------------------------------------------------ */

ReplayedTest *replayed_test_new(const char *suite, const char *name, CallLog *log)
{
    ReplayedTest *test = g_new0(ReplayedTest, 1);
    test->suite = suite;
    test->name = name;
    test->log = log;
    test->series = call_log_series(log);
    return test;
}

void replayed_test_free(ReplayedTest *test)
{
    call_log_free(test->log);
    g_free(test);
}

ObservedTest *observed_test_new(const ReplayedTest *test, gboolean isolated)
{
    ObservedTest *observed = g_new0(ObservedTest, 1);
    observed->test = test;
    observed->isolated = isolated;
    observed->events = g_ptr_array_new();
    observed->undefined = g_array_new(FALSE, FALSE, sizeof(UndefinedResult));
    observed->retained = g_ptr_array_new();
    return observed;
}

void observed_test_free(ObservedTest *test)
{
    g_ptr_array_unref(test->events);
    g_array_unref(test->undefined);
    g_ptr_array_unref(test->retained);
    g_free(test->difference);
    g_free(test);
}

gboolean observed_test_is_searched(const ObservedTest *test)
{
    const CallSeries *series = &test->test->series;
    return series->rounds == 0 || test->searches == G_N_ELEMENTS(series->end);
}

void observation_clear(Observation *seen)
{
    g_clear_pointer(&seen->controls, g_ptr_array_unref);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* An isolated test that died sends no end: the next message shows that the worker has gone on. */
static void close_dead_test(Observation *seen)
{
    if (seen->running != NULL && seen->running->isolated)
        seen->running = NULL;
}

static gboolean on_begin(Observation *seen, const GPtrArray *tests, guint index)
{
    close_dead_test(seen);
    if (index >= tests->len || seen->running != NULL || seen->controlled)
        return FALSE;
    ObservedTest *test = tests->pdata[index];
    if (test->begun)
        return FALSE;
    test->begun = TRUE;
    seen->running = test;
    return TRUE;
}

static gboolean on_end(Observation *seen, const GPtrArray *tests, guint index, guint errors,
                       guint milliseconds)
{
    ObservedTest *test = seen->running;
    if (index >= tests->len || test == NULL || test != tests->pdata[index])
        return FALSE;
    test->ended = TRUE;
    test->errors = errors;
    test->milliseconds = milliseconds;
    seen->last = test;
    seen->running = NULL;
    return TRUE;
}

/* The worker has made so many calls, and a search for retained memory. */
static gboolean on_search(ObservedTest *test, guint calls)
{
    const CallSeries *series = &test->test->series;
    if (observed_test_is_searched(test) || calls != series->end[test->searches])
        return FALSE;
    test->searches++;
    return TRUE;
}

static gboolean on_words_in_test(ObservedTest *test, const char *words)
{
    guint number;
    if (sscanf(words, "series %u", &number) == 1)
        return on_search(test, number);
    if (sscanf(words, "undefined %u", &number) != 1)
        return FALSE;
    UndefinedResult undefined = {.kind = number, .event = test->events->len};
    g_array_append_val(test->undefined, undefined);
    return TRUE;
}

/* Messages that the worker sends outside of a test. */
static gboolean on_stage(Observation *seen, const char *words)
{
    close_dead_test(seen);
    if (seen->running != NULL)
        return FALSE;
    if (g_str_equal(words, "ready"))
        seen->ready = TRUE;
    else if (g_str_equal(words, "controls"))
        seen->controlled = TRUE;
    else if (g_str_equal(words, "done") && seen->controlled)
        seen->done = TRUE;
    else
        return FALSE;
    return TRUE;
}

/* FALSE if the worker would not send this message here. */
static gboolean on_message(Observation *seen, const ValgrindEvent *event, guint64 token,
                           const GPtrArray *tests)
{
    g_autofree char *prefix = g_strdup_printf("%016" G_GINT64_MODIFIER "x ", token);
    if (event->text == NULL || !g_str_has_prefix(event->text, prefix))
        return FALSE;
    const char *words = event->text + strlen(prefix);
    guint index, errors, milliseconds;
    if (sscanf(words, "begin %u", &index) == 1)
        return on_begin(seen, tests, index);
    if (sscanf(words, "end %u errors %u after %u", &index, &errors, &milliseconds) == 3)
        return on_end(seen, tests, index, errors, milliseconds);
    return (seen->running != NULL && on_words_in_test(seen->running, words)) ||
           on_stage(seen, words);
}

/* ---- the document ---------------------------------------------------------------------------- */

/* Valgrind also notes when a leak has shrunk. */
static gboolean is_shrunk_leak(const ValgrindEvent *event)
{
    return valgrind_event_is_leak(event) && valgrind_event_growth(event).blocks < 0;
}

static void on_event(Observation *seen, ValgrindEvent *event)
{
    ObservedTest *running = seen->running;
    if (valgrind_event_is_retained(event)) {
        if (running != NULL && running->searches == 1)
            g_ptr_array_add(running->retained, event);
    } else if (running != NULL) {
        g_ptr_array_add(running->events, event);
    } else if (seen->controlled) {
        g_ptr_array_add(seen->controls, event);
    } else if (seen->last != NULL) {
        /* Between tests only student code that runs on after its own can make an error. */
        g_ptr_array_add(seen->last->events, event);
    }
}

void observation_read(Observation *seen, const ValgrindDocument *document, guint64 token,
                      const GPtrArray *tests)
{
    *seen = (Observation){.controls = g_ptr_array_new()};
    for (guint i = 0; i < document->events->len; i++) {
        ValgrindEvent *event = document->events->pdata[i];
        if (event->type == VALGRIND_MESSAGE)
            seen->foreign |= !on_message(seen, event, token, tests);
        else if (!event->at_exit && !is_shrunk_leak(event))
            on_event(seen, event);
    }
}
