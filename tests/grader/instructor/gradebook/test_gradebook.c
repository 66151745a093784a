/* Tests of instructor/gradebook/gradebook.h: what counts, what is kept, and what a grade is made of. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/gradebook/gradebook.h"
#include "support/sample_results.h"

static const char rubric_text[] =
    "assignment: a\ntitle: A\nfiles: [attention.c]\ncredit: all\n"
    "items:\n  - {id: one, grade_id: g, title: One, points: 15}\n"
    "memory: {penalty: 0}\n"
    "limits: {compile_seconds: 1, test_seconds: 1, memory_seconds: 1, memory_mib: 64,"
    " output_kib: 1, file_kib: 1}\n"
    "hidden: hint\nsandbox: nothing\nallowed: [malloc]\n";

static char *top;
static Gradebook *book;
static Submission *ann;

static Gradebook *open_book(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(top, name, NULL);
    Gradebook *opened = gradebook_open(path, TRUE, &error);
    cr_assert_not_null(opened, "%s", error != NULL ? error->message : "");
    return opened;
}

/* A rubric with one more line. */
static void set_class(Gradebook *in, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strconcat(rubric_text, line, NULL);
    g_autoptr(Rubric) rubric = rubric_parse("rubric.yaml", text, strlen(text), &error);
    cr_assert_not_null(rubric, "%s", error != NULL ? error->message : "");
    cr_assert(gradebook_set_class(in, rubric, NULL));
}

static void set_students(Gradebook *in, Submission *first, Submission *second)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, first);
    if (second != NULL)
        g_ptr_array_add(all, second);
    cr_assert(gradebook_set_submissions(in, all, NULL));
}

static void set_up(void)
{
    top = g_dir_make_tmp("attention-test-XXXXXX", NULL);
    book = open_book("book.db");
    ann = submission_new("ann", "/nowhere/ann");
    set_class(book, "");
    set_students(book, ann, NULL);
}

static void tear_down(void)
{
    gradebook_close(book);
    submission_free(ann);
    files_remove_tree(top);
    g_free(top);
}

TestSuite(gradebook, .init = set_up, .fini = tear_down);

static void store_in(Gradebook *in, const Submission *submission, const char *key,
                     const char *files, Result *result)
{
    g_autoptr(Result) owned = result;
    g_autoptr(GError) error = NULL;
    cr_assert(gradebook_store(in, submission, key, files, owned, &error), "%s",
              error != NULL ? error->message : "");
}

static void store(const char *key, double score)
{
    Result *result = sample_full();
    result->score = score;
    store_in(book, ann, key, key, result);
}

static gboolean known(const char *key)
{
    gboolean done;
    cr_assert(gradebook_reuse(book, ann, key, &done, NULL));
    return done;
}

static void expect_final(Gradebook *in, double wanted)
{
    g_autoptr(Grade) grade = gradebook_grade(in, "ann", NULL);
    cr_assert_not_null(grade);
    cr_expect(grade->graded);
    cr_expect_eq(grade->final, wanted, "%g", grade->final);
}

static gint64 count(Gradebook *in)
{
    gint64 records;
    cr_assert(gradebook_count(in, &records, NULL));
    return records;
}

Test(gradebook, keeps_a_result_as_it_was)
{
    store_in(book, ann, "k", "f", sample_hostile());
    g_autoptr(Grade) grade = gradebook_grade(book, "ann", NULL);
    g_autoptr(Result) result = gradebook_result(book, grade->record, NULL);
    g_autoptr(Result) wanted = sample_hostile();
    cr_assert_not_null(result);
    cr_expect_eq(result->seed, wanted->seed);
    cr_expect_eq(result->items->len, wanted->items->len);
}

Test(gradebook, knows_what_was_graded)
{
    cr_expect_not(known("k"));
    store("k", 10);
    cr_expect(known("k"));
    cr_expect_not(known("another"));
}

Test(gradebook, an_earlier_grading_counts_again_when_its_key_comes_back)
{
    store("first", 10);
    store("second", 5);
    expect_final(book, 5);
    cr_expect(known("first"));
    expect_final(book, 10);
    cr_expect_eq(count(book), 2);
    g_autoptr(GPtrArray) history = gradebook_history(book, "ann", NULL);
    cr_assert_eq(history->len, 3);
    cr_expect(g_str_has_suffix(history->pdata[1], "regraded: 10 -> 5"));
    cr_expect(g_str_has_suffix(history->pdata[2], "regraded: 5 -> 10"));
}

Test(gradebook, the_first_of_two_with_one_key_stays)
{
    store("k", 10);
    store("k", 5);
    expect_final(book, 10);
    cr_expect_eq(count(book), 1);
}

Test(gradebook, ungraded_is_no_zero_and_is_tried_again)
{
    store_in(book, ann, "k", "f", sample_ungraded());
    g_autoptr(Grade) grade = gradebook_grade(book, "ann", NULL);
    cr_expect_not(grade->graded);
    cr_expect_str_eq(grade->status, "ungraded");
    cr_expect_not(known("k"));
    store("k", 7);
    expect_final(book, 7);
    cr_expect_eq(count(book), 1);
}

Test(gradebook, ungraded_takes_no_grade_away_from_the_same_files)
{
    store_in(book, ann, "old", "same", sample_full());
    store_in(book, ann, "new", "same", sample_ungraded());
    expect_final(book, 15);
    store_in(book, ann, "newer", "other", sample_ungraded());
    g_autoptr(Grade) grade = gradebook_grade(book, "ann", NULL);
    cr_expect_not(grade->graded);
}

Test(gradebook, an_adjustment_outlives_a_regrade)
{
    store("k", 10);
    const Adjustment adjustment = {"ann", "one", -2.5, FALSE, 0, "reason", "author"};
    cr_assert(gradebook_adjust(book, &adjustment, NULL));
    expect_final(book, 7.5);
    store("l", 1);
    expect_final(book, 0);
}

/* As a batch does: one submission, which a roster calls "ann@x", or not. */
static void hand_in_again(gboolean roster)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    submission_free(ann);
    ann = submission_new("ann", "/nowhere/ann");
    g_ptr_array_add(all, ann);
    if (roster) {
        ann->layout = ann->student;
        ann->student = g_strdup("ann@x");
        ann->listed = TRUE;
    }
    cr_assert(gradebook_match_students(book, all, NULL));
    cr_assert(gradebook_set_submissions(book, all, NULL));
}

Test(gradebook, a_roster_that_comes_later_or_not_again_makes_no_second_student)
{
    const Adjustment adjustment = {
        .student = "ann", .points = -5, .reason = "late by mail", .author = "me"};
    store("one", 20);
    cr_assert(gradebook_adjust(book, &adjustment, NULL));
    const gboolean runs[] = {TRUE, FALSE, TRUE};
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        hand_in_again(runs[i]);
        cr_expect(known("one"), "run %zu", i);
        g_autoptr(GPtrArray) grades = gradebook_grades(book, NULL);
        cr_assert_eq(grades->len, 1, "run %zu: %u students", i, grades->len);
        const Grade *grade = grades->pdata[0];
        cr_expect_str_eq(grade->student, "ann@x");
        cr_expect_eq(grade->final, 15, "run %zu: %g", i, grade->final);
    }
    cr_expect_eq(count(book), 1);
}

Test(gradebook, being_late_costs_what_the_rubric_says)
{
    ann->days_late = 3;
    set_students(book, ann, NULL);
    store("k", 10);
    expect_final(book, 10);
    set_class(book, "late: {per_day: 0.1}\n");
    expect_final(book, 7);
    set_class(book, "late: {per_day: 0.1, max: 0.25}\n");
    expect_final(book, 7.5);
    const Adjustment excused = {"ann", NULL, 0, TRUE, 0, "ill", "me"};
    cr_assert(gradebook_adjust(book, &excused, NULL));
    expect_final(book, 10);
}

Test(gradebook, extra_credit_is_on_top)
{
    Result *result = sample_full();
    result->extra = 2;
    store_in(book, ann, "k", "f", result);
    expect_final(book, 17);
}

Test(gradebook, of_several_attempts_the_latest_counts_or_the_best)
{
    g_autoptr(Submission) second = submission_new("ann", "/nowhere/2");
    g_free(second->attempt);
    second->attempt = g_strdup("2");
    second->order = 2;
    set_students(book, ann, second);
    store("k", 10);
    Result *worse = sample_full();
    worse->score = 4;
    store_in(book, second, "k", "f", worse);
    expect_final(book, 4);
    set_class(book, "attempts: best\n");
    expect_final(book, 10);
}

Test(gradebook, who_handed_in_nothing_has_no_grade)
{
    g_autoptr(Submission) bob = submission_new("bob", NULL);
    set_students(book, bob, NULL);
    g_autoptr(Grade) grade = gradebook_grade(book, "bob", NULL);
    cr_expect_str_eq(grade->status, "missing");
    cr_expect_not(grade->graded);
    cr_expect_eq(grade->record, 0);
}

Test(gradebook, who_is_not_graded_yet_has_no_grade)
{
    g_autoptr(Grade) grade = gradebook_grade(book, "ann", NULL);
    cr_expect_str_eq(grade->status, "waiting");
    cr_expect_not(grade->graded);
}

Test(gradebook, merging_twice_is_merging_once)
{
    g_autoptr(Gradebook) other = open_book("other.db");
    g_autoptr(Submission) bob = submission_new("bob", "/nowhere/bob");
    set_class(other, "");
    set_students(other, ann, bob);
    store_in(other, bob, "k", "f", sample_full());
    store("k", 10);
    store("l", 12);
    const Adjustment adjustment = {"ann", NULL, 1, FALSE, 0, "reason", "author"};
    cr_assert(gradebook_adjust(book, &adjustment, NULL));
    g_autofree char *path = g_build_filename(top, "book.db", NULL);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        cr_assert(gradebook_merge(other, path, &error), "%s", error != NULL ? error->message : "");
        cr_expect_eq(count(other), 3);
        expect_final(other, 13);
        g_autoptr(GPtrArray) history = gradebook_history(other, "ann", NULL);
        cr_expect_eq(history->len, 3);
    }
    g_autoptr(Grade) grade = gradebook_grade(other, "bob", NULL);
    cr_expect_eq(grade->final, 15);
}

Test(gradebook, students_are_found_by_any_of_their_names)
{
    g_autoptr(Submission) bob = submission_new("bob_7", NULL);
    g_free(bob->name);
    bob->name = g_strdup("Bob Smith");
    bob->email = g_strdup("bob@example.org");
    bob->lms_id = g_strdup("7");
    set_students(book, bob, NULL);
    const char *names[] = {"bob_7", "Bob Smith", "bob@example.org", "7"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *key = gradebook_student(book, names[i], NULL);
        cr_expect_str_eq(key != NULL ? key : "", "bob_7");
    }
    g_autoptr(GError) error = NULL;
    cr_expect_null(gradebook_student(book, "smith", &error));
    cr_expect_str_eq(error->message, "there is no student 'smith' (did you mean bob_7?)");
}

Test(gradebook, another_database_is_refused)
{
    g_autofree char *path = g_build_filename(top, "foreign.db", NULL);
    g_autoptr(GError) error = NULL;
    sqlite3 *foreign;
    cr_assert_eq(sqlite3_open(path, &foreign), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(foreign, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(foreign);
    cr_expect_null(gradebook_open(path, TRUE, &error));
    cr_expect(strstr(error->message, "no gradebook") != NULL);
}

Test(gradebook, one_that_is_not_there_is_an_error_for_readers)
{
    g_autofree char *path = g_build_filename(top, "nothing.db", NULL);
    g_autoptr(GError) error = NULL;
    cr_expect_null(gradebook_open(path, FALSE, &error));
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE));
    cr_expect_not(g_file_test(path, G_FILE_TEST_EXISTS));
}
