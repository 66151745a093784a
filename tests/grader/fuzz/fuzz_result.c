/* Any bytes as result.json: what is accepted is written as it was read, and every report of it. */
#include <stdint.h>
#include <string.h>

#include "report_text.h"
#include "result_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_report(const Result *result, RubricDisclosure show)
{
    ReportStyle style = {FALSE, show, "make debug TEST=%s"};
    g_autofree char *report = report_text(result, &style);
    if (!g_utf8_validate(report, -1, NULL) || strchr(report, '\x1b') != NULL)
        g_error("a report that acts on the terminal");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Result) result = result_from_json((const char *)data, size, &error);
    if ((result == NULL) != (error != NULL))
        g_error("an error and a result, or neither");
    if (result == NULL)
        return 0;
    g_autofree char *text = result_to_json(result);
    g_autoptr(Result) again = result_from_json(text, strlen(text), NULL);
    if (again == NULL)
        g_error("what was read cannot be read again: %s", text);
    g_autofree char *second = result_to_json(again);
    if (strcmp(text, second) != 0)
        g_error("what was read is written differently: %s", text);
    for (guint show = DISCLOSE_POINTS; show <= DISCLOSE_ALL; show++)
        try_report(result, (RubricDisclosure)show);
    return 0;
}
