/* Tests of base/source.h: lines of a source, and where a word stands in it. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/source.h"

static Source *source_of(const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("source-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "attention.c", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    Source *source = source_load(path);
    g_unlink(path);
    g_rmdir(folder);
    return source;
}

Test(source, lines_are_bounded_and_valid)
{
    g_autofree char *wide = g_strnfill(5000, 'w');
    g_autofree char *text = g_strdup_printf("one\r\n\xff two\n%s", wide);
    g_autoptr(Source) source = source_of(text);
    g_autofree char *first = source_line(source, 1);
    g_autofree char *second = source_line(source, 2);
    g_autofree char *third = source_line(source, 3);
    cr_expect_str_eq(first, "one");
    cr_expect_str_eq(second, "\uFFFD two");
    cr_expect_leq(strlen(third), 200);
    cr_expect_null(source_line(source, 0));
    cr_expect_null(source_line(source, 4));
}

Test(source, a_file_that_is_not_there_has_no_lines)
{
    g_autoptr(Source) source = source_load("/nonexistent/attention.c");
    cr_expect_null(source_line(source, 1));
    cr_expect_eq(source_find(source, "x"), 0);
}

Test(source, finds_whole_words)
{
    g_autoptr(Source) source = source_of("int systems;\nint my_system;\nint x = system(0);\n");
    cr_expect_eq(source_find(source, "system"), 3);
    cr_expect_eq(source_find(source, "none"), 0);
    cr_expect_eq(source_find(source, ""), 0);
}

Test(source, prefers_code_to_comments_and_strings)
{
    g_autoptr(Source) source = source_of("// exit here\n/* exit\n exit */ char c = '\"';\n"
                                         "char *s = \"exit \\\" exit\";\nint d = exit;\n");
    cr_expect_eq(source_find(source, "exit"), 5);
}

Test(source, else_takes_what_there_is)
{
    g_autoptr(Source) source = source_of("int a;\nint b __asm__(\"system\");\n");
    cr_expect_eq(source_find(source, "system"), 2);
}
