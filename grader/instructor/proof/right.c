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

static gboolean add_correct(Proof *proof, guint seeds, GError **error)
{
    g_autofree char *folder = g_build_filename(proof->kit->root, "tests", "correct", NULL);
    g_autoptr(GPtrArray) names = proof_list_files(folder, ".c", error);
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
    if (partial == 0)
        proof_end(check, "full marks in each of %u gradings", gradings);
    else
        proof_end(check, "full marks in each of %u gradings, %u of them without some items",
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
    proof_end(check, "the largest error is %.2g %% of it", 100 * largest);
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
    ProofCheck *correct = proof_begin(proof, "other right solutions");
    if (!left_out_check(proof, text, correct, error))
        return FALSE;
    judge(proof, FALSE, correct);
    check_margins(proof);
    const Trial *first = proof->right->pdata[0];
    if (result_is_full(first->result)) /* otherwise that is what must be fixed first */
        proof_check_assertions(proof, first->result);
    return TRUE;
}
