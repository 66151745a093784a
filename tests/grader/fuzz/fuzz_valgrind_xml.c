/*
 * Any bytes as Valgrind's XML: bounded events, valid text, words for each of them, and a verdict on
 * the test that the worker says it is about.
 */
#include <stdint.h>

#include "memory/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (text != NULL && (!g_utf8_validate(text, -1, NULL) || strlen(text) > 2000))
        g_error("a text that nobody can show");
}

static StudentFile no_file(void)
{
    static Source *none;
    if (none == NULL)
        none = source_load("/nonexistent");
    return (StudentFile){.name = "attention.c", .text = none};
}

static void check_finding(const ValgrindEvent *event)
{
    const StudentFile file = no_file();
    g_autoptr(MemoryFinding) finding = memory_finding_from_event(event, &file);
    if (finding == NULL)
        return;
    if (finding->kind == NULL || finding->message == NULL || finding->line != 0)
        g_error("half a finding");
    check_text(finding->message);
    check_text(finding->function);
    check_text(finding->detail);
}

static CallLog *make_series(void)
{
    CallLog *log = g_new0(CallLog, 1);
    log->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    const LoggedCall call = {.request.kind = API_scaled_dot_product_attention, .answered = TRUE};
    for (guint i = 0; i < 10; i++)
        g_array_append_val(log->calls, call);
    return log;
}

/* One test, of which the messages with this token may tell. */
static void judge(const ValgrindDocument *document)
{
    ReplayedTest *replayed = replayed_test_new("masking", "causal", make_series());
    g_autoptr(GPtrArray) tests = g_ptr_array_new_with_free_func((GDestroyNotify)observed_test_free);
    g_ptr_array_add(tests, observed_test_new(replayed, FALSE));
    g_auto(Observation) seen = {0};
    observation_read(&seen, document, 0x1234, tests);
    g_autoptr(Result) result = result_new("ann", "ann");
    g_ptr_array_add(result->items, item_result_new("masking", "masking", "masks", 5));
    const StudentFile file = no_file();
    memory_judge(tests, &file, result);
    replayed_test_free(replayed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(ValgrindDocument) document = valgrind_document_read((const char *)data, size);
    check_text(document->incomplete);
    if (document->incomplete == NULL && document->pid <= 0)
        g_error("a document of nobody");
    for (guint i = 0; i < document->events->len; i++) {
        const ValgrindEvent *event = document->events->pdata[i];
        check_text(event->kind);
        check_text(event->text);
        check_finding(event);
    }
    judge(document);
    return 0;
}
