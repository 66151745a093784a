/* Systematic mutants: which are made of a source, and which of them are excused. */
#include "instructor/mutants/mutate.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/mutants/equivalent.h"

/* The one whose changed lines read like this, or NULL. */
static const Mutation *find(const GPtrArray *mutations, const char *after)
{
    for (guint i = 0; i < mutations->len; i++) {
        const Mutation *mutation = mutations->pdata[i];
        if (g_str_equal(mutation->after, after))
            return mutation;
    }
    return NULL;
}

static void assert_made(const char *body, const char *kind, const char *after)
{
    g_autofree char *text = g_strdup_printf("int f(int a, int b)\n{\n%s\n}\n", body);
    g_autoptr(GPtrArray) mutations = mutate(text);
    const Mutation *mutation = find(mutations, after);
    cr_assert_not_null(mutation, "nothing becomes '%s'", after);
    cr_assert_str_eq(mutation->kind, kind);
    cr_assert_str_eq(mutation->function, "f");
    cr_assert_eq(mutation->line, 3, "it is in line %u", mutation->line);
}

Test(mutate, each_kind_of_change_is_made)
{
    assert_made("return a + b;", "operator", "return a - b;");
    assert_made("a /= b;", "operator", "a = b;");
    assert_made("return a < b;", "comparison", "return a <= b;");
    assert_made("return a && !b;", "logic", "return a || !b;");
    assert_made("return a && !b;", "logic", "return a && b;");
    assert_made("return a && !b;", "logic", "return 1 && !b;");
    assert_made("return a && !b;", "logic", "return a && 1;");
    assert_made("if (a == b) return a;", "condition", "if (0) return a;");
    assert_made("if (a == b) return a;", "condition", "if (!(a == b)) return a;");
    assert_made("return 7;", "constant", "return 8;");
    assert_made("return 0.5f;", "constant", "return 1.5f;");
    assert_made("float c = a;", "type", "int c = a;");
    assert_made("return g(a, b);", "arguments", "return g(b, a);");
    assert_made("return g((int[]){a, b});", "arguments", "return g((int[]){b, a});");
    assert_made("return g(a, b);", "call", "return (b);");
    assert_made("a = b; g(a);", "statement", "a = b; ;");
    assert_made("return a;", "result", "return NULL;");
}

Test(mutate, places_and_words_are_right)
{
    g_autoptr(GPtrArray) mutations = mutate("int f(int a)\n{\n    return   a < 3;\n}\n");
    const Mutation *mutation = find(mutations, "return a >= 3;");
    cr_assert_not_null(mutation);
    cr_assert_str_eq(mutation->before, "return a < 3;");
    cr_assert_str_eq(mutation->change, "'<' becomes '>='");
    cr_assert_eq(mutation->column, 16, "column %u", mutation->column);
    cr_assert_str_eq(mutation->source, "int f(int a)\n{\n    return   a >= 3;\n}\n");
}

Test(mutate, comments_strings_and_headers_stay)
{
    g_autoptr(GPtrArray) mutations = mutate(
        "#include <a/b.h>\n/* 1 < 2 */\nvoid f(void)\n{\n    // 3 == 4\n    puts(\"5 + 6\");\n}\n");
    for (guint i = 0; i < mutations->len; i++) {
        const Mutation *mutation = mutations->pdata[i];
        cr_assert_eq(mutation->line, 6, "line %u: %s", mutation->line, mutation->change);
        cr_assert_null(strstr(mutation->change, "'+'"), "%s", mutation->change);
    }
    cr_assert_geq(mutations->len, 1);
}

Test(mutate, no_source_is_made_twice_and_none_is_the_same)
{
    static const char text[] =
        "int f(int a)\n{\n    if (!a)\n        return 0;\n    return a;\n}\n";
    g_autoptr(GPtrArray) mutations = mutate(text);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < mutations->len; i++) {
        const Mutation *mutation = mutations->pdata[i];
        cr_assert_str_neq(mutation->source, text);
        cr_assert(g_hash_table_add(seen, mutation->source), "twice: %s", mutation->change);
    }
}

Test(mutate, the_solution_has_hundreds)
{
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents("solution/attention.c", &text, NULL, NULL), "no solution");
    g_autoptr(GPtrArray) mutations = mutate(text);
    cr_assert_gt(mutations->len, 200, "only %u", mutations->len);
}

/* ---- those that are no mistakes -------------------------------------------------------------- */

#define ENTRY                                                                                      \
    "equivalent:\n  - in: f\n    line: \"return a < 3;\"\n    becomes:\n"                          \
    "      - \"return a >= 3;\"\n      - \"return a <= 3;\"\n    why: it is always 3\n"

static GPtrArray *load(const char *yaml, GError **error)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = g_build_filename(folder, "equivalent.yaml", NULL);
    cr_assert(g_file_set_contents(path, yaml, -1, NULL));
    return equivalent_load(path, error);
}

Test(equivalent, a_mutant_is_excused_by_its_text)
{
    g_autoptr(GPtrArray) mutations = mutate("\n\n\nint f(int a)\n{\n    return a  <  3;\n}\n");
    g_autoptr(GPtrArray) list = load(ENTRY, NULL);
    cr_assert_not_null(list);
    const char *why = equivalent_reason(list, find(mutations, "return a >= 3;"));
    cr_assert_not_null(why, "it was not found");
    cr_assert_str_eq(why, "it is always 3");
    cr_assert_null(equivalent_reason(list, find(mutations, "return a < 4;")));
}

Test(equivalent, what_excuses_nothing_is_stale)
{
    g_autoptr(GPtrArray) mutations = mutate("int f(int a)\n{\n    return a < 3;\n}\n");
    g_autoptr(GPtrArray) list = load(ENTRY, NULL);
    equivalent_reason(list, find(mutations, "return a >= 3;"));
    g_autoptr(GPtrArray) stale = equivalent_stale(list);
    cr_assert_eq(stale->len, 1);
    cr_assert_str_eq(stale->pdata[0], "f: return a <= 3;");
}

Test(equivalent, another_function_is_not_excused)
{
    g_autoptr(GPtrArray) mutations = mutate("int g(int a)\n{\n    return a < 3;\n}\n");
    g_autoptr(GPtrArray) list = load(ENTRY, NULL);
    cr_assert_null(equivalent_reason(list, find(mutations, "return a >= 3;")));
}

Test(equivalent, an_entry_without_a_reason_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list =
        load("equivalent:\n  - in: f\n    line: a\n    becomes: [b]\n", &error);
    cr_assert_null(list);
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_RUBRIC));
    cr_assert_not_null(strstr(error->message, "why"), "it said: %s", error->message);
}
