/* Tests of instructor/inbox/inbox.h: layouts of folders and files, as instructors have them. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/error.h"
#include "support/inbox_case.h"

TestSuite(inbox, .init = inbox_case_set_up, .fini = inbox_case_tear_down);

/* Müller and Möller as Latin-1, which an unzip may leave behind. */
Test(inbox, names_in_another_encoding_stay_apart)
{
    inbox_case_put("M\xfcller/attention.c", "x");
    inbox_case_put("M\xf6ller/attention.c", "x");
    inbox_case_take("class");
    inbox_case_expect("M\\xf6ller M\\xfcller");
}

Test(inbox, a_folder_for_each_student)
{
    inbox_case_put("bob/attention.c", "x");
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("zoe/notes.txt", "x");
    inbox_case_put(".git/config", "x");
    inbox_case_put("__MACOSX/ann/attention.c", "x");
    inbox_case_put("grades.csv", "x");
    inbox_case_take("class");
    inbox_case_expect("ann bob zoe-");
}

Test(inbox, one_submission)
{
    inbox_case_put("ann/attention.c", "x");
    inbox_case_take("class/ann");
    inbox_case_expect("ann");
    cr_expect(inbox_case->single);
}

Test(inbox, the_file_itself)
{
    inbox_case_put("ann/attention.c", "x");
    inbox_case_take("class/ann/attention.c");
    inbox_case_expect("ann");
    cr_expect(inbox_case->single);
}

Test(inbox, attempts_in_the_order_of_their_numbers)
{
    inbox_case_put("ann/10/attention.c", "x");
    inbox_case_put("ann/9/attention.c", "x");
    inbox_case_put("bob/attention-main/attention.c", "x");
    inbox_case_take("class");
    inbox_case_expect("ann/9 ann/10 bob");
}

/* Where the best counts each costs a grading: nobody may hand in a thousand at once. */
Test(inbox, the_last_of_many_attempts)
{
    for (guint i = 1; i <= 101; i++) {
        g_autofree char *name = g_strdup_printf("ann/%u/attention.c", i);
        inbox_case_put(name, "x");
    }
    inbox_case_put("bob/attention.c", "x");
    inbox_case_take("class");
    cr_assert_eq(inbox_case->submissions->len, 101);
    cr_expect_str_eq(((Submission *)inbox_case->submissions->pdata[0])->attempt, "2");
    cr_expect_str_eq(((Submission *)inbox_case->submissions->pdata[99])->attempt, "101");
    inbox_case_expect_refusals(
        (const char *const[]){"'ann' has more than 100 attempts: the last ones count", NULL});
}

Test(inbox, the_same_student_from_two_downloads)
{
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("../later/ann/attention.c", "x");
    g_autofree char *path = g_build_filename(inbox_case_top, "class", NULL);
    cr_assert(inbox_add(inbox_case, path, NULL));
    inbox_case_take("later");
    inbox_case_expect("ann ann/2");
}

Test(inbox, canvas_files)
{
    inbox_case_put("smithjohn_101_7001_attention.c", "old");
    inbox_case_put("smithjohn_LATE_101_7002_attention-2.c", "new");
    inbox_case_put("smithjohn_101_7003_notes.pdf", "x");
    inbox_case_put("doejane_102_7004_Attention.C", "x");
    inbox_case_take("class");
    inbox_case_expect("doejane_102- smithjohn_101/7001 smithjohn_101/7002");
    const Submission *late = inbox_case->submissions->pdata[2];
    cr_expect_eq(late->days_late, 1);
    cr_expect_str_eq(late->lms_id, "101");
    cr_expect_str_eq(late->name, "smithjohn");
    g_autofree char *file = g_build_filename(late->path, "attention.c", NULL);
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(file, &text, NULL, NULL));
    cr_expect_str_eq(text, "new");
}

Test(inbox, a_folder_is_not_canvas)
{
    inbox_case_put("team_1_2_final/attention.c", "x");
    inbox_case_put("team_3_4_final/attention.c", "x");
    inbox_case_take("class");
    inbox_case_expect("team_1_2_final team_3_4_final");
}

Test(inbox, moodle_folders)
{
    inbox_case_put("Ann Lee_55_assignsubmission_file_/attention.c", "x");
    inbox_case_put("Bo_b_56_assignsubmission_file/attention.c", "x");
    inbox_case_put("Cy_57_assignsubmission_onlinetext_/onlinetext.html", "x");
    inbox_case_put("Di_58_assignsubmission_file_attention.c", "x");
    inbox_case_take("class");
    inbox_case_expect("Ann Lee_55 Bo_b_56 Cy_57- Di_58");
    cr_expect_str_eq(((Submission *)inbox_case->submissions->pdata[0])->lms_id, "55");
}

Test(inbox, links_are_refused)
{
    inbox_case_put("ann/attention.c", "x");
    g_autofree char *bob = g_build_filename(inbox_case_top, "class", "bob", NULL);
    g_autofree char *flat = g_build_filename(inbox_case_top, "class", "eve_1_2_attention.c", NULL);
    cr_assert_eq(symlink("ann", bob), 0);
    cr_assert_eq(symlink("ann/attention.c", flat), 0);
    inbox_case_take("class");
    inbox_case_expect("ann eve_1/2-");
    inbox_case_expect_refusals((const char *const[]){"'bob' is refused: a link", NULL});
}

Test(inbox, an_empty_folder_is_an_error)
{
    g_autoptr(GError) error = NULL;
    cr_assert_eq(g_mkdir_with_parents(g_build_filename(inbox_case_top, "class", NULL), 0700), 0);
    g_autofree char *path = g_build_filename(inbox_case_top, "class", NULL);
    cr_expect_not(inbox_add(inbox_case, path, &error));
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE));
}

/* Moodle: what was typed has a folder beside that of the files, and comes after it. */
Test(inbox, what_was_typed_is_no_later_attempt)
{
    inbox_case_put("Ann Lee_1_assignsubmission_file_/attention.c", "x");
    inbox_case_put("Ann Lee_1_assignsubmission_onlinetext_/onlinetext.html", "x");
    inbox_case_put("Bob_2_assignsubmission_onlinetext_/onlinetext.html", "x");
    inbox_case_take("class");
    inbox_case_expect("Ann Lee_1 Bob_2-");
}

Test(inbox, a_path_that_is_given_twice_counts_once)
{
    g_autofree char *again = g_build_filename(inbox_case_top, "class", "..", "class", NULL);
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("bob/attention.c", "x");
    inbox_case_take("class");
    cr_assert(inbox_add(inbox_case, again, NULL));
    inbox_case_expect("ann bob");
    cr_assert_eq(inbox_case->refusals->len, 1);
    cr_expect(g_str_has_suffix(inbox_case->refusals->pdata[0], "is given twice: once counts"));
}

/* Macs write "é" in two characters, others in one. */
Test(inbox, a_name_is_the_same_however_it_is_composed)
{
    inbox_case_put("Jose\u0301/attention.c", "x");
    inbox_case_put("Jos\u00e9/attention.c", "x");
    inbox_case_put("JOS\u00c9/attention.c", "x");
    inbox_case_take("class");
    inbox_case_expect("JOS\u00c9 Jos\u00e9 Jos\u00e9/2");
}

Test(inbox, nobody_vanishes_between_the_folders)
{
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("bob.tar.gz", "x");
    inbox_case_put("cem.smith.7z", "x");
    inbox_case_put("dia.c", "x");
    inbox_case_put("grades.csv", "x");
    inbox_case_take("class");
    inbox_case_expect("ann bob- cem.smith-");
    inbox_case_expect_refusals((const char *const[]){
        "1 source between the folders, 'dia.c', is left out: put each into a folder that is called "
        "like its author, as attention.c",
        NULL});
}

Test(inbox, sources_that_may_be_anybodys)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(inbox_case_top, "class", NULL);
    inbox_case_put("ann.c", "x");
    inbox_case_put("bob.c", "x");
    cr_expect_not(inbox_add(inbox_case, path, &error));
    cr_assert_eq(inbox_case->refusals->len, 1);
    cr_expect_str_eq(inbox_case->refusals->pdata[0],
                     "2 sources between the folders, 'ann.c' first, are left out: put each into a "
                     "folder that is called like its author, as attention.c");
}
