/* Tests of result/result.h and result/json.h. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "result/json.h"
#include "support/sample_results.h"

static void expect_round_trip(Result *result)
{
    g_autoptr(Result) owned = result;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = result_to_json(owned);
    g_autoptr(Result) again = result_from_json(text, strlen(text), &error);
    cr_assert_not_null(again, "%s", error != NULL ? error->message : "");
    g_autofree char *second = result_to_json(again);
    cr_assert_str_eq(second, text);
}

Test(result, json_is_read_back_as_it_was)
{
    expect_round_trip(sample_full());
    expect_round_trip(sample_stubs());
    expect_round_trip(sample_leak());
    expect_round_trip(sample_not_compiled());
    expect_round_trip(sample_ungraded());
    expect_round_trip(sample_hostile());
}

Test(result, every_field_comes_back)
{
    g_autoptr(Result) result = sample_everything();
    g_autofree char *text = result_to_json(result);
    g_autoptr(Result) again = result_from_json(text, strlen(text), NULL);
    cr_assert_not_null(again);
    cr_assert_str_eq(again->submission, "starter");
    cr_assert_str_eq(again->path, "/home/ann/kit/starter");
    cr_assert_str_eq(again->assignment, "attention");
    cr_assert_str_eq(again->tests, "public");
    cr_assert_str_eq(again->reason, "a reason");
    cr_assert_str_eq(again->memory_state, "checked");
    cr_assert_str_eq(again->graded_at, "2024-06-07T08:09:10Z");
    cr_assert_str_eq(g_hash_table_lookup(again->versions, "gcc"), "12.2.0");
    cr_assert_eq(again->status, SUBMISSION_GRADED);
    cr_assert_eq(again->score, 10);
    cr_assert_eq(again->max_score, 15);
    cr_assert_eq(again->extra, 1.25);
    cr_assert_eq(again->seed, G_MAXUINT32);
    cr_assert_eq(again->cpu_usec, 812345);
    const SubmittedFile *file = g_ptr_array_index(again->files, 0);
    cr_assert_str_eq(file->name, "attention.c");
    cr_assert_str_eq(file->sha256, "0f3a");
    cr_assert_eq(file->bytes, 5210);
    const SandboxLayer *layer = g_ptr_array_index(again->sandbox, 2);
    cr_assert_str_eq(layer->name, "landlock");
    cr_assert_str_eq(layer->state, "unavailable");
    cr_assert_str_eq(layer->reason, "this kernel has none");
    const Diagnostic *warning = g_ptr_array_index(again->diagnostics, 0);
    cr_assert_str_eq(warning->severity, "warning");
    cr_assert_str_eq(warning->file, "attention.c");
    cr_assert_str_eq(warning->message, "unused variable 'i'");
    cr_assert_str_eq(warning->source, "    int i;");
    cr_assert_str_eq(warning->hint, "delete it");
    cr_assert_eq(warning->line, 31);
    cr_assert_eq(warning->column, 9);
}

Test(result, every_field_of_an_item_comes_back)
{
    g_autoptr(Result) result = sample_everything();
    g_autofree char *text = result_to_json(result);
    g_autoptr(Result) again = result_from_json(text, strlen(text), NULL);
    const ItemResult *item = result_item(again, "masking");
    cr_assert_str_eq(item->grade_id, "test-masking-immediate");
    cr_assert_str_eq(item->title, "attention masks");
    cr_assert_eq(item->points, 0);
    cr_assert_eq(item->max_points, 5);
    cr_assert_eq(item->penalty, 0.33);
    cr_assert(item->extra);
    const TestResult *test = item_test(item, "padding_mask");
    cr_assert_str_eq(test->title, "padding mask");
    cr_assert_eq(test->status, TEST_CRASHED);
    cr_assert(g_str_has_prefix(test->message, "create_padding_mask crashed"));
    cr_assert_str_eq(test->hint, "is there an index beyond the last element?");
    cr_assert_str_eq(test->failure, "crash");
    cr_assert_str_eq(test->cause, "the length is taken for an index");
    cr_assert(g_str_has_prefix(test->printed, "batch 0\nbatch 1\n"));
    cr_assert_eq(test->assertions, 3);
    const MemoryFinding *finding = g_ptr_array_index(item->memory, 0);
    cr_assert_str_eq(finding->kind, "crash");
    cr_assert_str_eq(finding->message, "write of 4 bytes at address 0");
    cr_assert_str_eq(finding->hint, "check what malloc() returned");
    cr_assert_str_eq(finding->function, "create_padding_mask");
    cr_assert_str_eq(finding->file, "attention.c");
    cr_assert_str_eq(finding->source, "    mask->data[i] = 1.0f;");
    cr_assert_str_eq(finding->detail, "allocated at attention.c:31 in softmax");
    cr_assert_str_eq(g_ptr_array_index(finding->tests, 0), "padding_mask");
    cr_assert_eq(finding->bytes, 4);
    cr_assert_eq(finding->line, 88);
    cr_assert_eq(finding->count, 7);
}

Test(result, json_has_the_keys_that_others_rely_on)
{
    g_autoptr(Result) result = sample_leak();
    g_autofree char *text = result_to_json(result);
    cr_assert(g_str_has_suffix(text, "}\n"));
    json_t *object = json_loads(text, 0, NULL);
    double score, max_score, points, max_points;
    const char *status, *id, *grade_id, *name, *test_status, *kind, *function, *file;
    int seed, line, schema;
    json_t *message;
    int got = json_unpack(
        object,
        "{s:i, s:F, s:F, s:s, s:i, s:[{s:s, s:s, s:F, s:F, s:[{s:s, s:s, s:o}], s:[{s:s, "
        "s:s, s:s, s:i}]}]}",
        "schema", &schema, "score", &score, "max_score", &max_score, "status", &status, "seed",
        &seed, "items", "id", &id, "grade_id", &grade_id, "points", &points, "max_points",
        &max_points, "tests", "name", &name, "status", &test_status, "message", &message, "memory",
        "kind", &kind, "function", &function, "file", &file, "line", &line);
    cr_assert_eq(got, 0);
    cr_assert_eq(schema, RESULT_SCHEMA);
    cr_assert_eq(score, 12);
    cr_assert_eq(max_score, 15);
    cr_assert_str_eq(status, "graded");
    cr_assert_str_eq(id, "scaled_dot_product_attention");
    cr_assert_eq(points, 8);
    cr_assert_str_eq(test_status, "passed");
    cr_assert(json_is_null(message));
    cr_assert_str_eq(kind, "leak");
    cr_assert_eq(line, 57);
    json_decref(object);
}

Test(result, refuses_what_is_no_result)
{
    g_autoptr(Result) result = sample_everything();
    g_autofree char *good = result_to_json(result);
    static const struct {
        const char *from, *to; /* what is changed in a good one */
        const char *message;
    } cases[] = {
        {"\"schema\": 1", "\"schema\": 2", "not a result of this grader: 'schema' is not 1"},
        {"\"score\": 10.0", "\"score\": \"10\"",
         "not a result of this grader: 'score' is no number"},
        {"\"seed\": 4294967295", "\"seed\": 4294967296",
         "not a result of this grader: 'seed' is no whole number in its range"},
        {"\"seed\": 4294967295", "\"seed\": -1",
         "not a result of this grader: 'seed' is no whole number in its range"},
        {"\"graded\"", "\"great\"", "not a result of this grader: 'status' is no known status"},
        {"\"crashed\"", "7", "not a result of this grader: 'status' is no known status"},
        {"\"submission\": \"starter\"", "\"submission\": null",
         "not a result of this grader: 'submission' is no text"},
        {"\"extra\": true", "\"extra\": 1",
         "not a result of this grader: 'extra' is neither true nor false"},
        {"\"gcc\": \"12.2.0\"", "\"gcc\": 12", "not a result of this grader: 'gcc' is no text"},
        {"\"reason\": \"a reason\",", "", "not a result of this grader: 'reason' is missing"},
        {"\"files\": [", "\"files\": [3, ", "not a result of this grader: 'name' is missing"},
        {"\"padding_mask\"\n", "12\n",
         "not a result of this grader: 'tests' holds something that is no text"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(good);
        g_autoptr(GError) error = NULL;
        cr_assert(g_string_replace(text, cases[i].from, cases[i].to, 1) == 1, "%s", cases[i].from);
        cr_expect_null(result_from_json(text->str, text->len, &error), "%s", cases[i].to);
        cr_expect_str_eq(error != NULL ? error->message : "", cases[i].message);
    }
}

Test(result, refuses_what_is_no_json)
{
    static const char *const texts[] = {"", "{", "[]", "3", "{\"schema\":1,\"schema\":1}", "\xff"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_null(result_from_json(texts[i], strlen(texts[i]), &error));
        cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SYSTEM), "%s", texts[i]);
    }
}

Test(result, bytes_that_are_no_text_are_still_written)
{
    g_autoptr(Result) result = sample_full();
    g_free(result->submission);
    result->submission = g_strdup("a\xff\xfe");
    g_autofree char *text = result_to_json(result);
    g_autoptr(Result) again = result_from_json(text, strlen(text), NULL);
    cr_assert_not_null(again);
    cr_assert(g_utf8_validate(again->submission, -1, NULL));
}

Test(result, is_saved_whole_or_not_at_all)
{
    g_autofree char *folder = g_dir_make_tmp("result-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "result.json", NULL);
    g_autofree char *nowhere = g_build_filename(folder, "no", "result.json", NULL);
    g_autoptr(Result) result = sample_full();
    g_autoptr(GError) error = NULL;
    cr_assert(result_save(result, path, &error));
    g_autofree char *text = NULL;
    g_autofree char *expected = result_to_json(result);
    cr_assert(g_file_get_contents(path, &text, NULL, NULL));
    cr_assert_str_eq(text, expected);
    cr_assert_not(result_save(result, nowhere, &error));
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SYSTEM));
    g_unlink(path);
    g_rmdir(folder);
}

Test(result, full_marks_need_every_point_and_a_grading)
{
    g_autoptr(Result) full = sample_full();
    g_autoptr(Result) leak = sample_leak();
    g_autoptr(Result) ungraded = sample_ungraded();
    g_autoptr(Result) nothing = result_new("nobody", "/nowhere");
    cr_assert(result_is_full(full));
    cr_assert_not(result_is_full(leak));
    cr_assert_not(result_is_full(ungraded));
    cr_assert_not(result_is_full(nothing));
}

/* The JSON has every field but the CPU time of a test, which is in no report. */
Test(result, a_copy_has_every_field_and_shares_none)
{
    Result *result = sample_everything();
    item_test(result_item(result, "masking"), "padding_mask")->cpu_usec = 123;
    g_autofree char *text = result_to_json(result);
    g_autoptr(Result) copy = result_copy(result);
    g_autofree char *same = result_to_json(copy);
    cr_assert_str_eq(same, text);
    cr_assert_eq(item_test(result_item(copy, "masking"), "padding_mask")->cpu_usec, 123);
    result_free(result); /* AddressSanitizer would see what is shared */
    g_autofree char *still = result_to_json(copy);
    cr_assert_str_eq(still, text);
}

Test(result, a_copy_can_be_changed)
{
    g_autoptr(Result) result = sample_everything();
    g_autofree char *text = result_to_json(result);
    g_autoptr(Result) copy = result_copy(result);
    MemoryFinding *finding = g_ptr_array_index(result_item(copy, "masking")->memory, 0);
    g_ptr_array_set_size(finding->tests, 0);
    g_ptr_array_set_size(copy->items, 1);
    g_ptr_array_set_size(copy->files, 0);
    copy->submission[0] = 'S';
    g_autofree char *same = result_to_json(result);
    cr_assert_str_eq(same, text);
}

Test(result, knows_what_is_not_written_yet)
{
    static const struct {
        TestStatus status;
        const char *failure;
        gboolean unwritten;
    } cases[] = {
        {TEST_FAILED, "not_implemented", TRUE},
        {TEST_FAILED, "not_defined", TRUE},
        {TEST_SKIPPED, "not_defined", TRUE},
        {TEST_FAILED, "value", FALSE},
        {TEST_SKIPPED, "value", FALSE},
        {TEST_CRASHED, "crash", FALSE},
        {TEST_PASSED, NULL, FALSE},
    };
    g_autoptr(Result) result = sample_full();
    ItemResult *item = result_item(result, "masking");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (guint k = 0; k < item->tests->len; k++) {
            TestResult *test = item->tests->pdata[k];
            g_free(test->failure);
            test->failure = g_strdup(cases[i].failure);
            test->status = cases[i].status;
        }
        cr_expect_eq(test_is_unwritten(item->tests->pdata[0]), cases[i].unwritten, "case %zu", i);
        cr_expect_eq(item_is_unwritten(item), cases[i].unwritten, "case %zu", i);
    }
    g_ptr_array_set_size(item->tests, 0);
    cr_expect_not(item_is_unwritten(item), "an item that did not run");
}

Test(result, finds_items_and_tests_by_name)
{
    g_autoptr(Result) result = sample_full();
    const ItemResult *item = result_item(result, "masking");
    cr_assert_not_null(item);
    cr_assert_not_null(item_test(item, "causal_mask"));
    cr_assert_null(item_test(item, "causal"));
    cr_assert_null(result_item(result, "mask"));
}
