/* Any bytes as result.json: what is accepted is written as it was read, and every report of it. */
#include <stdint.h>
#include <string.h>

#include "report/github.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/text.h"
#include "result/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_report(const Result *result, RubricDisclosure show)
{
    ReportStyle style = {FALSE, show, "make %s TEST=%s"};
    g_autofree char *report = report_text(result, &style);
    if (!g_utf8_validate(report, -1, NULL) || strchr(report, '\x1b') != NULL)
        g_error("a report that acts on the terminal");
    g_autofree char *markdown = report_markdown(result, show);
    if (strlen(markdown) > REPORT_MARKDOWN_LIMIT)
        g_error("more Markdown than GitHub takes");
}

static void try_exports(const Result *result)
{
    g_autofree char *junit = report_junit(result);
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&(GMarkupParser){0}, 0, NULL, NULL);
    if (!g_markup_parse_context_parse(context, junit, -1, NULL) ||
        !g_markup_parse_context_end_parse(context, NULL))
        g_error("JUnit that is no XML: %s", junit);
    g_autofree char *annotations = report_github_annotations(result, "starter", NULL);
    g_auto(GStrv) lines = g_strsplit(annotations, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0' && !g_str_has_prefix(*line, "::error ") &&
            !g_str_has_prefix(*line, "::warning "))
            g_error("an annotation that is none: %s", *line);
    g_autofree char *classroom = report_github_classroom(result);
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
    try_exports(result);
    return 0;
}
