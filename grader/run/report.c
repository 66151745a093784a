/* report.c: see report.h. */
#include "run/report.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"

#define MESSAGE_LIMIT 1000

void reported_test_free(ReportedTest *test)
{
    g_free(test->suite);
    g_free(test->name);
    g_free(test->title);
    g_free(test->status);
    g_strfreev(test->messages);
    g_free(test);
}

static ReportedTest *read_test(const json_t *entry)
{
    const char *suite, *name, *title, *status;
    json_t *messages = NULL;
    int assertions = 0;
    if (json_unpack((json_t *)entry, "{s:s, s:s, s:s, s:s, s?:i, s?:o}", "suite", &suite, "name",
                    &name, "title", &title, "status", &status, "assertions", &assertions,
                    "messages", &messages) != 0)
        return NULL;
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const char *text = json_string_value(json_array_get(messages, i));
        g_strv_builder_add(texts, text != NULL ? text : "");
    }
    ReportedTest *test = g_new0(ReportedTest, 1);
    test->suite = g_strdup(suite);
    test->name = g_strdup(name);
    test->title = g_strdup(title);
    test->status = g_strdup(status);
    test->assertions = (guint)assertions;
    test->messages = g_strv_builder_end(texts);
    return test;
}

GPtrArray *run_report_load(const char *path, GError **error)
{
    json_error_t reason;
    json_t *root = json_load_file(path, 0, &reason);
    json_t *entries = json_object_get(root, "tests");
    g_autoptr(GPtrArray) tests = g_ptr_array_new_with_free_func((GDestroyNotify)reported_test_free);
    if (!json_is_array(entries)) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_BUG,
                    "the test program left no report that can be read: %s",
                    root == NULL ? reason.text : "it has no list of tests");
        json_decref(root);
        return NULL;
    }
    size_t index;
    json_t *entry;
    json_array_foreach(entries, index, entry)
    {
        ReportedTest *test = read_test(entry);
        if (test != NULL)
            g_ptr_array_add(tests, test);
    }
    gboolean complete = tests->len == json_array_size(entries);
    json_decref(root);
    if (complete)
        return g_steal_pointer(&tests);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_BUG,
                "the test program's report has an incomplete entry: '%s'", path);
    return NULL;
}

const ReportedTest *run_report_find(const GPtrArray *reported, const char *suite, const char *name)
{
    for (guint i = 0; i < reported->len; i++) {
        const ReportedTest *test = reported->pdata[i];
        if (g_str_equal(test->suite, suite) && g_str_equal(test->name, name))
            return test;
    }
    return NULL;
}

/* The words of tests/support/fail.h that are not simply a wrong answer. */
static TestStatus status_of_failure(const char *failure)
{
    if (g_strcmp0(failure, "crash") == 0 || g_strcmp0(failure, "exit") == 0 ||
        g_strcmp0(failure, "output") == 0 || g_strcmp0(failure, "forbidden") == 0)
        return TEST_CRASHED;
    if (g_strcmp0(failure, "timeout") == 0)
        return TEST_TIMED_OUT;
    if (g_strcmp0(failure, "broken") == 0)
        return TEST_BROKEN;
    return TEST_FAILED;
}

/* Take a message apart: its first line, and the lines that begin with a word and a colon. */
static void apply_message(const char *message, TestResult *test)
{
    g_auto(GStrv) lines = g_strsplit(message, "\n", 0);
    test->message = escape_text(lines[0] != NULL ? lines[0] : "", -1, MESSAGE_LIMIT, FALSE);
    for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
        const struct {
            const char *label;
            char **field;
        } parts[] = {
            {"hint: ", &test->hint}, {"failure: ", &test->failure}, {"cause: ", &test->cause}};
        for (guint k = 0; k < G_N_ELEMENTS(parts); k++) {
            if (*parts[k].field == NULL && g_str_has_prefix(lines[i], parts[k].label))
                *parts[k].field =
                    escape_text(lines[i] + strlen(parts[k].label), -1, MESSAGE_LIMIT, FALSE);
        }
    }
}

static void set_broken(TestResult *test, const char *message)
{
    test->status = TEST_BROKEN;
    g_free(test->message);
    test->message = g_strdup(message);
    g_free(test->failure);
    test->failure = g_strdup("broken");
}

void run_report_apply(const ReportedTest *reported, TestResult *test)
{
    if (reported == NULL) {
        set_broken(test, "the test program did not report this test");
        return;
    }
    test->assertions = reported->assertions;
    if (g_str_equal(reported->status, "passed")) {
        test->status = TEST_PASSED;
    } else if (g_str_equal(reported->status, "failed")) {
        apply_message(reported->messages[0] != NULL ? reported->messages[0] : "", test);
        test->status = status_of_failure(test->failure);
    } else if (g_str_equal(reported->status, "timeout")) {
        apply_message("the calls of this test together took too long\nfailure: timeout", test);
        test->status = TEST_TIMED_OUT;
    } else {
        set_broken(test, "the test itself ended in an unexpected way");
    }
}
