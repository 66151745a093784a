/*
 * Tests of report/text.h. What a student sees is pinned whole, in tests/grader/golden/reports/NAME.txt:
 * read those to judge the reports.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/wrap.h"
#include "report/text.h"
#include "result/next.h"
#include "result/words.h"
#include "rubric/disclose.h"
#include "support/sample_results.h"

static const ReportStyle everything = {FALSE, DISCLOSE_ALL, "make %s TEST=%s"};

static void expect_golden(const char *report, const char *name)
{
    g_autofree char *path = g_strdup_printf("tests/grader/golden/reports/%s.txt", name);
    g_autofree char *expected = NULL;
    cr_assert(g_file_get_contents(path, &expected, NULL, NULL), "%s is missing", path);
    cr_expect(strcmp(report, expected) == 0, "%s: expected\n%s\ngot\n%s", path, expected, report);
}

static void expect_width(const char *report, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(report, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        cr_expect(wrap_columns(*line) <= WRAP_WIDTH, "%s: too wide: %s", name, *line);
}

Test(report, looks_as_wished)
{
    static const struct {
        const char *name;
        Result *(*sample)(void);
    } cases[] = {
        {"full", sample_full},
        {"stubs", sample_stubs},
        {"scale_forgotten", sample_scale_forgotten},
        {"leak", sample_leak},
        {"crash", sample_crash},
        {"not_compiled", sample_not_compiled},
        {"refused", sample_refused},
        {"ungraded", sample_ungraded},
        {"everything", sample_everything},
        {"hostile", sample_hostile},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Result) result = cases[i].sample();
        g_autofree char *report = report_text(result, &everything);
        expect_golden(report, cases[i].name);
        expect_width(report, cases[i].name);
    }
}

Test(report, hides_of_hidden_tests_what_the_rubric_says)
{
    static const struct {
        const char *name;
        RubricDisclosure show;
    } cases[] = {
        {"hidden_points", DISCLOSE_POINTS},
        {"hidden_title", DISCLOSE_TITLE},
        {"hidden_hint", DISCLOSE_HINT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Result) result = sample_everything();
        g_free(result->tests);
        result->tests = g_strdup("hidden");
        ReportStyle style = {FALSE, cases[i].show, NULL};
        g_autofree char *report = report_text(result, &style);
        expect_golden(report, cases[i].name);
        cr_expect_null(strstr(report, "batch 0"));
        cr_expect_null(strstr(report, "SIGSEGV"));
        cr_expect_null(strstr(report, "4 bytes"));
        cr_expect_null(strstr(report, "make debug"));
    }
}

Test(report, a_disclosed_copy_holds_no_more_than_the_report)
{
    g_autoptr(Result) result = sample_everything();
    g_autoptr(Result) all = disclose(result, DISCLOSE_ALL);
    g_autoptr(Result) hint = disclose(result, DISCLOSE_HINT);
    g_autoptr(Result) title = disclose(result, DISCLOSE_TITLE);
    g_autoptr(Result) points = disclose(result, DISCLOSE_POINTS);
    cr_assert_null(all->path);
    const TestResult *test = item_test(result_item(all, "masking"), "padding_mask");
    cr_assert_not_null(test->printed);
    test = item_test(result_item(hint, "masking"), "padding_mask");
    cr_assert_str_eq(test->message, "the code crashed");
    cr_assert_not_null(test->hint);
    cr_assert_not_null(test->cause);
    cr_assert_null(test->printed);
    test = item_test(result_item(title, "masking"), "padding_mask");
    cr_assert_str_eq(test->title, "padding mask");
    cr_assert_null(test->message);
    cr_assert_null(test->hint);
    cr_assert_null(test->cause);
    cr_assert_null(test->failure);
    cr_assert_eq(result_item(points, "masking")->tests->len, 0);
    cr_assert_eq(result_item(points, "masking")->memory->len, 0);
    cr_assert_eq(points->score, result->score);
}

/* The same words with and without colour. */
static char *without_colours(const char *text)
{
    g_autoptr(GRegex) codes = g_regex_new("\x1b\\[[0-9;]*m", 0, 0, NULL);
    return g_regex_replace_literal(codes, text, -1, 0, "", 0, NULL);
}

Test(report, colours_change_no_word)
{
    ReportStyle colourful = everything;
    colourful.colour = TRUE;
    g_autoptr(Result) result = sample_everything();
    g_autofree char *plain = report_text(result, &everything);
    g_autofree char *colours = report_text(result, &colourful);
    g_autofree char *stripped = without_colours(colours);
    cr_assert_null(strchr(plain, '\x1b'));
    cr_assert_not_null(strstr(colours, "\x1b[1;31mFAIL\x1b[0m"));
    cr_assert_str_eq(stripped, plain);
}

Test(report, shows_six_failures_of_an_item)
{
    g_autoptr(Result) result = sample_scale_forgotten();
    ItemResult *item = result_item(result, "scaled_dot_product_attention");
    for (guint i = 0; i < 7; i++) {
        g_autofree char *name = g_strdup_printf("more %u", i);
        TestResult *test = test_result_new(name, name);
        test->status = TEST_TIMED_OUT;
        g_ptr_array_add(item->tests, test);
    }
    g_autofree char *report = report_text(result, &everything);
    cr_assert_not_null(strstr(report, "FAIL more 5\n"));
    cr_assert_null(strstr(report, "FAIL more 6"));
    cr_assert_not_null(strstr(report, "       ... and 4 more tests fail\n"));
}

Test(report, shows_first_what_is_worth_looking_at)
{
    g_autoptr(Result) result = sample_full();
    static const struct {
        const char *failure;
        TestStatus status;
    } failures[] = {{"not_implemented", TEST_FAILED},
                    {"not_refused", TEST_FAILED},
                    {"value", TEST_FAILED},
                    {"crash", TEST_CRASHED}};
    ItemResult *item = result_item(result, "scaled_dot_product_attention");
    item->points = 0;
    for (guint i = 0; i < 4; i++) {
        TestResult *test = g_ptr_array_index(item->tests, i);
        test->failure = g_strdup(failures[i].failure);
        test->status = failures[i].status;
    }
    g_autofree char *report = report_text(result, &everything);
    const char *crash = strstr(report, "FAIL rows sum to one");
    const char *value = strstr(report, "FAIL unit normal input");
    const char *refused = strstr(report, "FAIL causal weights");
    const char *unwritten = strstr(report, "TODO two keys by hand");
    cr_assert(crash != NULL && value > crash && refused > value && unwritten > refused, "%s",
              report);
    cr_assert_not_null(strstr(report, "next: find out why \"rows sum to one\" ends your program"));
}

Test(report, says_once_what_many_tests_say)
{
    g_autoptr(Result) result = sample_full();
    ItemResult *item = result_item(result, "scaled_dot_product_attention");
    item->points = 0;
    for (guint i = 0; i < 4; i++) {
        TestResult *test = g_ptr_array_index(item->tests, i);
        test->status = i < 2 ? TEST_CRASHED : TEST_FAILED;
        test->failure = g_strdup(i < 2 ? "crash" : "not_implemented");
        test->message = g_strdup_printf(i < 2 ? "it crashed" : "there is nothing in test %u", i);
    }
    g_autofree char *report = report_text(result, &everything);
    cr_assert_not_null(strstr(report, "FAIL two keys by hand   it crashed\n"), "%s", report);
    cr_assert_not_null(strstr(report, "FAIL causal weights: the same\n"), "%s", report);
    cr_assert_not_null(
        strstr(report, "TODO unit normal input, rows sum to one: not implemented yet\n"), "%s",
        report);
    cr_assert_null(strstr(report, "there is nothing"));
}

Test(report, tells_the_first_of_what_is_not_written)
{
    g_autoptr(Result) result = sample_stubs();
    ItemResult *item = result_item(result, "scaled_dot_product_attention");
    ((TestResult *)item->tests->pdata[0])->status = TEST_PASSED;
    g_autofree char *report = report_text(result, &everything);
    cr_assert_not_null(strstr(report, "TODO causal weights\n"), "%s", report);
    cr_assert_not_null(strstr(report, "TODO unit normal input, rows sum to one: the same\n"), "%s",
                       report);
}

Test(report, says_that_a_function_is_missing)
{
    g_autoptr(Result) result = sample_stubs();
    ItemResult *item = result_item(result, "scaled_dot_product_attention");
    for (guint i = 0; i < item->tests->len; i++) {
        TestResult *test = g_ptr_array_index(item->tests, i);
        g_free(test->failure);
        g_free(test->message);
        test->failure = g_strdup("not_defined");
        test->message = g_strdup("attention.c does not define it");
    }
    g_autofree char *report = report_text(result, &everything);
    cr_assert_not_null(strstr(report, "attention.c does not define it"));
}

Test(report, shows_a_place_once_in_an_item)
{
    g_autoptr(Result) result = sample_leak();
    g_autoptr(Result) other = sample_leak();
    GPtrArray *from = result_item(other, "masking")->memory;
    g_ptr_array_add(result_item(result, "masking")->memory, g_ptr_array_steal_index(from, 0));
    g_autofree char *report = report_text(result, &everything);
    g_auto(GStrv) parts = g_strsplit(report, "as above", -1);
    cr_assert_eq(g_strv_length(parts), 2, "%s", report);
}

static void expect_next(const Result *result, const char *expected)
{
    g_autofree char *next = next_step(result);
    cr_expect_str_eq(next, expected);
}

static void fail_all(ItemResult *item, const char *failure)
{
    item->points = 0;
    for (guint i = 0; i < item->tests->len; i++) {
        TestResult *test = item->tests->pdata[i];
        test->status = TEST_FAILED;
        g_free(test->failure);
        test->failure = g_strdup(failure);
    }
}

Test(report, sends_to_mistakes_first_and_then_to_what_is_easiest)
{
    g_autoptr(Result) result = sample_stubs();
    expect_next(result, "implement scaled dot-product attention");
    fail_all(result_item(result, "masking"), "not_implemented");
    expect_next(result, "implement attention masks");
    fail_all(result_item(result, "masking"), "value");
    expect_next(result, "make \"causal mask\" pass (attention masks)");
}

Test(report, goes_on_with_what_was_begun)
{
    g_autoptr(Result) result = sample_stubs();
    fail_all(result_item(result, "masking"), "not_implemented");
    ItemResult *item = result_item(result, "scaled_dot_product_attention");
    ((TestResult *)item->tests->pdata[0])->status = TEST_PASSED;
    expect_next(result, "implement what \"causal weights\" needs (scaled dot-product attention)");
}

Test(report, names_what_may_be_the_reason)
{
    g_autoptr(Result) result = sample_full();
    ItemResult *item = result_item(result, "masking");
    TestResult *test = item->tests->pdata[1];
    MemoryFinding *finding = memory_finding_new("leak");
    finding->file = g_strdup("attention.c");
    finding->line = 57;
    g_ptr_array_add(finding->tests, g_strdup(test->name));
    g_ptr_array_add(item->memory, finding);
    test->status = TEST_FAILED;
    g_autofree char *leak = g_strdup_printf("make \"%s\" pass (attention masks)", test->title);
    expect_next(result, leak); /* which is no reason for wrong values */

    g_free(finding->kind);
    finding->kind = g_strdup("invalid_read");
    g_autofree char *read =
        g_strdup_printf("fix the memory error, %s:%u; it may be why \"%s\" fails (attention masks)",
                        finding->file, finding->line, test->title);
    expect_next(result, read);

    test->status = TEST_CRASHED;
    g_autofree char *crash =
        g_strdup_printf("find out why \"%s\" ends your program, %s:%u (attention masks)",
                        test->title, finding->file, finding->line);
    expect_next(result, crash);

    Diagnostic *warning =
        diagnostic_new("warning", "control reaches end of non-void function [-Wreturn-type]");
    warning->file = g_strdup("attention.c");
    warning->line = 9;
    g_ptr_array_add(result->diagnostics, warning);
    g_autofree char *warned =
        g_strdup_printf("fix the warning, attention.c:9; it may be why \"%s\" "
                        "ends your program (attention masks)",
                        test->title);
    expect_next(result, warned);

    test->failure = g_strdup("output");
    g_ptr_array_set_size(result->diagnostics, 0);
    g_ptr_array_set_size(item->memory, 0);
    g_autofree char *output =
        g_strdup_printf("find out why \"%s\" prints so much (attention masks)", test->title);
    expect_next(result, output);
}

Test(report, says_which_items_did_not_run)
{
    g_autoptr(Result) result = sample_full();
    ItemResult *item = result_item(result, "masking");
    g_ptr_array_set_size(item->tests, 0);
    item->points = 0;
    result->score = 10;
    g_autofree char *report = report_text(result, &everything);
    cr_assert_not_null(strstr(report, " 0/5   attention masks               not run\n"));
}

Test(report, says_why_memory_was_not_checked)
{
    g_autoptr(Result) result = sample_full();
    g_free(result->memory_state);
    result->memory_state = g_strdup("not checked: valgrind is not installed");
    g_autofree char *report = report_text(result, &everything);
    cr_assert_not_null(strstr(report, "memory: not checked: valgrind is not installed\n"));
}

/* ---- wrapping -------------------------------------------------------------------------------- */

static char *wrapped(guint column, guint indent, const char *text)
{
    GString *out = g_string_new(NULL);
    wrap_text(out, column, indent, text);
    return g_string_free(out, FALSE);
}

Test(wrap, breaks_at_blanks)
{
    g_autofree char *one = wrapped(70, 4, "ten letter words here");
    g_autofree char *exact = wrapped(70, 4, "tenletters x");
    g_autofree char *blanks = wrapped(0, 4, "  a   b ");
    cr_assert_str_eq(one, "ten letter\n    words here");
    cr_assert_str_eq(exact, "tenletters\n    x");
    cr_assert_str_eq(blanks, "a b");
}

Test(wrap, breaks_words_that_are_too_long)
{
    g_autofree char *word = g_strnfill(150, 'a');
    g_autofree char *got = wrapped(0, 10, word);
    g_auto(GStrv) lines = g_strsplit(got, "\n", -1);
    cr_assert_eq(g_strv_length(lines), 2);
    cr_assert_eq(strlen(lines[0]), 80);
    cr_assert_eq(strlen(lines[1]), 80);
}

Test(wrap, counts_columns_as_a_terminal_does)
{
    cr_assert_eq(wrap_columns("abc"), 3);
    cr_assert_eq(wrap_columns("漢字"), 4);
    cr_assert_eq(wrap_columns("e\xcc\x81"), 1);
}

Test(wrap, cuts_lines)
{
    g_autoptr(GString) fits = g_string_new(NULL);
    g_autoptr(GString) cut = g_string_new(NULL);
    wrap_cut(fits, 75, "12345");
    wrap_cut(cut, 75, "123456");
    cr_assert_str_eq(fits->str, "12345");
    cr_assert_str_eq(cut->str, "12...");
}
