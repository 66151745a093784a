#include "report/junit.h"

#include <string.h>

#include "base/escape.h"
#include "result/words.h"

typedef struct {
    guint tests, failures, errors, skipped;
} Counts;

/* ---- pieces ---------------------------------------------------------------------------------- */

static void attribute(GString *out, const char *name, const char *text)
{
    g_autofree char *line = escape_text(text != NULL ? text : "", -1, 1000, FALSE);
    g_autofree char *safe = escape_html(line);
    g_string_append_printf(out, " %s=\"%s\"", name, safe);
}

static void text(GString *out, const char *before, const char *text)
{
    if (text == NULL)
        return;
    g_autofree char *safe = escape_html(text);
    g_string_append_printf(out, "%s%s\n", before, safe);
}

/* A time in seconds; with the dot that XML wants in every language. */
static void seconds(GString *out, gint64 usec)
{
    g_string_append_printf(out, " time=\"%" G_GINT64_FORMAT ".%03d\"", usec / G_USEC_PER_SEC,
                           (int)(usec % G_USEC_PER_SEC / 1000));
}

static void counts(GString *out, const Counts *counts)
{
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"",
                           counts->tests, counts->failures, counts->errors, counts->skipped);
}

static void begin_case(GString *out, const char *suite, const char *name)
{
    g_string_append(out, "    <testcase");
    attribute(out, "classname", suite);
    attribute(out, "name", name);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void failed_case(GString *out, const TestResult *test, const char *element)
{
    g_string_append_printf(out, ">\n      <%s", element);
    attribute(out, "type", test->failure != NULL ? test->failure : test_status_word(test->status));
    attribute(out, "message", test->message != NULL ? test->message : words_failure(test));
    g_string_append(out, ">");
    text(out, "", test->message);
    text(out, "likely cause: ", test->cause);
    text(out, "hint: ", test->hint);
    g_string_append_printf(out, "</%s>\n", element);
    if (test->printed != NULL) {
        text(out, "      <system-out>", test->printed);
        g_string_append(out, "</system-out>\n");
    }
    g_string_append(out, "    </testcase>\n");
}

static void test_case(GString *out, const ItemResult *item, const TestResult *test, Counts *counts)
{
    counts->tests++;
    begin_case(out, item->id, test->name);
    switch (test->status) {
    case TEST_PASSED:
        g_string_append(out, "/>\n");
        return;
    case TEST_SKIPPED:
        counts->skipped++;
        g_string_append(out, ">\n      <skipped");
        attribute(out, "message", test->message);
        g_string_append(out, "/>\n    </testcase>\n");
        return;
    case TEST_FAILED:
        counts->failures++;
        failed_case(out, test, "failure");
        return;
    default:
        counts->errors++;
        failed_case(out, test, "error");
    }
}

static void finding(GString *out, const MemoryFinding *finding)
{
    g_autofree char *place = words_place(finding);
    g_autofree char *line = g_strdup_printf("%s%s%s", words_memory(finding),
                                            place != NULL ? ", " : "", place != NULL ? place : "");
    text(out, "", line);
    text(out, "    ", finding->source);
    text(out, "    ", finding->detail);
    text(out, "hint: ", finding->hint);
}

static void memory_case(GString *out, const ItemResult *item, Counts *counts)
{
    counts->tests++;
    begin_case(out, item->id, "memory");
    if (item->memory->len == 0) {
        g_string_append(out, "/>\n");
        return;
    }
    const MemoryFinding *first = g_ptr_array_index(item->memory, 0);
    counts->failures++;
    if (first->file != NULL)
        attribute(out, "file", first->file);
    if (first->file != NULL && first->line > 0)
        g_string_append_printf(out, " line=\"%u\"", first->line);
    g_string_append(out, ">\n      <failure");
    attribute(out, "type", first->kind);
    attribute(out, "message", words_memory(first));
    g_string_append(out, ">");
    for (guint i = 0; i < item->memory->len; i++)
        finding(out, g_ptr_array_index(item->memory, i));
    g_string_append(out, "</failure>\n    </testcase>\n");
}

/* ---- suites ---------------------------------------------------------------------------------- */

static void suite(GString *out, const Result *result, const char *name, const Counts *each,
                  const char *cases)
{
    g_string_append(out, "  <testsuite");
    attribute(out, "name", name);
    counts(out, each);
    g_string_append(out, " time=\"0.000\"");
    /* The schema's dateTime has no zone. */
    g_autofree char *when =
        g_strdup(result->graded_at != NULL ? result->graded_at : "1970-01-01T00:00:00");
    if (g_str_has_suffix(when, "Z"))
        when[strlen(when) - 1] = '\0';
    attribute(out, "timestamp", when);
    g_string_append_printf(out, ">\n%s  </testsuite>\n", cases);
}

static Counts item_suite(GString *out, const Result *result, const ItemResult *item)
{
    Counts each = {0};
    g_autoptr(GString) cases = g_string_new(NULL);
    for (guint i = 0; i < item->tests->len; i++)
        test_case(cases, item, g_ptr_array_index(item->tests, i), &each);
    if (item->memory->len > 0 || g_strcmp0(result->memory_state, "checked") == 0)
        memory_case(cases, item, &each);
    suite(out, result, item->id, &each, cases->str);
    return each;
}

/* What was not graded at all is one case that went wrong. */
static Counts submission_suite(GString *out, const Result *result)
{
    Counts each = {1, 0, 1, 0};
    g_autoptr(GString) cases = g_string_new(NULL);
    begin_case(cases, "submission", submission_status_word(result->status));
    g_string_append(cases, ">\n      <error");
    attribute(cases, "type", submission_status_word(result->status));
    attribute(cases, "message", result->reason);
    g_string_append(cases, ">");
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = g_ptr_array_index(result->diagnostics, i);
        g_autofree char *line =
            g_strdup_printf("%s:%u: %s: %s", diagnostic->file != NULL ? diagnostic->file : "",
                            diagnostic->line, diagnostic->severity, diagnostic->message);
        text(cases, "", line);
    }
    g_string_append(cases, "</error>\n    </testcase>\n");
    suite(out, result, "submission", &each, cases->str);
    return each;
}

static void add_counts(Counts *all, Counts each)
{
    all->tests += each.tests;
    all->failures += each.failures;
    all->errors += each.errors;
    all->skipped += each.skipped;
}

char *report_junit(const Result *result)
{
    Counts all = {0};
    g_autoptr(GString) suites = g_string_new(NULL);
    if (result->status != SUBMISSION_GRADED)
        add_counts(&all, submission_suite(suites, result));
    for (guint i = 0; result->status == SUBMISSION_GRADED && i < result->items->len; i++)
        add_counts(&all, item_suite(suites, result, g_ptr_array_index(result->items, i)));
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(out, "name", result->assignment != NULL ? result->assignment : result->submission);
    counts(out, &all);
    seconds(out, result->cpu_usec);
    g_string_append_printf(out, ">\n%s</testsuites>\n", suites->str);
    return g_string_free(out, FALSE);
}
