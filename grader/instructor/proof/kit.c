/* kit.c: see kit.h. */
#include "instructor/proof/kit.h"

#include <jansson.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "instructor/release/audit.h"
#include "instructor/release/release.h"
#include "instructor/release/stub.h"
#include "result/json.h"

enum { MAKE_SECONDS = 900, OUTPUT_LIMIT = 1 << 20 };

static char *solution_path(const Proof *proof)
{
    return g_build_filename(proof->kit->root, "solution", "attention.c", NULL);
}

/* ---- what is released ------------------------------------------------------------------------ */

/* The files of a release; NULL if there can be none, which the check then says. */
static GPtrArray *gather(Proof *proof, ProofCheck *check)
{
    g_autoptr(GError) reason = NULL;
    GPtrArray *files = release_gather(proof->kit->root, &reason);
    if (files == NULL)
        proof_found(check, "%s", reason->message);
    return files;
}

static gboolean audit(Proof *proof, const GPtrArray *files, ProofCheck *check, GError **error)
{
    g_autofree char *program = g_build_filename(proof->kit->tests, "public", NULL);
    g_autoptr(GPtrArray) public = run_list_tests(program, error);
    g_autoptr(GPtrArray) found = public != NULL ? release_audit(proof->kit->root, files, public,
                                                                proof->context->listed, error)
                                                : NULL;
    for (guint i = 0; found != NULL && i < found->len; i++)
        proof_found(check, "%s", (const char *)found->pdata[i]);
    return found != NULL;
}

/* ---- the student's own layout ---------------------------------------------------------------- */

/* Run a command there, and return what it printed; NULL and a finding if it fails. */
static char *run_there(const char *folder, const char *const *argv, int worst, ProofCheck *check,
                       GError **error)
{
    g_autofree char *path = g_strconcat("PATH=", g_getenv("PATH"), NULL);
    g_autofree char *temporary = g_strconcat("TMPDIR=", g_get_tmp_dir(), NULL);
    const ProcessSpec spec = {.argv = argv,
                              .envp = (const char *[]){path, temporary, NULL},
                              .directory = folder,
                              .wall_seconds = MAKE_SECONDS,
                              .output_limit = OUTPUT_LIMIT};
    g_autoptr(Process) process = process_start(&spec, error);
    if (process == NULL)
        return NULL;
    const ProcessOutcome *outcome = process_wait(process);
    gboolean exited = WIFEXITED(outcome->wait_status);
    if (exited && WEXITSTATUS(outcome->wait_status) <= worst)
        return g_strdup(outcome->out->str);
    const char *said = strrchr(g_strchomp(outcome->err->str), '\n');
    proof_found(check, "%s fails in the student's own layout: %s", argv[0],
                said != NULL ? said + 1 : outcome->err->str);
    return NULL;
}

/* Grade the attention.c in the folder by its public tests. */
static Result *check_there(const char *folder, ProofCheck *check, GError **error)
{
    g_autofree char *grader = g_build_filename(folder, "build", "grader", NULL);
    g_autofree char *text = run_there(
        folder, (const char *[]){grader, "check", ".", "--format=json", NULL}, 1, check, error);
    return text != NULL ? result_from_json(text, strlen(text), error) : NULL;
}

/* Check that every item earns all of its points, or none. */
static void expect_points(const Result *result, gboolean all, const char *what, ProofCheck *check)
{
    if (result->status != SUBMISSION_GRADED)
        proof_found(check, "%s: %s: %s", what, submission_status_word(result->status),
                    result->reason);
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        if (item->points != (all ? item->max_points : 0))
            proof_found(check, "%s: %g of %g points of %s", what, item->points, item->max_points,
                        item->id);
    }
}

static gboolean build_and_check(const Proof *proof, const char *folder, ProofCheck *check,
                                GError **error)
{
    g_autofree char *solution = solution_path(proof);
    g_autofree char *file = g_build_filename(folder, "attention.c", NULL);
    g_autoptr(GPtrArray) make = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(make, g_strdup("/usr/bin/make"));
    g_ptr_array_add(make, g_strdup("-s"));
    g_ptr_array_add(make, g_strdup_printf("-j%u", g_get_num_processors()));
    g_ptr_array_add(make, g_strdup("build/grader"));
    for (const char *const *name = kit_libexec; *name != NULL; name++)
        g_ptr_array_add(make, g_build_filename("build/libexec", *name, NULL));
    g_ptr_array_add(make, g_strdup("build/tests/public"));
    g_ptr_array_add(make, NULL);
    g_autofree char *built = run_there(folder, (const char *const *)make->pdata, 0, check, error);
    if (built == NULL)
        return *error == NULL;
    g_autoptr(Result) stubs = check_there(folder, check, error);
    if (stubs == NULL || !files_copy(solution, file, 0644, error))
        return *error == NULL;
    g_autoptr(Result) solved = check_there(folder, check, error);
    if (solved == NULL)
        return *error == NULL;
    expect_points(stubs, FALSE, "the stubs", check);
    expect_points(solved, TRUE, "the solution", check);
    return TRUE;
}

static gboolean check_layout(Proof *proof, const GPtrArray *files, GError **error)
{
    ProofCheck *check = proof_begin(proof, "the student's own layout");
    g_autoptr(FilesScratch) scratch = files_scratch_new(error);
    g_autofree char *folder =
        scratch != NULL ? g_build_filename(scratch, proof->rubric->assignment, NULL) : NULL;
    if (scratch == NULL || !release_write(files, scratch, proof->rubric->assignment, error) ||
        !build_and_check(proof, folder, check, error))
        return FALSE;
    proof_end(check, "the solution earns every point there, the stubs none");
    return TRUE;
}

/* ---- the stubs ------------------------------------------------------------------------------- */

static gboolean check_stubs(Proof *proof, GError **error)
{
    ProofCheck *check = proof_begin(proof, "the stubs");
    g_autofree char *path = solution_path(proof);
    g_autofree char *text = NULL, *stubs = NULL;
    g_autoptr(GError) reason = NULL;
    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    stubs = stub_generate(text, "solution/attention.c", &reason);
    if (stubs == NULL) {
        proof_found(check, "%s", reason->message);
        return TRUE;
    }
    g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func((GDestroyNotify)trial_free);
    Trial *trial = trial_new("stubs", stubs, 1);
    g_ptr_array_add(trials, trial);
    if (!trials_run(proof->context, trials, "stubs", error))
        return FALSE;
    expect_points(trial->result, FALSE, "the stubs", check);
    proof_end(check, "0 points on every item of the hidden tests");
    return TRUE;
}

/* ---- the handout ----------------------------------------------------------------------------- */

static void expect_row(const char *handout, const char *row, ProofCheck *check)
{
    if (strstr(handout, row) == NULL)
        proof_found(check, "starter/README.md has no '%s', which rubric.yaml says", row);
}

/* ---- the score of a masked position ---------------------------------------------------------- */

#define MASKED_SCORE "ATTENTION_MASKED_SCORE"

static guint count(const char *text, const char *part)
{
    guint found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        found++;
    return found;
}

/* "-1e9" of "#define ATTENTION_MASKED_SCORE (-1e9f)"; NULL if there is no such line. */
static char *read_masked_score(const char *header)
{
    const char *begin = strstr(header, "#define " MASKED_SCORE " (");
    if (begin == NULL)
        return NULL;
    begin = strchr(begin, '(') + 1;
    return g_strndup(begin, strcspn(begin, "fF)\n"));
}

/*
 * The header, the handout and the tests' messages have the same number; the solution uses its name.
 */
static gboolean check_masked_score(const Proof *proof, const char *handout, ProofCheck *check,
                                   GError **error)
{
    g_autofree char *path = g_build_filename(proof->kit->include, "attention.h", NULL);
    g_autofree char *source = solution_path(proof);
    g_autofree char *header = NULL, *solution = NULL, *tests = NULL;
    gsize length;
    if (!g_file_get_contents(path, &header, NULL, error) ||
        !g_file_get_contents(source, &solution, NULL, error) ||
        !g_file_get_contents(proof->context->program, &tests, &length, error))
        return FALSE;
    g_autofree char *score = read_masked_score(header);
    if (score == NULL) {
        proof_found(check, "starter/attention.h has no '#define " MASKED_SCORE " (NUMBER)'");
        return TRUE;
    }
    g_autofree char *promise = g_strdup_printf("becomes %s ", score);
    if (strstr(handout, promise) == NULL)
        proof_found(check, "starter/attention.h masks with %s, starter/README.md does not", score);
    if (memmem(tests, length, promise, strlen(promise)) == NULL)
        proof_found(check, "starter/attention.h masks with %s, the hidden tests do not", score);
    g_autofree char *stubs = stub_generate(solution, "solution/attention.c", NULL);
    if (stubs != NULL && count(solution, MASKED_SCORE) == count(stubs, MASKED_SCORE))
        proof_found(check, "solution/attention.c does not mask with " MASKED_SCORE
                           ", as attention.h promises");
    return TRUE;
}

/* ---- all that is promised -------------------------------------------------------------------- */

/* The handout's table of points has those of rubric.yaml. */
static gboolean check_handout(Proof *proof, GError **error)
{
    ProofCheck *check = proof_begin(proof, "the handout");
    g_autofree char *path = g_build_filename(proof->kit->root, "starter", "README.md", NULL);
    g_autofree char *handout = NULL;
    if (!g_file_get_contents(path, &handout, NULL, error))
        return FALSE;
    for (guint i = 0; i < proof->rubric->items->len; i++) {
        const RubricItem *item = proof->rubric->items->pdata[i];
        g_autofree char *row = g_strdup_printf("| `%s` | %g |", item->id, item->points);
        expect_row(handout, row, check);
    }
    g_autofree char *total = g_strdup_printf("| **%g** |", rubric_total(proof->rubric));
    expect_row(handout, total, check);
    if (proof->rubric->memory_penalty > 0) {
        g_autofree char *penalty = g_strdup_printf("%g %% of", 100 * proof->rubric->memory_penalty);
        expect_row(handout, penalty, check);
    } else if (strstr(handout, "% of") != NULL) {
        proof_found(check, "starter/README.md says that memory errors cost points, but in "
                           "rubric.yaml memory.penalty is 0");
    }
    if (!check_masked_score(proof, handout, check, error))
        return FALSE;
    proof_end(check, "its points and its masked score are those of the rubric and the tests");
    return TRUE;
}

gboolean proof_check_kit(Proof *proof, GError **error)
{
    ProofCheck *check = proof_begin(proof, "markers, starter, release");
    g_autoptr(GPtrArray) files = gather(proof, check);
    if (files != NULL && !audit(proof, files, check, error))
        return FALSE;
    proof_end(check, "students get what they should, and nothing else");
    if (files != NULL && !check_layout(proof, files, error))
        return FALSE;
    return check_handout(proof, error) && check_stubs(proof, error);
}

/* ---- coverage -------------------------------------------------------------------------------- */

gboolean proof_check_coverage(Proof *proof, const char *path, GError **error)
{
    if (path == NULL)
        return TRUE;
    json_error_t reason;
    json_t *summary = json_load_file(path, 0, &reason);
    int fits = json_unpack(summary, "{s:F, s:F}", "line_percent", &proof->lines, "branch_percent",
                           &proof->branches);
    json_decref(summary);
    if (fits != 0) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "'%s' is no summary of gcovr: run 'make validate'", path);
        return FALSE;
    }
    ProofCheck *check = proof_begin(proof, "coverage of the solution");
    if (proof->lines < 100 || proof->branches < 100)
        proof_found(check, "the hidden tests reach %g %% of its lines, %g %% of its branches",
                    proof->lines, proof->branches);
    proof_end(check, "every line and every branch");
    return TRUE;
}
