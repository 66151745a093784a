/*
 * `grader validate`: each way in which an assignment can go wrong is tried on a small kit of its
 * own, graded by the hidden tests of this one.
 */
#include "instructor/proof/proof.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/proof/kit.h"
#include "instructor/proof/mutants.h"
#include "instructor/proof/report.h"
#include "instructor/proof/right.h"
#include "instructor/release/stub.h"

static FilesScratch *folder; /* the small kit */
static Kit *kit, small;
static Rubric *rubric;
static Sandbox *sandbox;
static GradeContext *context;
static Proof *proof;
static char *solution;

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    cr_assert_eq(g_mkdir_with_parents(parent, 0755), 0);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
}

static void put_starter(void)
{
    g_autofree char *stubs = stub_generate(solution, "attention.c", NULL);
    put("starter/attention.c", stubs);
}

static void put_handout(void)
{
    g_autofree char *handout = NULL;
    cr_assert(g_file_get_contents("starter/README.md", &handout, NULL, NULL));
    put("starter/README.md", handout);
}

static void open_kit(void)
{
    g_autoptr(GError) error = NULL;
    folder = files_scratch_new(NULL);
    kit = kit_find(&error);
    cr_assert_not_null(kit, "%s", error ? error->message : "");
    rubric = rubric_load("rubric.yaml", NULL);
    sandbox = sandbox_open(kit->libexec, &rubric->limits, NULL);
    context = grade_open(kit, rubric, sandbox, "hidden", &error);
    cr_assert_not_null(context, "%s", error ? error->message : "");
    small = *kit;
    small.root = folder;
    proof = proof_new(&small, rubric, context);
    cr_assert(g_file_get_contents("solution/attention.c", &solution, NULL, NULL));
    put("solution/attention.c", solution);
    put_starter();
    put_handout();
    put("tests/mutants/equivalent.yaml", "equivalent: []\n");
    put("tests/correct/none.txt", "");
}

static void close_kit(void)
{
    proof_free(proof);
    grade_close(context);
    sandbox_free(sandbox);
    rubric_free(rubric);
    kit_free(kit);
    files_scratch_free(folder);
    g_free(solution);
}

TestSuite(proof, .init = open_kit, .fini = close_kit);

static const ProofCheck *check_called(const char *name)
{
    for (guint i = 0; i < proof->checks->len; i++) {
        const ProofCheck *check = proof->checks->pdata[i];
        if (g_str_equal(check->name, name))
            return check;
    }
    cr_assert_fail("there is no check '%s'", name);
    return NULL;
}

static void assert_found(const char *name, const char *part)
{
    const ProofCheck *check = check_called(name);
    for (guint i = 0; i < check->findings->len; i++)
        if (strstr(check->findings->pdata[i], part) != NULL)
            return;
    cr_assert_fail("'%s' did not find '%s', but %u other things, such as: %s", name, part,
                   check->findings->len,
                   check->findings->len > 0 ? (char *)check->findings->pdata[0] : "nothing");
}

static void assert_holds(const char *name)
{
    const ProofCheck *check = check_called(name);
    cr_assert_eq(check->findings->len, 0, "'%s' found: %s", name,
                 check->findings->len > 0 ? (char *)check->findings->pdata[0] : "");
}

/* ---- mutants --------------------------------------------------------------------------------- */

#define ALL_ATTENTION "scaled_dot_product_attention self_attention integration"

/* A mutant of the solution that divides the scores by nothing. */
static void put_unscaled(const char *loses, const char *hint, const char *cause)
{
    g_autofree char *text = g_strdup_printf(
        "mutant: does not scale\nloses:  %s\nhint:   %s\n%s%sbase:   solution/attention.c\n\n"
        "replace:\n    divide_by(scores, sqrtf((float)tensor_axis(Q, -1)));\nwith:\n"
        "    divide_by(scores, 1);\n",
        loses, hint, cause != NULL ? "cause:  " : "", cause != NULL ? cause : "\n");
    put("tests/mutants/unscaled.mutant", text);
}

static void check_mutants(void)
{
    g_autoptr(GError) error = NULL;
    cr_assert(proof_add_written(proof, &error) && proof_check_mutants(proof, &error), "%s",
              error ? error->message : "");
}

Test(proof, a_mutant_that_loses_what_it_names_is_fine)
{
    put_unscaled(ALL_ATTENTION, "scores", "divided\n");
    check_mutants();
    assert_holds("written mutants");
    assert_holds("what mutants are told");
    assert_holds("likely causes");
    cr_assert_eq(proof->causes_named, 1);
}

/* Only one test of attention passes a mask below 0; without it, nobody would notice this one. */
Test(proof, a_weakened_test_is_found)
{
    put("tests/mutants/positive.mutant",
        "mutant: wants a mask above 0\nloses: scaled_dot_product_attention\nhint: mask\n"
        "fails: scaled_dot_product_attention/no_memory\n"
        "cause: negative\nbase: solution/attention.c\n\nreplace:\n"
        "        if (mask->data[tensor_broadcast_index(mask, scores, i)] == 0.0f)\nwith:\n"
        "        if (mask->data[tensor_broadcast_index(mask, scores, i)] <= 0.0f)\n");
    context->filter = g_strdup("*/*o*");
    check_mutants();
    assert_found("written mutants", "positive keeps all points of scaled_dot_product_attention");
    assert_found("written mutants", "positive passes scaled_dot_product_attention/no_memory");
    assert_found("tests that kill", "masking/no_memory kills no mutant");
    assert_found("rubric items", "no mutant loses points of masking");
    cr_assert_not(proof_holds(proof));
}

Test(proof, a_mutant_that_loses_other_points_is_found)
{
    put_unscaled("scaled_dot_product_attention integration masking", "nowhere", "mask\n");
    check_mutants();
    assert_found("written mutants", "unscaled loses points of self_attention");
    assert_found("written mutants", "unscaled keeps all points of masking");
    assert_found("tests that kill", "no mutant names self_attention/forward in 'fails:'");
    assert_found("what mutants are told", "unscaled is told nothing of nowhere");
    assert_found("likely causes", "unscaled, which does not scale, is told in");
}

/* Each slip has its file and line, and is told before anything is graded. */
Test(proof, slips_in_the_files_of_mutants_are_found)
{
    g_autoptr(GError) error = NULL;
    put_unscaled("maskin", "scores", "xyzzy\n");
    put("tests/mutants/headless.mutant", "mutant: does nothing\n\nreplace:\na\nwith:\nb\n");
    put("tests/mutants/lost.mutant",
        "mutant: a\nloses: masking\nfails: masking/triangle\nhint: a\nbase: solution/attention.c\n"
        "\nreplace:\n    divide_by(scores, sqrtf((float)tensor_axis(Q, -1)));\nwith:\n");
    put("tests/mutants/baseless.mutant",
        "mutant: a\nloses: masking\nhint: a\nbase: nowhere.c\n\nreplace:\na\nwith:\nb\n");
    put("tests/mutants/broken.mutant",
        "mutant: a\nloses: masking\nhint: a\nbase: solution/attention.c\n\nreplace:\n"
        "    divide_by(scores, sqrtf((float)tensor_axis(Q, -1)));\nwith:\n    divide_by(\n");
    cr_assert(proof_add_written(proof, &error), "%s", error ? error->message : "");
    assert_found("files of mutants", "unscaled.mutant:2: rubric.yaml has no item 'maskin'");
    assert_found("files of mutants",
                 "unscaled.mutant:4: no hidden test names a cause with 'xyzzy'");
    assert_found("files of mutants", "lost.mutant:3: there is no hidden test 'masking/triangle'");
    assert_found("files of mutants", "headless.mutant:3: there is no 'loses:'");
    assert_found("files of mutants", "baseless.mutant:4: there is no 'nowhere.c'");
    assert_found("files of mutants", "broken.mutant:6: with this edit it does not compile");
}

Test(proof, a_cause_that_is_not_expected_is_found)
{
    put_unscaled(ALL_ATTENTION, "scores", NULL);
    check_mutants();
    assert_found("likely causes", "the scores are not divided");
}

#define ASSERTIONS "tests/hidden/assertions.ini"

static void copy_from_kit(const char *name)
{
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(name, &text, NULL, NULL), "no '%s'", name);
    put(name, text);
}

Test(proof, classical_mistakes_are_told_their_cause)
{
    static const char *const names[] = {"scale-forgotten",      "scale-by-d-k",
                                        "softmax-over-queries", "softmax-without-maximum",
                                        "mask-inverted",        "mask-after-softmax",
                                        "self-mask-dropped",    "product-keys-not-transposed",
                                        "causal-strict",        "padding-columns-only"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strdup_printf("tests/mutants/%s.mutant", names[i]);
        g_autoptr(Mutant) mutant = mutant_load(path, NULL);
        cr_assert_not_null(mutant, "no mutant '%s'", names[i]);
        copy_from_kit(path);
        copy_from_kit(mutant->base);
    }
    check_mutants();
    assert_holds("likely causes");
    cr_assert_eq(proof->causes_named, G_N_ELEMENTS(names), "%u", proof->causes_named);
}

/* A solution with a function in which nothing matters. */
static void put_useless_change(const char *equivalent)
{
    put("solution/attention.c", "int f(int a)\n{\n    return a < 3;\n}\n");
    put("tests/mutants/equivalent.yaml", equivalent);
}

Test(proof, a_stale_excuse_is_found)
{
    g_autoptr(GError) error = NULL;
    put_useless_change("equivalent:\n  - in: f\n    line: return a;\n    becomes: [return b;]\n"
                       "    why: it was so once\n");
    cr_assert(proof_add_systematic(proof, &error) && proof_check_mutants(proof, &error), "%s",
              error ? error->message : "");
    assert_found("systematic mutants", "excuses what is no survivor: f: return b;");
}

/* As gcc 14 refuses pointers to the wrong type, of which gcc 12 warns. */
Test(proof, an_excuse_of_what_does_not_compile_here_is_not_stale)
{
    g_autoptr(GError) error = NULL;
    put("solution/attention.c",
        "int *place(void *a);\nint f(void *a)\n{\n    return *place(a);\n}\n");
    put("tests/mutants/equivalent.yaml",
        "equivalent:\n  - in: f\n    line: return *place(a);\n    becomes: [return *(a);]\n"
        "    why: another compiler takes it\n");
    cr_assert(proof_add_systematic(proof, &error) && proof_check_mutants(proof, &error), "%s",
              error ? error->message : "");
    const ProofCheck *check = check_called("systematic mutants");
    for (guint i = 0; i < check->findings->len; i++)
        cr_expect_null(strstr(check->findings->pdata[i], "excuses"), "%s",
                       (char *)check->findings->pdata[i]);
}

/* ---- right solutions ------------------------------------------------------------------------- */

Test(proof, right_solutions_keep_all_points)
{
    g_autoptr(GError) error = NULL;
    put("tests/correct/same.c", solution);
    copy_from_kit(ASSERTIONS);
    cr_assert(proof_check_right(proof, &(ProofSeeds){3, 1}, &error), "%s",
              error ? error->message : "");
    assert_holds("the solution");
    assert_holds("other right solutions");
    assert_holds("tolerance");
    assert_holds("assertions");
    cr_assert_eq(proof->right->len, 4);
    const Trial *second = proof->right->pdata[2], *third = proof->right->pdata[3];
    cr_assert_neq(second->margin, third->margin, "one build, but inputs of their own");
    g_autoptr(GArray) margins = proof_margins(proof);
    cr_assert_eq(margins->len, 2);
    const ProofMargin *same = &g_array_index(margins, ProofMargin, 1);
    cr_assert_eq(same->seeds, 3);
    cr_assert(same->largest > 0 && same->largest < 0.5, "%g of the tolerance", same->largest);
}

/* The numbers are those of the kit, but for what is changed in them. */
Test(proof, an_assertion_that_was_taken_out_is_found)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(ASSERTIONS, &text, NULL, NULL));
    g_autoptr(GKeyFile) numbers = g_key_file_new();
    cr_assert(g_key_file_load_from_data(numbers, text, -1, G_KEY_FILE_NONE, NULL));
    g_key_file_set_integer(numbers, "masking", "causal", 1000);
    g_key_file_set_integer(numbers, "masking", "padding", 1);
    g_key_file_remove_key(numbers, "masking", "bidirectional", NULL);
    g_key_file_set_integer(numbers, "masking", "nothing", 5);
    g_autofree char *changed = g_key_file_to_data(numbers, NULL, NULL);
    put(ASSERTIONS, changed);
    put("tests/correct/same.c", solution);
    cr_assert(proof_check_right(proof, &(ProofSeeds){1, 1}, &error), "%s",
              error ? error->message : "");
    assert_found("assertions", "says 1000: was one taken out?");
    assert_found("assertions", "masking/padding makes ");
    assert_found("assertions", "masking/bidirectional is not in ");
    assert_found("assertions", "masking/nothing of " ASSERTIONS " is no hidden test");
}

Test(proof, a_right_solution_that_loses_is_found)
{
    g_autoptr(GError) error = NULL;
    put("tests/correct/stubs.c", "#include \"attention.h\"\n");
    put("tests/correct/wrong.c", "#include \"nothing.h\"\n");
    cr_assert(proof_check_right(proof, &(ProofSeeds){3, 1}, &error), "%s",
              error ? error->message : "");
    assert_found("other right solutions", "stubs.c with seed 1: ");
    assert_found("other right solutions", "stubs.c with seed 3: ");
    assert_found("other right solutions", "wrong.c with seed 1: not_compiled: ");
    assert_found("other right solutions", "wrong.c with seed 3: not_compiled: ");
    assert_holds("the solution");
}

/* The solution without a part of it: from the line that begins with `from` to before `to`. */
static char *leave_out(const char *from, const char *to)
{
    const char *begin = strstr(solution, from);
    const char *end = to != NULL ? strstr(solution, to) : solution + strlen(solution);
    cr_assert(begin != NULL && end != NULL && begin < end, "no '%s' before '%s'", from, to);
    return g_strdup_printf("%.*s\n%s", (int)(begin - solution), solution, end);
}

#define MASKS "/* ---- masks"
#define SCALED "/* ---- scaled dot-product"
#define SELF "/* ---- self-attention"

static void check_right(void)
{
    g_autoptr(GError) error = NULL;
    cr_assert(proof_check_right(proof, &(ProofSeeds){1, 1}, &error), "%s",
              error ? error->message : "");
}

Test(proof, a_right_solution_may_leave_out_items)
{
    g_autofree char *no_masks = leave_out(MASKS, SCALED), *no_layer = leave_out(SELF, NULL);
    g_autofree char *no_attention = leave_out(SCALED, NULL);
    put("tests/correct/no-masks.c", no_masks);
    put("tests/correct/no-layer.c", no_layer);
    put("tests/correct/no-attention.c", no_attention);
    check_right();
    assert_holds("other right solutions");
    assert_holds("the solution");
    cr_assert_str_eq(check_called("other right solutions")->says,
                     "full marks in each of 3 gradings, 3 of them without some items");
}

Test(proof, a_right_solution_that_leaves_out_a_part_of_an_item_is_found)
{
    g_autofree char *one_mask =
        leave_out("Tensor *create_causal_mask(", "/*\n * Create the padding");
    g_autofree char *no_free = leave_out("void self_attention_free(", NULL);
    g_autofree char *no_create = leave_out("SelfAttention *self_attention_create(",
                                           "AttentionResult self_attention_forward(");
    put("tests/correct/one-mask.c", one_mask);
    put("tests/correct/no-free.c", no_free);
    put("tests/correct/no-create.c", no_create);
    check_right();
    assert_found("other right solutions", "one-mask.c with seed 1: masking/");
    assert_found("other right solutions", "no-free.c");
    assert_found("other right solutions",
                 "no-create.c names self_attention_forward, but does not define all functions of "
                 "self_attention");
}

Test(proof, what_a_right_solution_attempts_must_be_right)
{
    g_autofree char *text = leave_out(MASKS, SCALED);
    char *scale = strstr(text, "divide_by(scores, sqrtf");
    cr_assert_not_null(scale);
    memcpy(scale, "divide_by(scores, cbrtf", strlen("divide_by(scores, cbrtf"));
    put("tests/correct/unscaled.c", text);
    check_right();
    assert_found("other right solutions", "unscaled.c with seed 1: scaled_dot_product_attention/");
}

Test(proof, the_reference_may_not_leave_out_an_item)
{
    g_autofree char *text = leave_out(SELF, NULL);
    put("solution/attention.c", text);
    check_right();
    assert_found("the solution", "does not define the functions of every item");
}

/* What the base of a mutant leaves out is no loss of the mutant, and does not hide what it loses. */
Test(proof, a_mutant_of_a_solution_that_leaves_out_an_item_loses_what_it_names)
{
    g_autofree char *base = leave_out(MASKS, SCALED);
    put("tests/correct/no-masks.c", base);
    put("tests/mutants/leak.mutant",
        "mutant: frees no layer\nloses: self_attention integration\nhint: lost\n"
        "base: tests/correct/no-masks.c\n\nreplace:\n    free(attention);\nwith:\n"
        "    (void)attention;\n");
    put("tests/mutants/zero.mutant",
        "mutant: makes a layer of size 0\nloses: self_attention\nhint: d_model\n"
        "base: tests/correct/no-masks.c\n\nreplace:\n    if (d_model < 1)\nwith:\n"
        "    if (d_model < 0)\n");
    check_mutants();
    assert_holds("written mutants");
    assert_found("rubric items", "no mutant loses points of masking");
    assert_found("tests that kill", "masking/causal kills no mutant");
}

/* ---- the kit --------------------------------------------------------------------------------- */

static void check_kit(void)
{
    g_autoptr(GError) error = NULL;
    cr_assert(proof_check_kit(proof, &error), "%s", error ? error->message : "");
}

Test(proof, a_starter_edited_by_hand_is_found)
{
    put("starter/attention.c", "#include \"attention.h\"\n");
    check_kit();
    assert_found("markers, starter, release", "starter/attention.c is not what the solution gives");
    assert_holds("the stubs");
}

Test(proof, a_broken_marker_is_found)
{
    char *marker = strstr(solution, "/* END SOLUTION */");
    memcpy(marker, "/* END SOLUTIN */ ", strlen("/* END SOLUTIN */ "));
    put("solution/attention.c", solution);
    check_kit();
    assert_found("markers, starter, release", "solution/attention.c:");
    assert_found("the stubs", "this looks like a marker");
}

Test(proof, other_points_than_in_the_handout_are_found)
{
    RubricItem *item = rubric->items->pdata[2];
    item->points = 7;
    rubric->memory_penalty = 0.1;
    check_kit();
    assert_found("the handout", "'10 % of'");
    assert_found("the handout", "'| `masking` | 7 |'");
    assert_found("the handout", "'| **32** |'");
}

/* Replace the only `old` in a text of ours by a `new` of the same length. */
static void swap(char *text, const char *old, const char *new)
{
    char *at = strstr(text, old);
    cr_assert(at != NULL && strlen(old) == strlen(new), "no '%s'", old);
    memcpy(at, new, strlen(new));
}

Test(proof, another_masked_score_is_found)
{
    g_autofree char *header = NULL;
    cr_assert(g_file_get_contents("starter/attention.h", &header, NULL, NULL));
    swap(header, "(-1e9f)", "(-1e8f)");
    put("starter/attention.h", header);
    small.include = g_build_filename(folder, "starter", NULL);
    check_kit();
    assert_found("the handout", "attention.h masks with -1e8, starter/README.md does not");
    assert_found("the handout", "attention.h masks with -1e8, the hidden tests do not");
    g_free(small.include);
}

Test(proof, a_solution_with_a_masked_score_of_its_own_is_found)
{
    swap(solution, "= ATTENTION_MASKED_SCORE;", "= -1e8f                 ;");
    put("solution/attention.c", solution);
    check_kit();
    assert_found("the handout", "solution/attention.c does not mask with ATTENTION_MASKED_SCORE");
}

Test(proof, a_penalty_that_was_taken_away_is_found)
{
    rubric->memory_penalty = 0;
    check_kit();
    assert_found("the handout", "memory.penalty is 0");
}

/* The solution without the markers of its first blocks, which students then get as they are. */
static char *give_away(guint blocks)
{
    g_auto(GStrv) lines = g_strsplit(solution, "\n", -1);
    GString *text = g_string_new(NULL);
    guint ended = 0;
    for (guint i = 0; lines[i] != NULL; i++) {
        gboolean marker = strstr(lines[i], "/* BEGIN SOLUTION") || strstr(lines[i], "/* STUB:") ||
                          strstr(lines[i], "/* END SOLUTION");
        if (ended >= blocks || !marker)
            g_string_append_printf(text, "%s\n", lines[i]);
        ended += strstr(lines[i], "/* END SOLUTION") != NULL;
    }
    return g_string_free(text, FALSE);
}

Test(proof, stubs_that_earn_points_are_found)
{
    g_autofree char *text = give_away(3);
    put("solution/attention.c", text);
    check_kit();
    assert_found("the stubs", "5 of 5 points of masking");
}

Test(proof, missing_coverage_is_found)
{
    g_autoptr(GError) error = NULL;
    put("summary.json", "{\"line_percent\": 99.5, \"branch_percent\": 100.0}");
    g_autofree char *path = g_build_filename(folder, "summary.json", NULL);
    cr_assert(proof_check_coverage(proof, path, &error));
    assert_found("coverage of the solution", "99.5 % of its lines");
    cr_assert_not(proof_check_coverage(proof, "/dev/null", &error));
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_INSTALL));
}

/* ---- the page -------------------------------------------------------------------------------- */

Test(proof, the_page_has_no_scripts_and_escapes_what_it_shows)
{
    put_unscaled(ALL_ATTENTION, "scores", "divided\n");
    check_mutants();
    proof_found(proof_begin(proof, "a check"), "a < b & \"c\"");
    g_autofree char *html = proof_to_html(proof), *json = proof_to_json(proof);
    cr_assert_null(strstr(html, "<script"));
    cr_assert_not_null(strstr(html, "default-src 'none'"));
    cr_assert_not_null(strstr(html, "a &lt; b &amp;"));
    cr_assert_not_null(strstr(html, "unscaled"));
    json_t *object = json_loads(json, 0, NULL);
    cr_assert_not_null(object, "not JSON:\n%s", json);
    const json_t *mutant = json_array_get(json_object_get(object, "mutants"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(mutant, "verdict")), "killed");
    cr_assert(json_is_false(json_object_get(object, "holds")));
    json_decref(object);
}
