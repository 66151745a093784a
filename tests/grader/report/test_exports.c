/* Tests of the reports for machines and pages; what they look like is in tests/grader/golden/reports/. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "report/github.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "support/sample_results.h"

static void expect_golden(const char *report, const char *name)
{
    g_autofree char *path = g_strdup_printf("tests/grader/golden/reports/%s", name);
    g_autofree char *expected = NULL;
    cr_assert(g_file_get_contents(path, &expected, NULL, NULL), "%s is missing", path);
    cr_expect(strcmp(report, expected) == 0, "%s: expected\n%s\ngot\n%s", path, expected, report);
}

static const struct {
    const char *name;
    Result *(*sample)(void);
} samples[] = {
    {"full", sample_full},
    {"stubs", sample_stubs},
    {"not_compiled", sample_not_compiled},
    {"ungraded", sample_ungraded},
    {"everything", sample_everything},
    {"hostile", sample_hostile},
};

Test(report_junit, looks_as_wished)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(Result) result = samples[i].sample();
        g_autofree char *report = report_junit(result);
        g_autofree char *name = g_strconcat(samples[i].name, ".xml", NULL);
        expect_golden(report, name);
    }
}

Test(report_junit, is_xml_whatever_is_in_it)
{
    g_autoptr(Result) result = sample_everything();
    TestResult *test = item_test(result_item(result, "masking"), "padding_mask");
    for (guint byte = 1; byte < 256; byte++) {
        char bytes[] = {'<', (char)byte, '&', (char)0xc2, (char)byte, '>', '\0'};
        g_free(test->message);
        test->message = g_strdup(bytes);
        g_autofree char *report = report_junit(result);
        g_autoptr(GMarkupParseContext) context =
            g_markup_parse_context_new(&(GMarkupParser){0}, 0, NULL, NULL);
        cr_expect(g_markup_parse_context_parse(context, report, -1, NULL), "byte %u", byte);
        cr_expect(g_markup_parse_context_end_parse(context, NULL), "byte %u", byte);
        for (const char *at = report; *at != '\0'; at++)
            cr_assert((unsigned char)*at >= 0x20 || *at == '\n', "byte %u", byte);
        cr_expect_null(strstr(report, "&#x"));
    }
}

Test(report_markdown, looks_as_wished)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(Result) result = samples[i].sample();
        g_autofree char *report = report_markdown(result, DISCLOSE_ALL);
        g_autofree char *name = g_strconcat(samples[i].name, ".md", NULL);
        expect_golden(report, name);
    }
}

Test(report_markdown, hides_what_the_rubric_says)
{
    g_autoptr(Result) result = sample_everything();
    g_autofree char *hint = report_markdown(result, DISCLOSE_HINT);
    g_autofree char *points = report_markdown(result, DISCLOSE_POINTS);
    cr_assert_not_null(strstr(hint, "the code crashed"));
    cr_assert_null(strstr(hint, "batch 0"));
    cr_assert_null(strstr(hint, "SIGSEGV"));
    cr_assert_null(strstr(points, "padding mask"));
    cr_assert_not_null(strstr(points, "| 0 | 5 | attention masks (extra) | |\n"));
}

Test(report_markdown, a_fence_cannot_be_closed_from_inside)
{
    g_autoptr(Result) result = sample_crash();
    TestResult *test = item_test(result_item(result, "masking"), "padding_mask");
    g_free(test->printed);
    test->printed = g_strdup("```\n# heading\n````\n");
    g_autofree char *report = report_markdown(result, DISCLOSE_ALL);
    cr_assert_not_null(strstr(report, "\n  `````\n  ```\n  # heading\n  ````\n  `````\n"));
}

Test(report_markdown, stays_within_the_limit)
{
    g_autoptr(Result) result = sample_full();
    g_autofree char *text = g_strnfill(990, 'a');
    for (guint i = 0; i < 100; i++) {
        ItemResult *item = item_result_new("more", "more", "more", 1);
        for (guint j = 0; j < 20; j++) {
            TestResult *test = test_result_new("test", "test");
            test->status = TEST_FAILED;
            test->message = g_strdup(text);
            g_ptr_array_add(item->tests, test);
        }
        g_ptr_array_add(result->items, item);
    }
    g_autofree char *report = report_markdown(result, DISCLOSE_ALL);
    cr_assert(strlen(report) <= REPORT_MARKDOWN_LIMIT);
    cr_assert(g_str_has_suffix(report, "a\n\nThe report is longer than fits here.\n"));
}

Test(report_github, annotations_look_as_wished)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(Result) result = samples[i].sample();
        g_autofree char *report = report_github_annotations(result, "starter", NULL);
        g_autofree char *name = g_strconcat(samples[i].name, ".github", NULL);
        expect_golden(report, name);
    }
}

Test(report_github, shows_ten_annotations_of_a_kind)
{
    g_autoptr(Result) result = sample_full();
    for (guint i = 0; i < 15; i++)
        g_ptr_array_add(result->diagnostics, diagnostic_new(i % 2 ? "error" : "warning", "x"));
    for (guint i = 0; i < 15; i++)
        g_ptr_array_add(result->diagnostics, diagnostic_new("error", "x"));
    g_autofree char *report = report_github_annotations(result, NULL, NULL);
    g_auto(GStrv) errors = g_strsplit(report, "::error ", -1);
    g_auto(GStrv) warnings = g_strsplit(report, "::warning ", -1);
    cr_assert_eq(g_strv_length(errors) - 1, 10);
    cr_assert_eq(g_strv_length(warnings) - 1, 8);
}

Test(report_github, annotates_the_first_failure_of_each_item_first)
{
    g_autoptr(Result) result = sample_full();
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        for (guint j = 0; j < item->tests->len; j++)
            ((TestResult *)item->tests->pdata[j])->status = TEST_FAILED;
    }
    g_autofree char *report = report_github_annotations(result, NULL, NULL);
    const char *other = strstr(report, "masking/causal_mask");
    const char *second = strstr(report, "scaled_dot_product_attention/causal_weights");
    cr_assert(other != NULL && second > other, "%s", report);
}

Test(report_github, says_that_there_is_nothing_to_grade)
{
    g_autoptr(Result) result = sample_ungraded();
    result->status = SUBMISSION_MISSING;
    g_autofree char *report = report_github_annotations(result, NULL, NULL);
    cr_assert(g_str_has_prefix(report, "::error title=nothing to grade::"), "%s", report);
}

Test(report_github, a_log_is_not_obeyed)
{
    g_autofree char *first = report_github_log("::error::x");
    g_autofree char *again = report_github_log("::error::x");
    g_autofree char *other = report_github_log("::error::y");
    g_auto(GStrv) lines = g_strsplit(first, "\n", -1);
    cr_assert_eq(g_strv_length(lines), 4);
    cr_assert(g_str_has_prefix(lines[0], "::stop-commands::"));
    g_autofree char *end = g_strdup_printf("::%s::", lines[0] + strlen("::stop-commands::"));
    cr_assert_str_eq(lines[1], "::error::x");
    cr_assert_str_eq(lines[2], end);
    cr_assert_str_eq(first, again);
    cr_assert_neq(strncmp(first, other, strlen(lines[0])), 0);
}

static json_t *classroom(Result *result)
{
    g_autoptr(Result) owned = result;
    g_autofree char *encoded = report_github_classroom(owned);
    gsize length = 0;
    g_autofree guchar *text = g_base64_decode(encoded, &length);
    json_t *object = json_loadb((const char *)text, length, 0, NULL);
    cr_assert_not_null(object);
    return object;
}

Test(report_github, classroom_gets_a_test_for_each_item)
{
    json_t *object = classroom(sample_leak());
    const char *status, *name, *test_status, *message, *file;
    int version, line;
    double max_score, score;
    int got = json_unpack(object, "{s:i, s:s, s:F, s:[{s:s, s:s, s:F, s:s, s:s, s:i}]}", "version",
                          &version, "status", &status, "max_score", &max_score, "tests", "name",
                          &name, "status", &test_status, "score", &score, "message", &message,
                          "filename", &file, "line_no", &line);
    cr_assert_eq(got, 0);
    cr_assert_eq(version, 1);
    cr_assert_str_eq(status, "fail");
    cr_assert_eq(max_score, 15);
    cr_assert_str_eq(name, "scaled dot-product attention");
    cr_assert_str_eq(test_status, "fail");
    cr_assert_eq(score, 8);
    cr_assert_str_eq(message, "40 bytes lost in 1 block");
    cr_assert_str_eq(file, "attention.c");
    cr_assert_eq(line, 57);
    json_decref(object);
}

Test(report_github, classroom_knows_full_marks_and_faults)
{
    json_t *full = classroom(sample_full());
    json_t *ungraded = classroom(sample_ungraded());
    cr_assert_str_eq(json_string_value(json_object_get(full, "status")), "pass");
    cr_assert_str_eq(json_string_value(json_object_get(ungraded, "status")), "error");
    json_decref(full);
    json_decref(ungraded);
}
