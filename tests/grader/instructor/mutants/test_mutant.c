/* Mutants: how their files are read and applied, and that each one in tests/mutants/ can be. */
#include "instructor/mutants/mutant.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/proof/proof.h"
#include "rubric/rubric.h"

#define HEAD "mutant: forgets b\nloses:  masking  integration\nhint: b\nbase: a.c\n\n"

/* Load a mutant from a text, as m.mutant in a folder of its own. */
static Mutant *load(const char *text, GError **error)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = g_build_filename(folder, "m.mutant", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL), "cannot write '%s'", path);
    return mutant_load(path, error);
}

static void assert_not_loaded(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Mutant) mutant = load(text, &error);
    cr_assert_null(mutant, "loaded:\n%s", text);
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SOLUTION), "wrong kind of error");
    cr_assert(g_str_has_suffix(error->message, expected), "it said: %s", error->message);
}

static void assert_applied(const char *edits, const char *base, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strconcat(HEAD, edits, NULL);
    g_autoptr(Mutant) mutant = load(text, &error);
    cr_assert_not_null(mutant, "refused: %s", error ? error->message : "without a reason");
    g_autofree char *source = mutant_apply(mutant, base, &error);
    cr_assert_not_null(source, "refused: %s", error ? error->message : "without a reason");
    cr_assert_str_eq(source, expected, "the source is:\n%s", source);
}

static void assert_not_applied(const char *edits, const char *base, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strconcat(HEAD, edits, NULL);
    g_autoptr(Mutant) mutant = load(text, NULL);
    g_autofree char *source = mutant_apply(mutant, base, &error);
    cr_assert_null(source, "applied:\n%s", source);
    cr_assert(g_str_has_suffix(error->message, expected), "it said: %s", error->message);
}

Test(mutant, the_head_says_what_it_is)
{
    g_autoptr(Mutant) mutant = load(HEAD "replace:\nb\nwith:\n", NULL);
    cr_assert_str_eq(mutant->name, "m");
    cr_assert_str_eq(mutant->says, "forgets b");
    cr_assert_str_eq(mutant->base, "a.c");
    cr_assert_eq(g_strv_length(mutant->loses), 2);
    cr_assert_str_eq(mutant->loses[0], "masking");
    cr_assert_str_eq(mutant->loses[1], "integration");
    cr_assert_str_eq(mutant->hints[0], "b");
}

Test(mutant, lines_are_replaced)
{
    assert_applied("replace:\n  b\nwith:\n  c\n  d\n", "a\n  b\ne\n", "a\n  c\n  d\ne\n");
    assert_applied("replace:\nb\nwith:\n", "a\nb\ne\n", "a\ne\n");
    assert_applied("replace:\na\nwith:\nc\n\nreplace:\nc\nb\nwith:\nd\n", "a\nb\n", "d\n");
}

Test(mutant, only_whole_lines_count)
{
    assert_applied("replace:\nb\nwith:\nc\n", "bb\n b\nb\n", "bb\n b\nc\n");
    assert_not_applied("replace:\nb\nwith:\nc\n", "bb\n b\n",
                       "m.mutant:6: the text to replace does not occur in 'a.c'");
}

Test(mutant, a_text_that_is_missing_or_ambiguous_is_refused)
{
    assert_not_applied("replace:\nx\nwith:\nc\n", "a\n",
                       "m.mutant:6: the text to replace does not occur in 'a.c'");
    assert_not_applied("replace:\na\nwith:\nc\n", "a\na\n",
                       "m.mutant:6: the text to replace occurs more than once in 'a.c'");
    assert_not_applied("replace:\na\nwith:\nc\n\nreplace:\na\nwith:\nd\n", "a\n",
                       "m.mutant:11: the text to replace does not occur in 'a.c'");
}

Test(mutant, what_cannot_be_read_is_refused)
{
    assert_not_loaded("", ":1: there is no 'mutant:' before this line");
    assert_not_loaded(HEAD, ": there is no 'replace:'");
    assert_not_loaded("mutant: a\nloses: b\nbase: c\nreplace:\n",
                      ":4: there is no 'hint:' before this line");
    assert_not_loaded("mutant: a\nmutant: b\n", ":2: unknown or repeated key 'mutant'");
    assert_not_loaded("points: 3\n", ":1: unknown or repeated key 'points'");
    assert_not_loaded("loses:\n", ":1: 'loses' has no value");
    assert_not_loaded("a line\n", ":1: expected 'key: value', found 'a line'");
    assert_not_loaded(HEAD "replace:\nwith:\na\n", ":6: nothing is replaced here");
    assert_not_loaded(HEAD "replace:\na\n", ":6: 'replace:' without 'with:'");
    assert_not_loaded(HEAD "replace:\na\nwith:\na\n", ":6: the text is replaced by itself");
}

/* ---- tests/mutants/ -------------------------------------------------------------------------- */

/* Write the source of a mutant to `folder`, and add the path to the command of the compiler. */
static void write_source(const char *path, const char *folder, const Rubric *rubric,
                         GPtrArray *command)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Mutant) mutant = mutant_load(path, &error);
    cr_assert_not_null(mutant, "%s", error ? error->message : path);
    for (guint i = 0; mutant->loses[i] != NULL; i++)
        cr_assert_not_null(rubric_item(rubric, mutant->loses[i]), "%s: no item '%s'", path,
                           mutant->loses[i]);

    g_autofree char *base = NULL;
    cr_assert(g_file_get_contents(mutant->base, &base, NULL, &error), "%s: no base", path);
    g_autofree char *source = mutant_apply(mutant, base, &error);
    cr_assert_not_null(source, "%s", error ? error->message : path);
    g_autofree char *file = g_strconcat(folder, "/", mutant->name, ".c", NULL);
    cr_assert(g_file_set_contents(file, source, -1, NULL), "cannot write '%s'", file);
    g_ptr_array_add(command, g_steal_pointer(&file));
}

Test(mutant, each_in_the_kit_applies_and_compiles)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Rubric) rubric = rubric_load("rubric.yaml", &error);
    cr_assert_not_null(rubric, "%s", error ? error->message : "no rubric");
    g_autoptr(GPtrArray) names = proof_list_files("tests/mutants", ".mutant", &error);
    cr_assert_not_null(names, "%s", error ? error->message : "no mutants");
    cr_assert_geq(names->len, 60, "only %u mutants", names->len);

    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autoptr(GPtrArray) command = g_ptr_array_new_with_free_func(g_free);
    const char *const start[] = {"gcc", "-std=gnu17", "-fsyntax-only", "-Istarter",
                                 "-Werror=implicit-function-declaration"};
    for (guint i = 0; i < G_N_ELEMENTS(start); i++)
        g_ptr_array_add(command, g_strdup(start[i]));
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename("tests/mutants", names->pdata[i], NULL);
        write_source(path, folder, rubric, command);
    }
    g_ptr_array_add(command, NULL);

    g_autofree char *said = NULL;
    int status;
    cr_assert(g_spawn_sync(NULL, (char **)command->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                           NULL, &said, &status, &error),
              "cannot run gcc");
    cr_assert_eq(status, 0, "%s", said);
}
