/* right.c: see right.h. */
#include "instructor/proof/right.h"

#include <string.h>

#include "instructor/proof/assertions.h"
#include "instructor/proof/left_out.h"

#define REFERENCE "solution"

/*
 * Errors that use up more than this share of the tolerance leave too little room; a tolerance of
 * which nobody uses this little lets wrong results through.
 */
#define MOST_MARGIN 0.5
#define LEAST_MARGIN 0.001

static void add(Proof *proof, const char *name, const char *text, guint seeds)
{
    for (guint seed = 1; seed <= seeds; seed++) {
        Trial *trial = trial_new(name, text, seed);
        trial->memory = seed == 1 ? MEMORY_ALWAYS : MEMORY_NEVER;
        trial->measure = TRUE;
        g_ptr_array_add(proof->right, trial);
    }
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the C files in tests/correct/, sorted. */
static GPtrArray *list_correct(const char *folder, GError **error)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, error);
    if (directory == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(directory)) != NULL;)
        if (g_str_has_suffix(name, ".c"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

static gboolean add_correct(Proof *proof, guint seeds, GError **error)
{
    g_autofree char *folder = g_build_filename(proof->kit->root, "tests", "correct", NULL);
    g_autoptr(GPtrArray) names = list_correct(folder, error);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, error))
            return FALSE;
        add(proof, names->pdata[i], text, seeds);
    }
    return names != NULL;
}

static void judge(const Proof *proof, gboolean reference, ProofCheck *check)
{
    guint gradings = 0, partial = 0;
    for (guint i = 0; i < proof->right->len; i++) {
        const Trial *trial = proof->right->pdata[i];
        if (g_str_equal(trial->name, REFERENCE) != reference)
            continue;
        guint left_out;
        g_autofree char *loss = left_out_find_loss(trial->result, &left_out);
        if (loss != NULL)
            proof_found(check, "%s with seed %u: %s", trial->name, trial->seed, loss);
        else if (reference && left_out > 0)
            proof_found(check, "%s does not define the functions of every item", trial->name);
        gradings++;
        partial += left_out > 0;
    }
    check->says =
        partial == 0
            ? g_strdup_printf("full marks in each of %u gradings", gradings)
            : g_strdup_printf("full marks in each of %u gradings, %u of them without some items",
                              gradings, partial);
}

static void check_margins(Proof *proof)
{
    ProofCheck *check = proof_begin(proof, "tolerance");
    double largest = 0;
    for (guint i = 0; i < proof->right->len; i++) {
        const Trial *trial = proof->right->pdata[i];
        largest = MAX(largest, trial->margin);
        if (trial->margin > MOST_MARGIN)
            proof_found(check, "%s with seed %u comes too near: its error is %.0f %% of it",
                        trial->name, trial->seed, 100 * trial->margin);
    }
    if (largest < LEAST_MARGIN)
        proof_found(check, "it is loose: the largest error is %.2g %% of it", 100 * largest);
    check->says = g_strdup_printf("the largest error is %.2g %% of it", 100 * largest);
    proof_end(check);
}

gboolean proof_check_right(Proof *proof, const ProofSeeds *seeds, GError **error)
{
    g_autofree char *path = g_build_filename(proof->kit->root, "solution", "attention.c", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    ProofCheck *solution = proof_begin(proof, "the solution");
    add(proof, REFERENCE, text, seeds->solution); /* the first of all trials */
    if (!add_correct(proof, seeds->correct, error) ||
        !trials_run(proof->context, proof->right, "right solutions", error))
        return FALSE;
    judge(proof, TRUE, solution);
    proof_end(solution);
    ProofCheck *correct = proof_begin(proof, "other right solutions");
    judge(proof, FALSE, correct);
    if (!left_out_check(proof, text, correct, error))
        return FALSE;
    proof_end(correct);
    check_margins(proof);
    const Trial *first = proof->right->pdata[0];
    if (result_is_full(first->result)) /* or that is what there is to mend */
        proof_check_assertions(proof, first->result);
    return TRUE;
}
