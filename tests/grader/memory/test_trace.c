/* test_trace.c: what the worker says under Valgrind about calls alike, and what is believed. */
#include <criterion/criterion.h>

#include "memory/trace.h"

#define TOKEN 0x1234
#define CALLS 6 /* alike; what they keep is looked for after 2 of them, and at the end */
#define SAYS(words) "<clientmsg><tid>1</tid><text>0000000000001234 " words "</text></clientmsg>"
#define KEPT                                                                                       \
    "<error><kind>Leak_StillReachable</kind><xwhat><text>40 (+40) bytes in 1 (+1) blocks are "     \
    "still reachable in loss record 1 of 1</text></xwhat><stack></stack></error>"
#define LESS                                                                                       \
    "<error><kind>Leak_DefinitelyLost</kind><xwhat><text>0 (-40) bytes in 0 (-1) blocks are "      \
    "definitely lost in loss record 1 of 1</text></xwhat><stack></stack></error>"
#define LOST                                                                                       \
    "<error><kind>Leak_DefinitelyLost</kind><xwhat><text>40 bytes in 1 blocks are definitely "     \
    "lost in loss record 1 of 1</text></xwhat><stack></stack></error>"

typedef struct {
    MemoryTest test;
    ReplayScript script;
    MemoryLog log;
    ReplayedTest *replayed;
    ValgrindDocument *document;
    MemoryTrace trace;
} Run;

static CallLog *calls_alike(guint number)
{
    CallLog *record = g_new0(CallLog, 1);
    record->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    const LoggedCall call = {.request.kind = API_scaled_dot_product_attention, .answered = TRUE};
    for (guint i = 0; i < number; i++)
        g_array_append_val(record->calls, call);
    return record;
}

/* A run of one test, which says these things. */
static Run *run_with(guint calls, const char *events)
{
    Run *run = g_new0(Run, 1);
    run->script.token = TOKEN;
    run->log.judging = TRUE;
    run->log.code_run.libraries = g_ptr_array_new();
    g_ptr_array_add(run->log.code_run.libraries, run);
    run->replayed = replayed_test_new(&run->test, calls_alike(calls));
    run->trace = (MemoryTrace){.script = &run->script, .log = &run->log};
    run->trace.tests = g_ptr_array_new();
    g_ptr_array_add(run->trace.tests, run->replayed);
    g_autofree char *text =
        g_strconcat("<valgrindoutput><pid>2</pid><protocoltool>memcheck</protocoltool>", events,
                    "<status><state>FINISHED</state></status></valgrindoutput>", NULL);
    run->document = valgrind_document_read(text, strlen(text));
    memory_trace_read(&run->trace, run->document);
    return run;
}

static Run *run_new(const char *events)
{
    return run_with(CALLS, events);
}

static void run_free(Run *run)
{
    memory_trace_clear(&run->trace);
    valgrind_document_free(run->document);
    g_ptr_array_unref(run->trace.tests);
    g_ptr_array_unref(run->log.code_run.libraries);
    replayed_test_free(run->replayed);
    g_free(run);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

static void expect_tampered(const Run *run, const char *reason)
{
    const ProcessOutcome outcome = {0};
    MemoryReplay replay = {0};
    memory_trace_judge(&run->trace, &outcome, 20, &replay);
    cr_expect_eq(replay.state, REPLAY_TAMPERED);
    cr_expect_str_eq(replay.reason, reason, "%s", replay.reason);
    g_free(replay.reason);
}

#define ALL_IS_WELL                                                                                \
    SAYS("ready")                                                                                  \
    SAYS("begin 0") SAYS("alike 2") KEPT SAYS("alike 6") SAYS("end 0 errors 0 after 3")

Test(memory_trace, what_is_kept_between_the_ends_of_calls_alike)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") KEPT SAYS(
        "alike 2") KEPT KEPT LOST LESS SAYS("alike 6") KEPT SAYS("end 0 errors 0 after 3") KEPT);
    cr_expect(!run->trace.foreign);
    cr_expect(run->replayed->ended);
    cr_expect_eq(run->replayed->alike_ends, 2);
    cr_expect_eq(run->replayed->kept->len, 2);
    cr_expect_eq(run->replayed->events->len, 1);
}

/* Blocks that are kept are none of the grader's own errors either. */
Test(memory_trace, what_is_kept_at_the_end_is_no_control)
{
    g_autoptr(Run) run = run_new(ALL_IS_WELL SAYS("controls") KEPT LOST SAYS("done"));
    cr_expect_eq(run->trace.controls->len, 1);
    expect_tampered(run, "valgrind did not report the errors that the grader planted");
}

/* Student code can write over what the worker is to do, which lies on its stack. */
Test(memory_trace, it_was_not_looked_for)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") SAYS("alike 2")
                                     SAYS("end 0 errors 0 after 3") SAYS("controls") SAYS("done"));
    expect_tampered(run, "not all tests were run as they should be");
}

Test(memory_trace, it_was_looked_for_elsewhere)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") SAYS("alike 2") SAYS("alike 3")
                                     SAYS("end 0 errors 0 after 3") SAYS("controls") SAYS("done"));
    expect_tampered(run, "valgrind was sent messages that are not the grader's");
}

/* Who has taken the worker over may say so of a test without calls alike. */
Test(memory_trace, there_was_nothing_to_look_for)
{
    g_autoptr(Run) run = run_with(CALLS - 1, SAYS("begin 0") SAYS("alike 0") SAYS("alike 0"));
    cr_expect(run->trace.foreign);
    cr_expect_eq(run->replayed->alike_ends, 0);
}

Test(memory_trace, it_was_looked_for_once_more)
{
    g_autoptr(Run) run = run_new(SAYS("ready") SAYS("begin 0") SAYS("alike 2") SAYS("alike 6") SAYS(
        "alike 6") SAYS("end 0 errors 0 after 3") SAYS("controls") SAYS("done"));
    expect_tampered(run, "valgrind was sent messages that are not the grader's");
}
