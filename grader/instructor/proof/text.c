/* text.c: a proof as text and as JSON; see report.h. */
#include <jansson.h>
#include <stdlib.h>

#include "instructor/proof/report.h"

const char *proof_verdict_word(MutantVerdict verdict)
{
    static const char *const words[] = {[MUTANT_KILLED] = "killed",
                                        [MUTANT_SURVIVED] = "survived",
                                        [MUTANT_EQUIVALENT] = "equivalent",
                                        [MUTANT_NOT_COMPILED] = "does not compile"};
    return words[verdict];
}

const char *proof_mutant_cause(const ProofMutant *mutant)
{
    const Result *result = mutant->trial->result;
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        for (guint k = 0; k < item->tests->len; k++)
            if (((const TestResult *)item->tests->pdata[k])->cause != NULL)
                return ((const TestResult *)item->tests->pdata[k])->cause;
    }
    return NULL;
}

/* The trials of a solution stand together, one for each seed. */
GArray *proof_margins(const Proof *proof)
{
    GArray *margins = g_array_new(FALSE, FALSE, sizeof(ProofMargin));
    const char *name = NULL;
    for (guint i = 0; i < proof->right->len; i++) {
        const Trial *trial = proof->right->pdata[i];
        if (g_strcmp0(name, trial->name) != 0)
            g_array_append_vals(margins, &(ProofMargin){trial->name, 0, 0}, 1);
        name = trial->name;
        ProofMargin *last = &g_array_index(margins, ProofMargin, margins->len - 1);
        last->seeds++;
        last->largest = MAX(last->largest, trial->margin);
    }
    return margins;
}

/* ---- text ------------------------------------------------------------------------------------ */

void proof_print(const Proof *proof, FILE *file)
{
    for (guint i = 0; i < proof->checks->len; i++) {
        const ProofCheck *check = proof->checks->pdata[i];
        gboolean holds = check->findings->len == 0;
        fprintf(file, "%s  %-28s %s\n", holds ? "ok  " : "FAIL", check->name,
                holds && check->says != NULL ? check->says : "");
        for (guint k = 0; k < check->findings->len; k++)
            fprintf(file, "        %s\n", (const char *)check->findings->pdata[k]);
    }
    fprintf(file, "\n%s\n",
            proof_holds(proof) ? "the assignment can be handed out"
                               : "do not hand it out: see FAIL above");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *describe_checks(const Proof *proof)
{
    json_t *checks = json_array();
    for (guint i = 0; i < proof->checks->len; i++) {
        const ProofCheck *check = proof->checks->pdata[i];
        json_t *findings = json_array();
        for (guint k = 0; k < check->findings->len; k++)
            json_array_append_new(findings, json_string(check->findings->pdata[k]));
        json_array_append_new(checks,
                              json_pack("{s:s, s:b, s:s?, s:o, s:f}", "name", check->name, "holds",
                                        check->findings->len == 0, "says", check->says, "findings",
                                        findings, "seconds", (double)check->usec / G_USEC_PER_SEC));
    }
    return checks;
}

static json_t *describe_kills(const Proof *proof, const ProofMutant *mutant)
{
    json_t *tests = json_array();
    for (guint i = 0; i < proof->context->listed->len; i++) {
        const ListedTest *test = proof->context->listed->pdata[i];
        if (trial_failed(mutant->trial, test->suite, test->name))
            json_array_append_new(tests, json_sprintf("%s/%s", test->suite, test->name));
    }
    return tests;
}

static json_t *describe_mutants(const Proof *proof)
{
    json_t *mutants = json_array();
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        g_autofree char *says = proof_mutant_says(mutant);
        json_t *entry = json_pack(
            "{s:s, s:s, s:b, s:s, s:f, s:s?, s:s?, s:o, s:f}", "name", mutant->trial->name, "says",
            says, "written", mutant->written != NULL, "verdict",
            proof_verdict_word(mutant->verdict), "score", mutant->trial->result->score, "cause",
            proof_mutant_cause(mutant), "why", mutant->why, "failed_tests",
            describe_kills(proof, mutant), "seconds", (double)mutant->trial->usec / G_USEC_PER_SEC);
        json_array_append_new(mutants, entry);
    }
    return mutants;
}

static json_t *describe_tests(const Proof *proof)
{
    json_t *tests = json_array();
    for (guint i = 0; i < proof->context->listed->len; i++) {
        const ListedTest *test = proof->context->listed->pdata[i];
        json_array_append_new(tests, json_pack("{s:s, s:s, s:s, s:i}", "suite", test->suite, "name",
                                               test->name, "title", test->title, "kills",
                                               (int)proof_kills(proof, test)));
    }
    return tests;
}

static json_t *describe_margins(const Proof *proof)
{
    g_autoptr(GArray) margins = proof_margins(proof);
    json_t *entries = json_array();
    for (guint i = 0; i < margins->len; i++) {
        const ProofMargin *margin = &g_array_index(margins, ProofMargin, i);
        json_array_append_new(entries,
                              json_pack("{s:s, s:i, s:f}", "name", margin->name, "seeds",
                                        (int)margin->seeds, "of_tolerance", margin->largest));
    }
    return entries;
}

char *proof_to_json(const Proof *proof)
{
    json_t *object =
        json_pack("{s:i, s:b, s:o, s:o, s:o, s:o}", "schema", 1, "holds", proof_holds(proof),
                  "checks", describe_checks(proof), "tests", describe_tests(proof), "mutants",
                  describe_mutants(proof), "margins", describe_margins(proof));
    char *text = json_dumps(object, JSON_INDENT(1));
    char *copy = g_strconcat(text, "\n", NULL);
    free(text);
    json_decref(object);
    return copy;
}
