/*
 * The sample class: each submission of tests/submissions/ gets the report of its expected.json, and
 * each solution of tests/correct/ full marks for the items that it attempts.
 *
 * An expected.json has what a grade depends on: status, score, the lines with errors of the
 * compiler and, for each item, its points, the tests that did not pass, and what Valgrind saw
 * where. Messages, counts and bytes are left out: they may be said better, or depend on the seed.
 * Extra credit that an expected.json does not name is not compared: the rubric got it later.
 */
#include <criterion/criterion.h>
#include <jansson.h>

#include "base/files.h"
#include "instructor/proof/left_out.h"
#include "workbench.h"

static const char *const CLASS_FOLDER = "tests/submissions";

/* The tests that did not pass, each with how and why, as in "failed: value". */
static json_t *failing_tests(const ItemResult *item)
{
    json_t *tests = json_object();
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = item->tests->pdata[i];
        if (test->status != TEST_PASSED)
            json_object_set_new(tests, test->name,
                                json_sprintf("%s: %s", test_status_word(test->status),
                                             test->failure ? test->failure : "no reason"));
    }
    return tests;
}

static gint compare_words(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* "leak in softmax, line 31", each place once though it may have lost blocks of several sizes. */
static json_t *memory_places(const ItemResult *item)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < item->memory->len; i++) {
        const MemoryFinding *finding = item->memory->pdata[i];
        g_autofree char *place =
            g_strdup_printf("%s in %s, line %u", finding->kind,
                            finding->function ? finding->function : "no function", finding->line);
        if (!g_ptr_array_find_with_equal_func(words, place, g_str_equal, NULL))
            g_ptr_array_add(words, g_steal_pointer(&place));
    }
    g_ptr_array_sort(words, compare_words);
    json_t *places = json_array();
    for (guint i = 0; i < words->len; i++)
        json_array_append_new(places, json_string(words->pdata[i]));
    return places;
}

static json_t *error_lines(const Result *result)
{
    json_t *lines = json_array();
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = result->diagnostics->pdata[i];
        if (g_str_equal(diagnostic->severity, "error"))
            json_array_append_new(lines, json_integer(diagnostic->line));
    }
    return lines;
}

/* Does an expected.json name the item? */
static gboolean is_expected(const json_t *expected, const char *id)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(expected, "items"), i,
                       item) if (g_strcmp0(json_string_value(json_object_get(item, "id")), id) ==
                                 0) return TRUE;
    return FALSE;
}

/* What a grade depends on, but for extra credit that is newer than `expected`. */
static json_t *report_of(const Result *result, const json_t *expected)
{
    json_t *items = json_array();
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        if (item->extra && !is_expected(expected, item->id))
            continue;
        json_array_append_new(items, json_pack("{ss, sf, so, so}", "id", item->id, "points",
                                               item->points, "tests", failing_tests(item), "memory",
                                               memory_places(item)));
    }
    return json_pack("{ss, sf, so, so}", "status", submission_status_word(result->status), "score",
                     result->score, "errors", error_lines(result), "items", items);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* Show what differs: the whole of a member, or of the item, that is not as expected. */
static void show_difference(const char *name, const char *part, const json_t *got,
                            const json_t *expected)
{
    if (json_equal(got, expected))
        return;
    const size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(6);
    char *came = json_dumps(got, flags), *should = json_dumps(expected, flags);
    cr_log_error("%s: %s\n  got      %s\n  expected %s", name, part, came ? came : "nothing",
                 should ? should : "nothing");
    free(came);
    free(should);
}

static void show_differences(const char *name, json_t *got, json_t *expected)
{
    const char *const members[] = {"status", "score", "errors"};
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        show_difference(name, members[i], json_object_get(got, members[i]),
                        json_object_get(expected, members[i]));
    json_t *items = json_object_get(got, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        show_difference(name, json_string_value(json_object_get(item, "id")), item,
                        json_array_get(json_object_get(expected, "items"), i));
    }
}

/* TRUE if the submission gets the report that it must get; else the differences are shown. */
static gboolean is_as_expected(const GradeContext *context, const char *name)
{
    g_autofree char *folder = g_build_filename(CLASS_FOLDER, name, NULL);
    g_autofree char *path = g_build_filename(folder, "expected.json", NULL);
    json_error_t problem;
    json_t *expected = json_load_file(path, 0, &problem);
    if (expected == NULL) {
        cr_log_error("%s:%d: %s", path, problem.line, problem.text);
        return FALSE;
    }
    g_autoptr(Result) result = grade_submission(context, name, folder, 1);
    json_t *got = report_of(result, expected);
    gboolean same = json_equal(got, expected);
    if (!same)
        show_differences(name, got, expected);
    json_decref(got);
    json_decref(expected);
    return same;
}

/* ---- grading --------------------------------------------------------------------------------- */

static Workbench *open_hidden(void)
{
    g_autoptr(GError) error = NULL;
    Workbench *bench = workbench_open(NULL, "hidden", &error);
    cr_assert_not_null(bench, "%s", error ? error->message : "no workbench");
    bench->context->jobs = g_get_num_processors();
    return bench;
}

Test(submissions, each_gets_its_report, .timeout = 600)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Workbench) bench = open_hidden();
    g_autoptr(GDir) folder = g_dir_open(CLASS_FOLDER, 0, &error);
    cr_assert_not_null(folder, "%s", error ? error->message : "no submissions");
    guint submissions = 0, wrong = 0;
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        if (*name == '.')
            continue;
        submissions++;
        wrong += !is_as_expected(bench->context, name);
    }
    cr_assert_geq(submissions, 18, "only %u submissions", submissions);
    cr_assert_eq(wrong, 0, "%u of %u submissions get another report", wrong, submissions);
}

static void add_item(Result *result, const char *id, gboolean extra)
{
    ItemResult *item = item_result_new(id, "g", "an item", 5);
    item->extra = extra;
    g_ptr_array_add(result->items, item);
}

Test(submissions, extra_credit_that_is_newer_than_a_report_is_not_compared)
{
    g_autoptr(Result) result = result_new("ann", "ann");
    add_item(result, "old", FALSE);
    json_t *expected = report_of(result, NULL);
    add_item(result, "later", TRUE);
    json_t *with_extra = report_of(result, expected);
    cr_expect(json_equal(with_extra, expected));
    add_item(result, "later, and not extra", FALSE);
    json_t *with_more = report_of(result, expected);
    cr_expect_not(json_equal(with_more, expected));
    json_decref(expected);
    json_decref(with_extra);
    json_decref(with_more);
}

/* Whoever hands in the starter has done nothing; it must stay what the starter is. */
Test(submissions, the_untouched_one_is_the_starter)
{
    g_autofree char *starter = NULL, *untouched = NULL;
    cr_assert(g_file_get_contents("starter/attention.c", &starter, NULL, NULL));
    cr_assert(g_file_get_contents("tests/submissions/dora-untouched/attention.c", &untouched, NULL,
                                  NULL));
    cr_assert_str_eq(starter, untouched, "copy starter/attention.c to dora-untouched");
}

/* Grade one file of tests/correct/, in a folder of its own; TRUE if it loses nothing that it attempts. */
static gboolean earns_all(const GradeContext *context, const char *name)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *from = g_build_filename("tests/correct", name, NULL);
    g_autofree char *to = g_build_filename(folder, "attention.c", NULL);
    cr_assert(files_copy(from, to, 0644, NULL), "cannot copy '%s'", from);
    g_autoptr(Result) result = grade_submission(context, name, folder, grade_fresh_seed());
    guint left_out;
    g_autofree char *loss = left_out_find_loss(result, &left_out);
    if (loss != NULL)
        cr_log_error("%s, seed %u: %s", name, result->seed, loss);
    return loss == NULL;
}

/* Ordinary code, odd code, other code than ours: what keeps the contract earns every point. */
Test(submissions, no_correct_solution_loses_a_point, .timeout = 600)
{
    g_autoptr(Workbench) bench = open_hidden();
    g_autoptr(GDir) folder = g_dir_open("tests/correct", 0, NULL);
    cr_assert_not_null(folder, "no correct solutions");
    guint solutions = 0, wrong = 0;
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        if (!g_str_has_suffix(name, ".c"))
            continue;
        solutions++;
        wrong += !earns_all(bench->context, name);
    }
    cr_assert_geq(solutions, 30, "only %u correct solutions", solutions);
    cr_assert_eq(wrong, 0, "%u of %u correct solutions lose points", wrong, solutions);
}
