/* Tests of instructor/inbox/inbox.h and instructor/inbox/zip.h: zip files as an LMS and students make them. */
#include <criterion/criterion.h>

#include "support/inbox_case.h"

TestSuite(inbox_zip, .init = inbox_case_set_up, .fini = inbox_case_tear_down);

Test(inbox_zip, a_zip_of_folders_in_one_folder)
{
    const ZipEntry entries[] = {{.name = "week 1/ann/attention.c", .text = "x"},
                                {.name = "week 1/bob/attention.c", .text = "x"},
                                {.name = "__MACOSX/week 1/ann/._attention.c", .text = "x"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("ann bob");
    inbox_case_expect_refusals((const char *const[]){NULL});
}

Test(inbox_zip, a_zip_from_canvas_with_a_zip_in_it)
{
    const ZipEntry inner[] = {{.name = "project/attention.c", .text = "x"}};
    inbox_case_write_zip("inner", inner, 1);
    g_autofree char *path = g_build_filename(inbox_case_top, "inner", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    const ZipEntry entries[] = {{.name = "leeann_1_11_attention.c", .text = "x"},
                                {.name = "leebob_2_12_attention.c", .text = "x"}};
    inbox_case_write_zip("class/leecem_3_13_work.zip", inner, 1);
    inbox_case_write_zip("class/all.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class/all.zip");
    inbox_case_expect("leeann_1/11 leebob_2/12");
    inbox_case_take("class/leecem_3_13_work.zip");
    cr_expect_eq(inbox_case->submissions->len, 3);
}

Test(inbox_zip, a_folder_of_zips)
{
    const ZipEntry entries[] = {{.name = "attention.c", .text = "x"}};
    inbox_case_write_zip("class/ann.zip", entries, 1);
    inbox_case_write_zip("class/leebob_2_12_attention.zip", entries, 1);
    inbox_case_put("cem.zip", "this is no archive");
    inbox_case_take("class");
    inbox_case_expect("ann cem- leebob_2/12");
    cr_expect_eq(inbox_case->refusals->len, 1);
}

Test(inbox_zip, a_zip_from_moodle_keeps_its_names)
{
    const ZipEntry entries[] = {
        {.name = "Zoë Müller_5_assignsubmission_file_/attention.c", .text = "x"},
        {.name = "=cmd, \"x\"_6_assignsubmission_file_/attention.c", .text = "x"},
        {.name = "مريم_7_assignsubmission_file_/attention.c", .text = "x"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("=cmd, \"x\"_6 Zoë Müller_5 مريم_7");
    g_autofree char *origin =
        g_build_filename(inbox_case_top, "class.zip", "Zoë Müller_5_assignsubmission_file_", NULL);
    cr_expect_str_eq(((Submission *)inbox_case->submissions->pdata[1])->origin, origin);
}

Test(inbox_zip, a_zip_lists_who_handed_in_something_else)
{
    const ZipEntry entries[] = {{.name = "leeann_1_10_attention.c", .text = "x"},
                                {.name = "leebob_2_11_homework.tar.gz", .text = "x"},
                                {.name = "leecem_3_12_text.html", .text = "x"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("leeann_1/10 leebob_2- leecem_3-");
    g_autofree char *there = g_build_filename(
        ((const Submission *)inbox_case->submissions->pdata[1])->path, "homework.tar.gz", NULL);
    cr_expect(g_file_test(there, G_FILE_TEST_EXISTS));
}

Test(inbox_zip, one_folder_called_like_the_file_does_not_end_a_class)
{
    const ZipEntry entries[] = {{.name = "ann/attention.c", .text = "x"},
                                {.name = "attention.c/attention.c", .text = "x"},
                                {.name = "bob/attention.c", .text = "x"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("ann attention.c bob");
}

static const ZipEntry from_canvas[] = {{.name = "leeann_1_10_attention.c", .text = "x"},
                                       {.name = "leebob_2_11_attention.c", .text = "x"}};

static void expect_taken_for_class(void)
{
    cr_assert_eq(inbox_case->refusals->len, 1);
    cr_expect(
        g_str_has_suffix(inbox_case->refusals->pdata[0],
                         "class/submissions.zip' is all there is, and is taken for the class"),
        "%s", (char *)inbox_case->refusals->pdata[0]);
}

Test(inbox_zip, a_download_that_was_put_into_a_folder)
{
    inbox_case_put("roster.csv", "x");
    inbox_case_write_zip("class/submissions.zip", from_canvas, G_N_ELEMENTS(from_canvas));
    inbox_case_take("class");
    inbox_case_expect("leeann_1/10 leebob_2/11");
    expect_taken_for_class();
}

Test(inbox_zip, folders_beside_each_other_are_a_class)
{
    const ZipEntry entries[] = {{.name = "week 1/ann/attention.c", .text = "x"},
                                {.name = "week 1/bob/attention.c", .text = "x"}};
    inbox_case_put(".gitignore", "x");
    inbox_case_write_zip("class/submissions.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class");
    inbox_case_expect("ann bob");
    expect_taken_for_class();
}

Test(inbox_zip, the_zip_of_the_only_student)
{
    const ZipEntry entries[] = {{.name = "project/attention.c", .text = "x"},
                                {.name = "project/starter/attention.c", .text = "x"}};
    inbox_case_write_zip("class/ann.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class");
    inbox_case_expect("ann");
    inbox_case_expect_refusals((const char *const[]){NULL});
}

Test(inbox_zip, two_zips_are_two_students)
{
    inbox_case_write_zip("class/ann.zip", from_canvas, G_N_ELEMENTS(from_canvas));
    inbox_case_write_zip("class/bob.zip", from_canvas, G_N_ELEMENTS(from_canvas));
    inbox_case_take("class");
    inbox_case_expect("ann- bob-");
}
