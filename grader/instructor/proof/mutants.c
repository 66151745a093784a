/* mutants.c: see mutants.h. */
#include "instructor/proof/mutants.h"

#include <string.h>

#include "instructor/proof/left_out.h"

/* ---- which there are ------------------------------------------------------------------------- */

gboolean proof_add_systematic(Proof *proof, GError **error)
{
    g_autofree char *path =
        g_build_filename(proof->kit->root, "tests", "mutants", "equivalent.yaml", NULL);
    g_autofree char *solution = g_build_filename(proof->kit->root, "solution", "attention.c", NULL);
    g_autofree char *text = NULL;
    proof->equivalent = equivalent_load(path, error);
    if (proof->equivalent == NULL || !g_file_get_contents(solution, &text, NULL, error))
        return FALSE;
    proof->mutations = mutate(text);
    for (guint i = 0; i < proof->mutations->len; i++) {
        Mutation *mutation = proof->mutations->pdata[i];
        g_autofree char *name =
            g_strdup_printf("%u:%u %s", mutation->line, mutation->column, mutation->kind);
        proof_add_mutant(proof, name, mutation->source)->systematic = mutation;
    }
    return TRUE;
}

/* ---- what became of them --------------------------------------------------------------------- */

static gboolean loses_anything(const Proof *proof, const Result *result)
{
    gboolean loses = result->status != SUBMISSION_GRADED;
    for (guint i = 0; i < result->items->len; i++)
        loses = loses || left_out_loses(proof->rubric, result, result->items->pdata[i]);
    return loses;
}

static void judge(Proof *proof, ProofMutant *mutant)
{
    const Result *result = mutant->trial->result;
    gboolean compiles = result->status != SUBMISSION_NOT_COMPILED;
    mutant->verdict = compiles ? MUTANT_KILLED : MUTANT_NOT_COMPILED;
    if (compiles && loses_anything(proof, result))
        return;
    /* A mutant that does not compile here may compile elsewhere, so its excuse is not stale. */
    if (mutant->systematic != NULL)
        mutant->why = equivalent_reason(proof->equivalent, mutant->systematic);
    if (compiles)
        mutant->verdict = mutant->why != NULL ? MUTANT_EQUIVALENT : MUTANT_SURVIVED;
}

static void check_fails(const ProofMutant *mutant, ProofCheck *check)
{
    for (guint i = 0; mutant->written->fails != NULL && mutant->written->fails[i] != NULL; i++) {
        g_auto(GStrv) names = g_strsplit(mutant->written->fails[i], "/", 2);
        if (g_strv_length(names) == 2 && !trial_failed(mutant->trial, names[0], names[1]))
            proof_found(check, "%s passes %s: it %s", mutant->trial->name,
                        mutant->written->fails[i], mutant->written->says);
    }
}

static void check_written(const Proof *proof, const ProofMutant *mutant, ProofCheck *check)
{
    const Result *result = mutant->trial->result;
    const char *name = mutant->trial->name;
    if (mutant->verdict == MUTANT_NOT_COMPILED || result->status == SUBMISSION_UNGRADED) {
        proof_found(check, "%s is %s: %s", name, submission_status_word(result->status),
                    result->reason);
        return;
    }
    check_fails(mutant, check);
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        gboolean expected = g_strv_contains((const char *const *)mutant->written->loses, item->id);
        if (expected && item->points >= item->max_points)
            proof_found(check, "%s keeps all points of %s: it %s", name, item->id,
                        mutant->written->says);
        else if (!expected && left_out_loses(proof->rubric, result, item))
            proof_found(check, "%s loses points of %s, which its file does not name", name,
                        item->id);
    }
}

/* ---- what it is told ------------------------------------------------------------------------- */

static void collect(GString *told, const char *text)
{
    if (text != NULL)
        g_string_append_printf(told, "%s\n", text);
}

/* Everything in the report that says what went wrong. */
static char *all_told(const Result *result)
{
    g_autoptr(GString) told = g_string_new(NULL);
    collect(told, result->reason);
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = result->diagnostics->pdata[i];
        collect(told, diagnostic->message);
        collect(told, diagnostic->hint);
    }
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        for (guint k = 0; k < item->tests->len; k++) {
            const TestResult *test = item->tests->pdata[k];
            collect(told, test->message);
            collect(told, test->hint);
            collect(told, test->cause);
        }
        for (guint k = 0; k < item->memory->len; k++) {
            const MemoryFinding *finding = item->memory->pdata[k];
            collect(told, finding->message);
            collect(told, finding->detail);
            collect(told, finding->hint);
        }
    }
    return g_utf8_strdown(told->str, -1);
}

static gboolean has_word(const char *text, GStrv words)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    for (guint i = 0; words[i] != NULL; i++) {
        g_autofree char *word = g_utf8_strdown(words[i], -1);
        if (strstr(lower, word) != NULL)
            return TRUE;
    }
    return FALSE;
}

static void check_hint(const ProofMutant *mutant, ProofCheck *check)
{
    g_autofree char *told = all_told(mutant->trial->result);
    g_autofree char *words = g_strjoinv(", ", mutant->written->hints);
    if (mutant->verdict == MUTANT_KILLED && !has_word(told, mutant->written->hints))
        proof_found(check, "%s is told nothing of %s", mutant->trial->name, words);
}

/* ---- what it is said to come from ------------------------------------------------------------ */

/* A cause without one of the words is a false one; without any words every cause is false. */
static void check_cause(Proof *proof, const ProofMutant *mutant, ProofCheck *check)
{
    const Result *result = mutant->trial->result;
    gboolean named = FALSE;
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        for (guint k = 0; k < item->tests->len; k++) {
            const TestResult *test = item->tests->pdata[k];
            if (test->cause == NULL)
                continue;
            named = TRUE;
            if (mutant->written->causes == NULL || !has_word(test->cause, mutant->written->causes))
                proof_found(check, "%s, which %s, is told in %s/%s: %s", mutant->trial->name,
                            mutant->written->says, item->id, test->name, test->cause);
        }
    }
    if (mutant->written->causes != NULL) {
        proof->causes_due++;
        proof->causes_named += named != FALSE;
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static gboolean run(Proof *proof, GError **error)
{
    g_autoptr(GPtrArray) trials = g_ptr_array_new();
    for (guint i = 0; i < proof->mutants->len; i++)
        g_ptr_array_add(trials, ((ProofMutant *)proof->mutants->pdata[i])->trial);
    if (!trials_run(proof->context, trials, "mutants", error))
        return FALSE;
    for (guint i = 0; i < proof->mutants->len; i++)
        judge(proof, proof->mutants->pdata[i]);
    return TRUE;
}

static guint count(const Proof *proof, gboolean written, MutantVerdict verdict)
{
    guint found = 0;
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        found += mutant->verdict == verdict && (mutant->written != NULL) == written;
    }
    return found;
}

static void judge_written(Proof *proof, ProofCheck *points)
{
    ProofCheck *hints = proof_begin(proof, "what mutants are told");
    ProofCheck *causes = proof_begin(proof, "likely causes");
    guint written = 0;
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        if (mutant->written == NULL)
            continue;
        written++;
        check_written(proof, mutant, points);
        check_hint(mutant, hints);
        check_cause(proof, mutant, causes);
    }
    if (proof->causes_named * 10 < proof->causes_due * 9)
        proof_found(causes, "only %u of %u mutants are told the cause", proof->causes_named,
                    proof->causes_due);
    proof_end(points, "%u of %u lose exactly the items that they name",
              written - MIN(written, points->findings->len), written);
    proof_end(hints, "each finds a word of its hint in the report");
    proof_end(causes, "the cause is told to %u of %u, and it is the true one", proof->causes_named,
              proof->causes_due);
}

static void judge_systematic(Proof *proof)
{
    ProofCheck *check = proof_begin(proof, "systematic mutants");
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        g_autofree char *says = proof_mutant_says(mutant);
        if (mutant->systematic == NULL)
            continue;
        if (mutant->verdict == MUTANT_SURVIVED)
            proof_found(check, "%s keeps all points", says);
        if (mutant->trial->result->status == SUBMISSION_UNGRADED)
            proof_found(check, "%s: %s", says, mutant->trial->result->reason);
    }
    g_autoptr(GPtrArray) stale = equivalent_stale(proof->equivalent);
    for (guint i = 0; i < stale->len; i++)
        proof_found(check, "equivalent.yaml excuses what is no survivor: %s",
                    (const char *)stale->pdata[i]);
    proof_end(check, "%u killed, %u equivalent for a reason, %u do not compile",
              count(proof, FALSE, MUTANT_KILLED), count(proof, FALSE, MUTANT_EQUIVALENT),
              count(proof, FALSE, MUTANT_NOT_COMPILED));
}

static gboolean is_named(const Proof *proof, const ListedTest *test)
{
    g_autofree char *name = g_strdup_printf("%s/%s", test->suite, test->name);
    for (guint i = 0; i < proof->mutants->len; i++) {
        const Mutant *written = ((const ProofMutant *)proof->mutants->pdata[i])->written;
        if (written != NULL && written->fails != NULL &&
            g_strv_contains((const char *const *)written->fails, name))
            return TRUE;
    }
    return FALSE;
}

static void judge_tests(Proof *proof)
{
    ProofCheck *check = proof_begin(proof, "tests that kill");
    const GPtrArray *listed = proof->context->listed;
    for (guint i = 0; i < listed->len; i++) {
        const ListedTest *test = listed->pdata[i];
        if (proof_kills(proof, test) == 0)
            proof_found(check, "%s/%s kills no mutant", test->suite, test->name);
        else if (!is_named(proof, test))
            proof_found(check,
                        "no mutant names %s/%s in 'fails:': if it is left out, nobody sees it",
                        test->suite, test->name);
    }
    proof_end(check, "each of %u hidden tests kills a mutant", listed->len);
}

/* An item that no mutant loses distinguishes no solutions. */
static void judge_items(Proof *proof)
{
    ProofCheck *check = proof_begin(proof, "rubric items");
    for (guint i = 0; i < proof->rubric->items->len; i++) {
        const RubricItem *item = proof->rubric->items->pdata[i];
        guint lost = 0;
        for (guint k = 0; k < proof->mutants->len; k++) {
            const ProofMutant *mutant = proof->mutants->pdata[k];
            const ItemResult *of_mutant = result_item(mutant->trial->result, item->id);
            lost += mutant->verdict == MUTANT_KILLED &&
                    left_out_loses(proof->rubric, mutant->trial->result, of_mutant);
        }
        if (lost == 0)
            proof_found(check, "no mutant loses points of %s", item->id);
    }
    proof_end(check, "each is lost by some mutant, and earned by the solution");
}

gboolean proof_check_mutants(Proof *proof, GError **error)
{
    ProofCheck *points = proof_begin(proof, "written mutants");
    if (!run(proof, error))
        return FALSE;
    judge_written(proof, points);
    if (proof->mutations != NULL)
        judge_systematic(proof);
    judge_tests(proof);
    judge_items(proof);
    return TRUE;
}
