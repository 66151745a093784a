/* left_out.c: see left_out.h. */
#include "instructor/proof/left_out.h"

#include "wire/api.h"

/* ---- what a solution lost -------------------------------------------------------------------- */

/* A test that needs an item which was left out is skipped, and says nothing about its own. */
static char *find_item_loss(const ItemResult *item)
{
    gboolean skipped = FALSE;
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = item->tests->pdata[i];
        if (test->status != TEST_PASSED && test->status != TEST_SKIPPED)
            return g_strdup_printf("%s/%s: %s", item->id, test->name, test->message);
        skipped |= test->status == TEST_SKIPPED;
    }
    if (item->memory->len > 0)
        return g_strdup_printf("%s: %s", item->id,
                               ((const MemoryFinding *)item->memory->pdata[0])->message);
    return skipped || item->points >= item->max_points ? NULL : g_strdup("points were lost");
}

static gboolean needs_left_out(const Rubric *rubric, const Result *result, const char *id)
{
    const RubricItem *item = rubric_item(rubric, id);
    for (guint i = 0; item != NULL && i < item->needs->len; i++) {
        const ItemResult *needed = result_item(result, item->needs->pdata[i]);
        if (needed != NULL && trial_leaves_out(needed))
            return TRUE;
    }
    return FALSE;
}

gboolean left_out_loses(const Rubric *rubric, const Result *result, const ItemResult *item)
{
    if (result->status != SUBMISSION_GRADED)
        return TRUE;
    if (item->points >= item->max_points || trial_leaves_out(item))
        return FALSE;
    g_autofree char *loss = find_item_loss(item);
    return loss != NULL || !needs_left_out(rubric, result, item->id);
}

char *left_out_find_loss(const Result *result, guint *left_out)
{
    char *loss = NULL;
    *left_out = 0;
    if (result->status != SUBMISSION_GRADED)
        return g_strdup_printf("%s: %s", submission_status_word(result->status), result->reason);
    for (guint i = 0; loss == NULL && i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        if (trial_leaves_out(item))
            (*left_out)++;
        else
            loss = find_item_loss(item);
    }
    return loss == NULL && *left_out == result->items->len ? g_strdup("it attempts no item") : loss;
}

/* ---- parts of items -------------------------------------------------------------------------- */

/* The reference without each function of the API, as Trial *, in the order of api_attention. */
static GPtrArray *make_trials(const char *reference)
{
    GPtrArray *trials = g_ptr_array_new_with_free_func((GDestroyNotify)trial_free);
    for (const char *const *name = api_attention; *name != NULL; name++) {
        g_autofree char *source =
            g_strdup_printf("#define %s %s_left_out\n%s", *name, *name, reference);
        Trial *trial = trial_new(*name, source, 1);
        trial->memory = MEMORY_NEVER;
        g_ptr_array_add(trials, trial);
    }
    return trials;
}

/* Does a test of the item call the function that this trial leaves out? */
static gboolean is_called_by(const Trial *trial, const char *id)
{
    const ItemResult *item = result_item(trial->result, id);
    for (guint i = 0; item != NULL && i < item->tests->len; i++)
        if (trial_misses_function(item->tests->pdata[i]))
            return TRUE;
    return FALSE;
}

static gboolean belongs_to(const Trial *trial, const RubricItem *item)
{
    for (guint i = 0; i < item->needs->len; i++)
        if (is_called_by(trial, item->needs->pdata[i]))
            return FALSE;
    return is_called_by(trial, item->id);
}

static void check_item(const Trial *right, const RubricItem *item, const GPtrArray *functions,
                       ProofCheck *check)
{
    for (guint i = 0; i < functions->len; i++) {
        const Trial *function = functions->pdata[i];
        g_autofree char *word = g_strdup_printf("\\b%s\\b", function->name);
        if (belongs_to(function, item) && g_regex_match_simple(word, right->source, G_REGEX_RAW, 0))
            proof_found(check, "%s names %s, but does not define all functions of %s", right->name,
                        function->name, item->id);
    }
}

static GPtrArray *list_left_out(const Proof *proof, const Trial *right)
{
    GPtrArray *items = g_ptr_array_new();
    for (guint i = 0; i < right->result->items->len; i++) {
        const ItemResult *item = right->result->items->pdata[i];
        if (trial_leaves_out(item))
            g_ptr_array_add(items, (gpointer)rubric_item(proof->rubric, item->id));
    }
    return items;
}

gboolean left_out_check(const Proof *proof, const char *reference, ProofCheck *check,
                        GError **error)
{
    g_autoptr(GPtrArray) functions = NULL;
    for (guint i = 0; i < proof->right->len; i++) {
        const Trial *right = proof->right->pdata[i];
        g_autoptr(GPtrArray) items = list_left_out(proof, right);
        if (right->seed != 1 || items->len == 0)
            continue;
        if (functions == NULL) {
            functions = make_trials(reference);
            if (!trials_run(proof->context, functions, "functions of the items", error))
                return FALSE;
        }
        for (guint k = 0; k < items->len; k++)
            check_item(right, items->pdata[k], functions, check);
    }
    return TRUE;
}
