/* Any bytes as Valgrind's XML: bounded events, valid text, and words for each of them. */
#include <stdint.h>

#include "memory_finding.h"
#include "valgrind_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (text != NULL && (!g_utf8_validate(text, -1, NULL) || strlen(text) > 2000))
        g_error("a text that nobody can show");
}

static void check_finding(const ValgrindEvent *event)
{
    static Source *none;
    if (none == NULL)
        none = source_load("/nonexistent");
    const StudentFile file = {.name = "attention.c", .text = none};
    g_autoptr(MemoryFinding) finding = memory_finding_from_event(event, &file);
    if (finding == NULL)
        return;
    if (finding->kind == NULL || finding->message == NULL || finding->line != 0)
        g_error("half a finding");
    check_text(finding->message);
    check_text(finding->function);
    check_text(finding->detail);
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
    return 0;
}
