/* Tests of compile/compile.h: what gcc makes of a submission, in the real sandbox. */
#include <criterion/criterion.h>
#include <string.h>

#include "compile/compile.h"
#include "intake/intake.h"
#include "support/specimen.h"
#include "wire/api.h"

#define STUB "#include \"attention.h\"\n"

static gboolean has_object(const Specimen *s)
{
    g_autofree char *path = g_build_filename(s->box, COMPILE_OBJECT, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

Test(compile, makes_an_object_without_a_word)
{
    g_autoptr(Specimen) s =
        specimen_new(STUB "Tensor *create_causal_mask(int n) { return tensor_create(2, (int[]){n, "
                          "n}); }\n");
    specimen_build(s);
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
    cr_expect_eq(s->result->diagnostics->len, 0);
    cr_expect(has_object(s));
    cr_expect_gt(s->result->cpu_usec, 0);
}

Test(compile, leaves_only_the_object_behind)
{
    g_autoptr(Specimen) s = specimen_new(STUB "int broken\n");
    specimen_build(s);
    GDir *box = g_dir_open(s->box, 0, NULL);
    for (const char *name; (name = g_dir_read_name(box)) != NULL;)
        cr_expect(strcmp(name, "attention.c") == 0 || strcmp(name, "include") == 0, "left: %s",
                  name);
    g_dir_close(box);
}

Test(compile, an_error_has_the_students_own_line)
{
    g_autoptr(Specimen) s = specimen_new(STUB "\nint f(void)\n{\n    return 1\n}\n");
    specimen_build(s);
    cr_expect_eq(s->result->status, SUBMISSION_NOT_COMPILED);
    cr_expect_str_eq(s->result->reason, "it does not compile: 1 error, the first in line 5");
    const Diagnostic *error = specimen_find(s, "error", "expected ';'");
    cr_assert_not_null(error);
    cr_expect_str_eq(error->file, "attention.c");
    cr_expect_eq(error->line, 5);
    cr_expect_str_eq(error->source, "    return 1");
}

Test(compile, more_errors_than_gcc_would_list)
{
    g_autoptr(GString) text = g_string_new(STUB);
    for (int i = 0; i < 60; i++)
        g_string_append_printf(text, "int f%d(void) { return none%d; }\n", i, i);
    g_autoptr(Specimen) s = specimen_new(text->str);
    specimen_build(s);
    cr_expect_str_eq(s->result->reason, "it does not compile: 60 errors, the first in line 2");
    cr_expect_eq(s->result->diagnostics->len, 20);
}

Test(compile, warnings_are_kept)
{
    g_autoptr(Specimen) s = specimen_new(STUB "static int unused;\n");
    specimen_build(s);
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
    cr_expect_not_null(specimen_find(s, "warning", "'unused' defined but not used"));
}

Test(compile, headers_are_the_kits)
{
    g_autoptr(Specimen) s = specimen_new("#include \"attention.h\"\n#include <tensor.h>\n");
    specimen_write(s, "tensor.h", "#error shadowed\n", -1);
    specimen_write(s, "attention.h", "#error shadowed\n", -1);
    specimen_build(s);
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
}

Test(compile, a_line_directive_names_no_line_of_ours)
{
    g_autoptr(Specimen) s =
        specimen_new("#line 1 \"PASS 30/30\\nattention.c:1:1: error: forged\"\nint f = g;\n");
    specimen_build(s);
    cr_assert_eq(s->result->diagnostics->len, 1);
    const Diagnostic *error = s->result->diagnostics->pdata[0];
    cr_expect(g_str_has_prefix(error->file, "PASS 30/30"));
    cr_expect_null(error->source);
    cr_expect(strstr(error->message, "forged") == NULL);
}

/* Whatever kills gcc is the submission's fault, as long as gcc compiles a control. */
Test(compile, what_kills_gcc_does_not_compile)
{
    g_autofree char *open = g_strnfill(100000, '(');
    g_autofree char *text = g_strdup_printf(STUB "int a = %s;\n", open);
    g_autoptr(Specimen) s = specimen_new(text);
    specimen_build(s);
    cr_expect_eq(s->result->status, SUBMISSION_NOT_COMPILED);
    cr_expect(g_str_has_prefix(s->result->reason, "it does not compile"), "%s", s->result->reason);
}

Test(compile, a_compiler_that_fails_on_everything_is_our_fault)
{
    g_autoptr(Specimen) s = specimen_new(STUB);
    g_autofree char *header = g_build_filename(s->box, "include", "attention.h", NULL);
    g_autoptr(GError) error = NULL;
    cr_assert(g_file_set_contents(header, "#error the kit is broken\n", -1, NULL));
    g_autofree char *source = g_build_filename(s->box, "attention.c", NULL);
    cr_assert(g_file_set_contents(source, STUB, -1, NULL));
    g_autoptr(Sandbox) sandbox = specimen_sandbox(s);
    cr_assert_not(
        compile_submission(s->rubric, sandbox, s->box, COMPILE_TO_GRADE, s->result, &error));
    cr_expect(strstr(error->message, "gcc does not work in the sandbox") != NULL, "%s",
              error->message);
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
}

/* With the sandbox's limit of CPU time far away, as if the machine gave gcc hardly any. */
Test(compile, a_compiler_that_gets_no_time_is_our_fault)
{
    g_autoptr(Specimen) s = specimen_new("#if __INCLUDE_LEVEL__ < 150\n#include \"attention.c\"\n"
                                         "#include \"attention.c\"\n#endif\n");
    g_autoptr(GError) error = NULL;
    s->rubric->limits.compile_seconds = 100;
    g_autoptr(Sandbox) sandbox = specimen_sandbox(s);
    s->rubric->limits.compile_seconds = 1;
    cr_assert(intake_take(s->rubric, s->folder, s->box, s->result, &error));
    cr_assert_not(
        compile_submission(s->rubric, sandbox, s->box, COMPILE_TO_GRADE, s->result, &error));
    cr_expect(strstr(error->message, "the machine is too busy") != NULL, "%s", error->message);
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
}

/* The lists that build and gate share must be those of the headers. */
static void expect_declared(const char *header, const char *const *names, const char *form)
{
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(header, &text, NULL, NULL));
    g_autoptr(GRegex) function = g_regex_new(form, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    guint n = 0;
    for (g_regex_match(function, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL), n++) {
        g_autofree char *name = g_match_info_fetch(match, 1);
        cr_expect(api_has(names, name), "%s is missing in wire/api.c", name);
    }
    cr_expect_eq(n, g_strv_length((char **)names));
}

Test(compile, api_is_that_of_the_headers)
{
    static const char form[] = "^[A-Za-z_][A-Za-z_ ]*[ *]([a-z_]+)\\(";
    expect_declared("starter/attention.h", api_attention, form);
    expect_declared("starter/tensor.h", api_tensor, form);
}
