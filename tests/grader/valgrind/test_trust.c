/*
 * test_trust.c: what the worker says under Valgrind about a series of calls, and what is believed.
 */
#include <criterion/criterion.h>

#include "valgrind/trust.h"

#define TOKEN 0x1234
#define CALLS 6 /* a series; what is retained is searched for after 2 of them, and at the end */
#define SAYS(words) "<clientmsg><tid>1</tid><text>0000000000001234 " words "</text></clientmsg>"
#define RETAINED                                                                                   \
    "<error><kind>Leak_StillReachable</kind><xwhat><text>40 (+40) bytes in 1 (+1) blocks are "     \
    "still reachable in loss record 1 of 1</text></xwhat><stack></stack></error>"
#define LESS                                                                                       \
    "<error><kind>Leak_DefinitelyLost</kind><xwhat><text>0 (-40) bytes in 0 (-1) blocks are "      \
    "definitely lost in loss record 1 of 1</text></xwhat><stack></stack></error>"
#define LOST                                                                                       \
    "<error><kind>Leak_DefinitelyLost</kind><xwhat><text>40 bytes in 1 blocks are definitely "     \
    "lost in loss record 1 of 1</text></xwhat><stack></stack></error>"

typedef struct {
    ReplayScript script;
    ValgrindLog log;
    ReplayedTest *replayed;
    ObservedTest *test;
    GPtrArray *tests; /* the one */
    ValgrindDocument *document;
    Observation seen;
} Run;

static CallLog *make_calls(guint number)
{
    CallLog *log = g_new0(CallLog, 1);
    log->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    const LoggedCall call = {.request.kind = API_scaled_dot_product_attention, .answered = TRUE};
    for (guint i = 0; i < number; i++)
        g_array_append_val(log->calls, call);
    return log;
}

/* A run of one test, which says these things. */
static Run *run_with(guint calls, const char *events)
{
    Run *run = g_new0(Run, 1);
    run->log.judging = TRUE;
    run->log.jumps.libraries = g_ptr_array_new();
    g_ptr_array_add(run->log.jumps.libraries, run);
    run->replayed = replayed_test_new("masking", "causal", make_calls(calls));
    run->test = observed_test_new(run->replayed, FALSE);
    run->tests = g_ptr_array_new();
    g_ptr_array_add(run->tests, run->test);
    g_autofree char *text =
        g_strconcat("<valgrindoutput><pid>2</pid><protocoltool>memcheck</protocoltool>", events,
                    "<status><state>FINISHED</state></status></valgrindoutput>", NULL);
    run->document = valgrind_document_read(text, strlen(text));
    observation_read(&run->seen, run->document, TOKEN, run->tests);
    return run;
}

static Run *run_new(const char *events)
{
    return run_with(CALLS, events);
}

static void run_free(Run *run)
{
    observation_clear(&run->seen);
    valgrind_document_free(run->document);
    g_ptr_array_unref(run->tests);
    g_ptr_array_unref(run->log.jumps.libraries);
    observed_test_free(run->test);
    replayed_test_free(run->replayed);
    g_free(run);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

static void expect_tampered(const Run *run, const char *reason)
{
    const ProcessOutcome outcome = {0};
    const ValgrindEvidence evidence = {.script = &run->script,
                                       .tests = run->tests,
                                       .seen = &run->seen,
                                       .document = run->document,
                                       .log = &run->log,
                                       .outcome = &outcome,
                                       .cpu_seconds = 20};
    ValgrindVerdict verdict = valgrind_judge(&evidence);
    cr_expect_eq(verdict.trust, VALGRIND_TAMPERED);
    cr_expect_str_eq(verdict.reason, reason, "%s", verdict.reason);
    g_free(verdict.reason);
}

#define ALL_IS_WELL                                                                                \
    SAYS("ready")                                                                                  \
    SAYS("begin 0") SAYS("series 2") RETAINED SAYS("series 6") SAYS("end 0 errors 0 after 3")

Test(valgrind_trust, what_is_retained_between_the_searches)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") RETAINED SAYS("series 2")
                                     RETAINED RETAINED LOST LESS SAYS("series 6")
                                         RETAINED SAYS("end 0 errors 0 after 3") RETAINED);
    cr_expect(!run->seen.foreign);
    cr_expect(run->test->ended);
    cr_expect_eq(run->test->searches, 2);
    cr_expect_eq(run->test->retained->len, 2);
    cr_expect_eq(run->test->events->len, 1);
}

/* Retained blocks are none of the grader's own errors either. */
Test(valgrind_trust, what_is_retained_at_the_end_is_no_control)
{
    g_autoptr(Run) run = run_new(ALL_IS_WELL SAYS("controls") RETAINED LOST SAYS("done"));
    cr_expect_eq(run->seen.controls->len, 1);
    expect_tampered(run, "valgrind did not report the errors that the grader planted");
}

/* Student code can write over what the worker is to do, which lies on its stack. */
Test(valgrind_trust, a_search_was_not_made)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") SAYS("series 2")
                                     SAYS("end 0 errors 0 after 3") SAYS("controls") SAYS("done"));
    expect_tampered(run, "not all tests were run as they should be");
}

Test(valgrind_trust, a_search_was_made_elsewhere)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") SAYS("series 2") SAYS("series 3")
                                     SAYS("end 0 errors 0 after 3") SAYS("controls") SAYS("done"));
    expect_tampered(run, "valgrind was sent messages that are not the grader's");
}

/* Code that has taken over the worker may send such a message in a test without a series. */
Test(valgrind_trust, no_search_was_to_be_made)
{
    g_autoptr(Run) run = run_with(CALLS - 1, SAYS("begin 0") SAYS("series 0") SAYS("series 0"));
    cr_expect(run->seen.foreign);
    cr_expect_eq(run->test->searches, 0);
}

Test(valgrind_trust, a_search_was_made_once_more)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") SAYS("series 2") SAYS(
        "series 6") SAYS("series 6") SAYS("end 0 errors 0 after 3") SAYS("controls") SAYS("done"));
    expect_tampered(run, "valgrind was sent messages that are not the grader's");
}
