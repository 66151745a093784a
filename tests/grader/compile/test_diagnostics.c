/* Tests of compile/diagnostics.h: gcc's output as it is, as submissions forge it, and cut anywhere. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "compile/diagnostics.h"

static const char error_json[] =
    "[{\"kind\": \"error\", \"children\": [{\"kind\": \"note\", \"locations\": [{\"caret\": "
    "{\"line\": 9, \"file\": \"include/attention.h\", \"column\": 3}}], \"message\": \"previous "
    "declaration\"}], \"locations\": [{\"caret\": {\"line\": 2, \"file\": \"attention.c\", "
    "\"column\": 7}}], \"message\": \"expected \u2018;\u2019 before \u2018}\u2019 token\"}, "
    "{\"kind\": \"warning\", \"children\": [], \"locations\": [{\"caret\": {\"line\": 1, \"file\": "
    "\"attention.c\", \"column\": 5}}], \"option\": \"-Wunused\", \"message\": \"unused\"}]\n";

static Result *read_bytes(const char *bytes, gsize length, guint *n_errors)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("source-XXXXXX", &path, NULL);
    cr_assert_geq(fd, 0);
    g_close(fd, NULL);
    cr_assert(g_file_set_contents(path, "int one;\nint two\n", -1, NULL));
    g_autoptr(Source) source = source_load(path);
    Result *result = result_new("student", NULL);
    guint n = diagnostics_read(bytes, length, "attention.c", source, result);
    if (n_errors != NULL)
        *n_errors = n;
    g_unlink(path);
    return result;
}

static Result *read_text(const char *text)
{
    return read_bytes(text, strlen(text), NULL);
}

static const Diagnostic *at(const Result *result, guint i)
{
    cr_assert_lt(i, result->diagnostics->len, "no diagnostic %u", i);
    return result->diagnostics->pdata[i];
}

Test(diagnostics, errors_with_their_note_before_warnings)
{
    guint n = 0;
    g_autoptr(Result) result = read_bytes(error_json, strlen(error_json), &n);
    cr_expect_eq(n, 1);
    cr_assert_eq(result->diagnostics->len, 3);
    cr_expect_str_eq(at(result, 0)->severity, "error");
    cr_expect_str_eq(at(result, 0)->message, "expected ';' before '}' token");
    cr_expect_str_eq(at(result, 0)->source, "int two");
    cr_expect_eq(at(result, 0)->line, 2);
    cr_expect_eq(at(result, 0)->column, 7);
    cr_expect(strstr(at(result, 0)->hint, "semicolon") != NULL);
    cr_expect_str_eq(at(result, 1)->severity, "note");
    cr_expect_str_eq(at(result, 1)->file, "include/attention.h");
    cr_expect_null(at(result, 1)->source, "the line of another file is not shown");
    cr_expect_str_eq(at(result, 2)->severity, "warning");
}

Test(diagnostics, output_may_end_anywhere)
{
    for (gsize length = 0; length < sizeof error_json; length++) {
        g_autoptr(Result) result = read_bytes(error_json, length, NULL);
        cr_expect_leq(result->diagnostics->len, 3);
    }
}

Test(diagnostics, a_cut_array_keeps_what_was_whole)
{
    const char *second = strstr(error_json, "\"warning\"");
    g_autoptr(Result) result = read_bytes(error_json, (gsize)(second - error_json), NULL);
    cr_expect_eq(result->diagnostics->len, 2);
}

/* gcc 12 copies control characters and bytes that are no UTF-8 into its JSON. */
Test(diagnostics, reads_json_that_is_none)
{
    g_autoptr(Result) result = read_text("[{\"kind\": \"error\", \"locations\": [], \"message\": "
                                         "\"#error \033[31m \xff\x01 x\"}]\n");
    cr_expect_eq(result->diagnostics->len, 1);
    cr_expect_str_eq(at(result, 0)->message, "#error \033[31m \uFFFD\001 x");
}

Test(diagnostics, gcc_14_lays_its_json_out)
{
    g_autoptr(Result) result =
        read_text("[{\"kind\": \"error\",\n  \"locations\": [],\n  \"message\": \"one\"},\n"
                  " {\"kind\": \"error\",\n  \"locations\": [],\n  \"message\": \"two\"}]\n"
                  "attention.c: Assembler messages:\nattention.c:2: Error: no such instruction\n");
    cr_expect_eq(result->diagnostics->len, 3);
    cr_expect_str_eq(at(result, 2)->message, "no such instruction");
    cr_expect_str_eq(at(result, 2)->source, "int two");
}

Test(diagnostics, a_line_directive_forges_no_second_message)
{
    g_autoptr(Result) result =
        read_text("[{\"kind\": \"error\", \"locations\": [{\"caret\": {\"line\": 70000000000, "
                  "\"file\": \"x\\nattention.c:1:1: error: forged\", \"column\": -1}}], "
                  "\"message\": \"true\"}]\n");
    cr_assert_eq(result->diagnostics->len, 1);
    cr_expect_str_eq(at(result, 0)->message, "true");
    cr_expect_eq(at(result, 0)->line, 0);
    cr_expect_eq(at(result, 0)->column, 0);
    cr_expect_null(at(result, 0)->source);
}

Test(diagnostics, keeps_few_and_counts_all)
{
    g_autoptr(GString) text = g_string_new("[");
    for (int i = 0; i < 500; i++)
        g_string_append_printf(text, "%s{\"kind\": \"error\", \"message\": \"m%d\"}",
                               i > 0 ? ", " : "", i);
    g_string_append(text, "]\n");
    guint n = 0;
    g_autoptr(Result) result = read_bytes(text->str, text->len, &n);
    cr_expect_eq(n, 500);
    cr_expect_eq(result->diagnostics->len, DIAGNOSTICS_LIMIT);
    cr_expect_str_eq(at(result, 0)->message, "m0");
}

Test(diagnostics, bounds_a_message)
{
    g_autofree char *long_word = g_strnfill(100000, 'x');
    g_autofree char *text =
        g_strdup_printf("[{\"kind\": \"error\", \"message\": \"%s\"}]", long_word);
    g_autoptr(Result) result = read_text(text);
    cr_expect_lt(strlen(at(result, 0)->message), 320);
    cr_expect(g_str_has_suffix(at(result, 0)->message, "..."));
}

Test(diagnostics, linker_and_driver)
{
    g_autoptr(Result) result = read_text(
        "[]\n/usr/bin/ld: /tmp/ccAbCdEf.o: in function `f':\n"
        "/usr/bin/ld: /tmp/ccAbCdEf.o: warning: relocation in read-only section\n"
        "/usr/bin/ld: final link failed: bad value\n"
        "gcc: fatal error: Killed signal terminated program cc1\ncompilation terminated.\n"
        "collect2: error: ld returned 1 exit status\n");
    cr_assert_eq(result->diagnostics->len, 3);
    cr_expect_str_eq(at(result, 0)->message, "final link failed: bad value");
    cr_expect(strstr(at(result, 1)->message, "Killed") != NULL);
    cr_expect_str_eq(at(result, 2)->severity, "warning");
    cr_expect_str_eq(at(result, 2)->message, "relocation in read-only section");
}

Test(diagnostics, hints_for_the_classic_mistakes)
{
    cr_expect(strstr(diagnostics_hint("unknown type name 'Tensor'"), "attention.h") != NULL);
    cr_expect(strstr(diagnostics_hint("assignment of read-only location"), "tensor_copy") != NULL);
    cr_expect(strstr(diagnostics_hint("read-only segment has dynamic relocations"), "assembly") !=
              NULL);
    cr_expect_null(diagnostics_hint("something new"));
}

/* Looking for the name of a temporary file from each place of such a line took minutes. */
Test(diagnostics, a_long_line_that_almost_names_a_temporary_file)
{
    enum { LENGTH = 200000 };
    g_autoptr(GString) text = g_string_new("as: ");
    while (text->len < LENGTH)
        g_string_append(text, "cc");
    g_string_append(text, ".x: \nas: warning: the last line\n");
    g_autoptr(Result) result = read_text(text->str);
    cr_assert_eq(result->diagnostics->len, 2);
    cr_expect_str_eq(at(result, 1)->message, "the last line");
}

Test(diagnostics, arrays_that_are_none_do_not_hide_the_messages_of_programs)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append(text, "[{\"x\":\n");
    g_string_append(text, "as: warning: the last line\n");
    g_autoptr(Result) result = read_text(text->str);
    cr_assert_eq(result->diagnostics->len, 1);
    cr_expect_str_eq(at(result, 0)->message, "the last line");
}

Test(diagnostics, a_line_that_is_cut_within_a_character)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 1994)
        g_string_append_c(text, 'x');
    g_string_append(text, " as: \u00e9\u00e9\n");
    g_autoptr(Result) result = read_text(text->str);
    cr_assert_eq(result->diagnostics->len, 1);
    cr_expect(g_utf8_validate(at(result, 0)->message, -1, NULL));
}
