/* test_report.c: what a test program reports becomes the tests of a result. */
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/files.h"
#include "run/report.h"

/* Load a report of this text; *error says why not. */
static GPtrArray *load(const char *text, GError **error)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = g_build_filename(folder, "report.json", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL), "written");
    return run_report_load(path, error);
}

static void expect_refused(const char *text, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) tests = load(text, &error);
    cr_assert_null(tests, "'%s' is no report", text);
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_BUG), "it is our own fault");
    cr_expect(strstr(error->message, reason) != NULL, "'%s' names '%s'", error->message, reason);
}

Test(run_report, loads_what_is_complete)
{
    g_autoptr(GPtrArray) tests =
        load("{\"tests\": [{\"suite\": \"masking\", \"name\": \"causal\", \"title\": \"the mask\","
             " \"status\": \"failed\", \"assertions\": 3, \"messages\": [\"a\\nhint: b\"]},"
             " {\"suite\": \"s\", \"name\": \"n\", \"title\": \"t\", \"status\": \"listed\"}]}",
             NULL);
    cr_assert(tests != NULL && tests->len == 2, "two tests");
    const ReportedTest *test = tests->pdata[0];
    cr_expect_str_eq(test->suite, "masking", "suite");
    cr_expect_str_eq(test->name, "causal", "name");
    cr_expect_str_eq(test->title, "the mask", "title");
    cr_expect_str_eq(test->messages[0], "a\nhint: b", "message");
    cr_expect_eq(test->assertions, 3, "assertions");
    cr_expect_null(((const ReportedTest *)tests->pdata[1])->messages[0], "no messages");
}

Test(run_report, refuses_what_is_not)
{
    expect_refused("", "no report");
    expect_refused("[]", "no list of tests");
    expect_refused("{\"tests\": {}}", "no list of tests");
    expect_refused("{\"tests\": [{\"suite\": \"s\"}]}", "incomplete");
    expect_refused("{\"tests\": [7]}", "incomplete");
}

/* A test as it is after a report of this status and message was applied to it. */
static TestResult *apply(const char *status, const char *message)
{
    TestResult *test = test_result_new("causal", "the mask");
    ReportedTest reported = {
        .status = (char *)status, .assertions = 2, .messages = (char *[]){(char *)message, NULL}};
    test->status = TEST_BROKEN;
    run_report_apply(&reported, test);
    return test;
}

static void expect_applied(const char *status, const char *message, TestStatus expected)
{
    TestResult *test = apply(status, message);
    cr_expect_eq(test->status, expected, "%s, '%s' gives %s", status, message,
                 test_status_word(test->status));
    test_result_free(test);
}

Test(run_report, takes_a_message_apart)
{
    TestResult *test = apply("failed", "mask[0][1] is 1\nhint: look\nfailure: value\ncause: upper\n"
                                       "hint: a second one\nnoise");
    cr_expect_eq(test->status, TEST_FAILED, "failed");
    cr_expect_str_eq(test->message, "mask[0][1] is 1", "message");
    cr_expect_str_eq(test->hint, "look", "the first hint");
    cr_expect_str_eq(test->failure, "value", "failure");
    cr_expect_str_eq(test->cause, "upper", "cause");
    cr_expect_eq(test->assertions, 2, "assertions");
    test_result_free(test);
}

Test(run_report, makes_a_message_harmless)
{
    TestResult *test = apply("failed", "\x1b[2Jcleared\nfailure: value");
    cr_expect_null(strchr(test->message, '\x1b'), "no escape in '%s'", test->message);
    test_result_free(test);
}

Test(run_report, tells_statuses_apart)
{
    expect_applied("passed", NULL, TEST_PASSED);
    expect_applied("failed", "x\nfailure: shape", TEST_FAILED);
    expect_applied("failed", "x", TEST_FAILED);
    expect_applied("failed", NULL, TEST_FAILED);
    expect_applied("failed", "x\nfailure: crash", TEST_CRASHED);
    expect_applied("failed", "x\nfailure: exit", TEST_CRASHED);
    expect_applied("failed", "x\nfailure: output", TEST_CRASHED);
    expect_applied("failed", "x\nfailure: forbidden", TEST_CRASHED);
    expect_applied("failed", "x\nfailure: timeout", TEST_TIMED_OUT);
    expect_applied("timeout", NULL, TEST_TIMED_OUT);
}

Test(run_report, knows_our_own_faults)
{
    expect_applied("failed", "x\nfailure: broken", TEST_BROKEN);
    expect_applied("crashed", NULL, TEST_BROKEN);
    expect_applied("skipped", NULL, TEST_BROKEN);
    TestResult *test = test_result_new("causal", "the mask");
    run_report_apply(NULL, test);
    cr_expect_eq(test->status, TEST_BROKEN, "a test without a report");
    test_result_free(test);
}
