#include "report/junit.h"

#include <string.h>

#include "base/escape.h"
#include "result/words.h"

typedef struct {
    guint tests, failures, errors, skipped;
} Counts;

/* ---- pieces ---------------------------------------------------------------------------------- */

static void add_attribute(GString *out, const char *name, const char *text)
{
    g_autofree char *line = escape_text(text != NULL ? text : "", -1, 1000, FALSE);
    g_autofree char *safe = escape_html(line);
    g_string_append_printf(out, " %s=\"%s\"", name, safe);
}

static void add_text(GString *out, const char *before, const char *text)
{
    if (text == NULL)
        return;
    g_autofree char *safe = escape_html(text);
    g_string_append_printf(out, "%s%s\n", before, safe);
}

/* A time in seconds; with the dot that XML wants in every language. */
static void add_seconds(GString *out, gint64 usec)
{
    g_string_append_printf(out, " time=\"%" G_GINT64_FORMAT ".%03d\"", usec / G_USEC_PER_SEC,
                           (int)(usec % G_USEC_PER_SEC / 1000));
}

static void add_counts(GString *out, const Counts *counts)
{
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"",
                           counts->tests, counts->failures, counts->errors, counts->skipped);
}

static void begin_case(GString *out, const char *suite, const char *name)
{
    g_string_append(out, "    <testcase");
    add_attribute(out, "classname", suite);
    add_attribute(out, "name", name);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void add_failed_case(GString *out, const TestResult *test, const char *element)
{
    g_string_append_printf(out, ">\n      <%s", element);
    add_attribute(out, "type",
                  test->failure != NULL ? test->failure : test_status_word(test->status));
    add_attribute(out, "message", words_test_message(test));
    g_string_append(out, ">");
    add_text(out, "", test->message);
    add_text(out, "likely cause: ", test->cause);
    add_text(out, "hint: ", test->hint);
    g_string_append_printf(out, "</%s>\n", element);
    if (test->printed != NULL) {
        add_text(out, "      <system-out>", test->printed);
        g_string_append(out, "</system-out>\n");
    }
    g_string_append(out, "    </testcase>\n");
}

static void add_test_case(GString *out, const ItemResult *item, const TestResult *test,
                          Counts *counts)
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
        add_attribute(out, "message", test->message);
        g_string_append(out, "/>\n    </testcase>\n");
        return;
    case TEST_FAILED:
        counts->failures++;
        add_failed_case(out, test, "failure");
        return;
    default:
        counts->errors++;
        add_failed_case(out, test, "error");
    }
}

static void add_finding(GString *out, const MemoryFinding *finding)
{
    g_autofree char *line = words_memory_and_place(finding);
    add_text(out, "", line);
    add_text(out, "    ", finding->source);
    add_text(out, "    ", finding->detail);
    add_text(out, "hint: ", finding->hint);
}

static void add_memory_case(GString *out, const ItemResult *item, Counts *counts)
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
        add_attribute(out, "file", first->file);
    if (first->file != NULL && first->line > 0)
        g_string_append_printf(out, " line=\"%u\"", first->line);
    g_string_append(out, ">\n      <failure");
    add_attribute(out, "type", first->kind);
    add_attribute(out, "message", words_memory(first));
    g_string_append(out, ">");
    for (guint i = 0; i < item->memory->len; i++)
        add_finding(out, g_ptr_array_index(item->memory, i));
    g_string_append(out, "</failure>\n    </testcase>\n");
}

/* ---- suites ---------------------------------------------------------------------------------- */

static void add_suite(GString *out, const Result *result, const char *name, const Counts *each,
                      const char *cases)
{
    g_string_append(out, "  <testsuite");
    add_attribute(out, "name", name);
    add_counts(out, each);
    g_string_append(out, " time=\"0.000\"");
    /* The schema's dateTime has no zone. */
    g_autofree char *when =
        g_strdup(result->graded_at != NULL ? result->graded_at : "1970-01-01T00:00:00");
    if (g_str_has_suffix(when, "Z"))
        when[strlen(when) - 1] = '\0';
    add_attribute(out, "timestamp", when);
    g_string_append_printf(out, ">\n%s  </testsuite>\n", cases);
}

static Counts add_item_suite(GString *out, const Result *result, const ItemResult *item)
{
    Counts each = {0};
    g_autoptr(GString) cases = g_string_new(NULL);
    for (guint i = 0; i < item->tests->len; i++)
        add_test_case(cases, item, g_ptr_array_index(item->tests, i), &each);
    if (item->memory->len > 0 || g_strcmp0(result->memory_state, "checked") == 0)
        add_memory_case(cases, item, &each);
    add_suite(out, result, item->id, &each, cases->str);
    return each;
}

/* What was not graded at all is one case that went wrong. */
static Counts add_submission_suite(GString *out, const Result *result)
{
    Counts each = {1, 0, 1, 0};
    g_autoptr(GString) cases = g_string_new(NULL);
    begin_case(cases, "submission", submission_status_word(result->status));
    g_string_append(cases, ">\n      <error");
    add_attribute(cases, "type", submission_status_word(result->status));
    add_attribute(cases, "message", result->reason);
    g_string_append(cases, ">");
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = g_ptr_array_index(result->diagnostics, i);
        g_autofree char *line =
            g_strdup_printf("%s:%u: %s: %s", diagnostic->file != NULL ? diagnostic->file : "",
                            diagnostic->line, diagnostic->severity, diagnostic->message);
        add_text(cases, "", line);
    }
    g_string_append(cases, "</error>\n    </testcase>\n");
    add_suite(out, result, "submission", &each, cases->str);
    return each;
}

static void sum_counts(Counts *all, Counts each)
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
        sum_counts(&all, add_submission_suite(suites, result));
    for (guint i = 0; result->status == SUBMISSION_GRADED && i < result->items->len; i++)
        sum_counts(&all, add_item_suite(suites, result, g_ptr_array_index(result->items, i)));
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name",
                  result->assignment != NULL ? result->assignment : result->submission);
    add_counts(out, &all);
    add_seconds(out, result->cpu_usec);
    g_string_append_printf(out, ">\n%s</testsuites>\n", suites->str);
    return g_string_free(out, FALSE);
}
