/* The starter made from the solution: golden texts, every refusal, and the committed starter. */
#include "instructor/release/stub.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"

static void assert_starter(const char *solution, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *starter = stub_generate(solution, "a.c", &error);
    cr_assert_not_null(starter, "refused: %s", error ? error->message : "without a reason");
    cr_assert_str_eq(starter, expected, "the starter is:\n%s", starter);
}

static void assert_refused(const char *solution, const char *start_of_message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *starter = stub_generate(solution, "a.c", &error);
    cr_assert_null(starter, "accepted:\n%s", solution);
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SOLUTION), "wrong kind of error");
    cr_assert(g_str_has_prefix(error->message, start_of_message), "it said: %s", error->message);
    cr_assert_null(strchr(error->message, '\n'), "more than one line: %s", error->message);
    cr_assert_null(stub_secret_lines(solution, "a.c", NULL), "its secret lines were listed");
}

/* ---- what comes out -------------------------------------------------------------------------- */

Test(stub, a_block_becomes_its_stub_lines)
{
    assert_starter("int f(int n)\n{\n"
                   "    /* BEGIN SOLUTION */\n"
                   "    /* STUB: (void)n; */\n"
                   "    /* STUB: return 0; */\n"
                   "    int twice = 2 * n;\n\n"
                   "    return twice;\n"
                   "    /* END SOLUTION */\n"
                   "}\n",
                   "int f(int n)\n{\n"
                   "    /* TODO: your code, in place of these lines. */\n"
                   "    (void)n;\n"
                   "    return 0;\n"
                   "}\n");
}

Test(stub, a_block_without_stub_lines_vanishes)
{
    assert_starter("int a;\n\n"
                   "/* BEGIN SOLUTION */\nstatic int secret;\n/* END SOLUTION */\n\n"
                   "int b;\n",
                   "int a;\n\nint b;\n");
    assert_starter("int a;\n/* BEGIN SOLUTION */\n/* END SOLUTION */\n\nint b;\n",
                   "int a;\n\nint b;\n");
    assert_starter("/* BEGIN SOLUTION */\n/* END SOLUTION */\n\n\nint b;\n", "\nint b;\n");
}

Test(stub, the_rest_is_copied_byte_for_byte)
{
    assert_starter("\n\n\tint a; \r\n/* BEGIN SOLUTION */\n/* STUB: x */\n/* END SOLUTION */\n"
                   "/* \xff\xc3 */\n\n\nint b;",
                   "\n\n\tint a; \r\n/* TODO: your code, in place of these lines. */\nx\n"
                   "/* \xff\xc3 */\n\n\nint b;");
}

Test(stub, blocks_may_follow_each_other)
{
    assert_starter("/* BEGIN SOLUTION */\na\n/* END SOLUTION */\n"
                   "\t/* BEGIN SOLUTION */\n\t/* STUB: b */\n\t/* END SOLUTION */\n",
                   "\t/* TODO: your code, in place of these lines. */\n\tb\n");
}

Test(stub, words_that_are_no_markers_are_left_alone)
{
    const char *harmless[] = {"/* The begin and the end. */", "/* at the end so far */",
                              " * TODO: step by step",        "stub();",
                              "int BEGINNER = LEGEND;",       "/* A sentence. */"};
    for (size_t i = 0; i < G_N_ELEMENTS(harmless); i++) {
        g_autofree char *solution =
            g_strdup_printf("%s\n/* BEGIN SOLUTION */\n/* END SOLUTION */\n", harmless[i]);
        g_autofree char *expected = g_strdup_printf("%s\n", harmless[i]);
        assert_starter(solution, expected);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

Test(stub, nested_and_unmatched_markers_are_refused)
{
    assert_refused("", "a.c:1: there is no");
    assert_refused("int a;\n", "a.c:1: there is no");
    assert_refused("/* BEGIN SOLUTION */\n/* BEGIN SOLUTION */\n/* END SOLUTION */\n",
                   "a.c:2: a block begins inside of a block");
    assert_refused("\n/* END SOLUTION */\n", "a.c:2: a block ends that has not begun");
    assert_refused("/* BEGIN SOLUTION */\n/* END SOLUTION */\n/* END SOLUTION */\n",
                   "a.c:3: a block ends that has not begun");
    assert_refused("\n\n/* BEGIN SOLUTION */\nint a;\n",
                   "a.c:3: the block that begins here does not end");
    assert_refused("/* BEGIN SOLUTION */\n/* STUB: int a; */",
                   "a.c:1: the block that begins here does not end");
}

Test(stub, a_stub_line_elsewhere_is_refused)
{
    assert_refused("/* STUB: int a; */\n", "a.c:1: a STUB line that does not follow");
    assert_refused("/* BEGIN SOLUTION */\nint a;\n/* STUB: int a; */\n/* END SOLUTION */\n",
                   "a.c:3: a STUB line that does not follow");
    assert_refused("/* BEGIN SOLUTION */\n/* END SOLUTION */\n/* STUB: int a; */\n",
                   "a.c:3: a STUB line that does not follow");
}

Test(stub, what_looks_like_a_marker_is_refused)
{
    const char *misspelt[] = {
        "/* BEGIN SOLUTON */",
        "/* begin solution */",
        "/* BEGIN_SOLUTION */",
        "/* END  SOLUTION */",
        "/*END SOLUTION*/",
        "// END SOLUTION",
        "### END SOLUTION",
        "/* END SOLUTION",
        "/* END SOLUTION */ int a;",
        "int a; /* END SOLUTION */",
        "/* ENDSOLUTION */",
        "/* End Soluton */",
        "/* EDN SOLUTION */",
        "/* EDN SOLUTON */",
        "/* BEGIN ANSWER */",
        "/* END HIDDEN TESTS */",
        "/* STUBB: return 1; */",
        "/* STUB return 1; */",
        "/* STUB: */",
        "/* HIDDEN */",
        "/* end slotuion */",
        " * BEGIN",
        "/* the solution */",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(misspelt); i++) {
        g_autofree char *inside =
            g_strdup_printf("/* BEGIN SOLUTION */\n%s\n/* END SOLUTION */\n", misspelt[i]);
        assert_refused(inside, "a.c:2: this looks like a marker");
        g_autofree char *outside =
            g_strdup_printf("/* BEGIN SOLUTION */\n/* END SOLUTION */\n\n%s\n", misspelt[i]);
        assert_refused(outside, "a.c:4: this looks like a marker");
    }
}

/* ---- secret lines ---------------------------------------------------------------------------- */

Test(stub, secret_lines_are_those_that_give_something_away)
{
    g_auto(GStrv) secrets = stub_secret_lines("int shared = compute_something(1);\n"
                                              "/* BEGIN SOLUTION */\n"
                                              "/* STUB: return not_implemented_yet_at_all(); */\n"
                                              "    int shared = compute_something(1);\n"
                                              "\tint secret = compute_something(2);  \n"
                                              "    int secret = compute_something(2);\n"
                                              "    return NULL;\n"
                                              "    }\n"
                                              "/* END SOLUTION */\n"
                                              "/* BEGIN SOLUTION */\n"
                                              "another_secret(of, the, second, block);\n"
                                              "/* END SOLUTION */\n",
                                              "a.c", NULL);
    cr_assert_not_null(secrets, "the text was refused");
    g_autofree char *all = g_strjoinv("\n", secrets);
    cr_assert_str_eq(all,
                     "int secret = compute_something(2);\n"
                     "another_secret(of, the, second, block);",
                     "the secrets are:\n%s", all);
}

/* ---- the assignment itself ------------------------------------------------------------------- */

static char *read_file(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    gboolean read = g_file_get_contents(path, &text, NULL, &error);
    cr_assert(read, "run the tests from the top of the kit: %s", read ? "" : error->message);
    return text;
}

Test(stub, the_committed_starter_is_what_is_generated)
{
    g_autofree char *solution = read_file("solution/attention.c");
    g_autofree char *starter = read_file("starter/attention.c");
    assert_starter(solution, starter);
}

Test(stub, the_students_files_hold_no_secret_line)
{
    g_autofree char *solution = read_file("solution/attention.c");
    g_auto(GStrv) secrets = stub_secret_lines(solution, "attention.c", NULL);
    cr_assert_gt(g_strv_length(secrets), 20, "only %u lines are secret", g_strv_length(secrets));
    const char *shipped[] = {"starter/attention.c", "starter/attention.h", "starter/tensor.c",
                             "starter/tensor.h", "starter/README.md"};
    for (size_t i = 0; i < G_N_ELEMENTS(shipped); i++) {
        g_autofree char *text = read_file(shipped[i]);
        for (char **secret = secrets; *secret != NULL; secret++)
            cr_assert_null(strstr(text, *secret), "%s gives away: %s", shipped[i], *secret);
    }
}

Test(stub, the_starter_compiles_without_a_warning)
{
    const char *argv[] = {"gcc",     "-std=c17",   "-O1",       "-Wall",
                          "-Wextra", "-Wpedantic", "-Werror",   "-Istarter",
                          "-c",      "-o",         "/dev/null", "starter/attention.c",
                          NULL};
    g_autofree char *said = NULL;
    int status = -1;
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, &status,
                 NULL);
    cr_assert_eq(status, 0, "gcc said: %s", said ? said : "nothing");
}

/* ---- grader stub ----------------------------------------------------------------------------- */

typedef struct {
    char *folder, *solution, *output;
} Files;

static Files make_files(const char *text, gssize length)
{
    Files files = {.folder = g_dir_make_tmp("stub-XXXXXX", NULL)};
    cr_assert_not_null(files.folder, "no temporary folder");
    files.solution = g_build_filename(files.folder, "solution.c", NULL);
    files.output = g_build_filename(files.folder, "starter.c", NULL);
    cr_assert(g_file_set_contents(files.solution, text, length, NULL), "cannot write");
    return files;
}

static void remove_files(Files *files)
{
    g_unlink(files->solution);
    g_unlink(files->output);
    cr_assert_eq(g_rmdir(files->folder), 0, "something is left in %s", files->folder);
    g_free(files->folder);
    g_free(files->solution);
    g_free(files->output);
}

static int run_stub(const Files *files, GError **error)
{
    const char *argv[] = {"stub", "--output", files->output, files->solution, NULL};
    return command_stub.run(4, (char **)argv, error);
}

Test(command_stub, writes_the_starter)
{
    Files files = make_files("a\n/* BEGIN SOLUTION */\nb\n/* END SOLUTION */\n", -1);
    g_autoptr(GError) error = NULL;
    cr_assert_eq(run_stub(&files, &error), EXIT_FULL_MARKS, "it failed");
    g_autofree char *starter = read_file(files.output);
    cr_assert_str_eq(starter, "a\n", "the starter is:\n%s", starter);
    remove_files(&files);
}

Test(command_stub, a_refused_solution_leaves_the_old_starter)
{
    Files files = make_files("/* BEGIN SOLUTION */\n", -1);
    cr_assert(g_file_set_contents(files.output, "old", -1, NULL), "cannot write");
    g_autoptr(GError) error = NULL;
    cr_assert_eq(run_stub(&files, &error), EXIT_OWN_FAULT, "it was accepted");
    g_autofree char *expected = g_strdup_printf("%s:1: the block", files.solution);
    cr_assert(g_str_has_prefix(error->message, expected), "it said: %s", error->message);
    g_autofree char *starter = read_file(files.output);
    cr_assert_str_eq(starter, "old", "the starter is:\n%s", starter);
    remove_files(&files);
}

Test(command_stub, refuses_what_is_no_text)
{
    static const char text[] = "/* BEGIN SOLUTION */\n/* END SOLUTION */\n\0/* BEGIN SOLUTION */";
    Files files = make_files(text, sizeof text);
    g_autoptr(GError) error = NULL;
    cr_assert_eq(run_stub(&files, &error), EXIT_OWN_FAULT, "it was accepted");
    cr_assert(g_str_has_suffix(error->message, "it holds a NUL"), "it said: %s", error->message);
    remove_files(&files);
}

Test(command_stub, says_which_file_is_missing)
{
    Files files = make_files("", 0);
    g_unlink(files.solution);
    g_autoptr(GError) error = NULL;
    cr_assert_eq(run_stub(&files, &error), EXIT_OWN_FAULT, "it was accepted");
    cr_assert_not_null(strstr(error->message, files.solution), "it said: %s", error->message);
    remove_files(&files);
}

Test(command_stub, refuses_a_wrong_command_line)
{
    const char *two[] = {"stub", "one.c", "two.c", NULL};
    g_autoptr(GError) too_many = NULL;
    cr_assert_eq(command_stub.run(3, (char **)two, &too_many), EXIT_USAGE, "two were accepted");
    cr_assert(g_error_matches(too_many, GRADER_ERROR, GRADER_ERROR_USAGE), "wrong kind of error");

    const char *unknown[] = {"stub", "--nonsense", NULL};
    g_autoptr(GError) no_option = NULL;
    cr_assert_eq(command_stub.run(2, (char **)unknown, &no_option), EXIT_USAGE, "it was accepted");
    cr_assert(g_error_matches(no_option, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION),
              "wrong kind of error");
}
