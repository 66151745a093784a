/* grade.c: one submission from folder to Result; see grade.h. */
#include "grade.h"

#include <glib/gstdio.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/files.h"
#include "compile/compile.h"
#include "gate/gate.h"
#include "intake/intake.h"
#include "memory/memory.h"
#include "rubric/score.h"
#include "run/run.h"
#include "run/stale.h"
#include "versions.h"

/* ---- the context ----------------------------------------------------------------------------- */

static gboolean check_suites(const GradeContext *context, GError **error)
{
    g_autoptr(GPtrArray) suites = g_ptr_array_new();
    for (guint i = 0; i < context->listed->len; i++) {
        const ListedTest *test = context->listed->pdata[i];
        if (!g_ptr_array_find_with_equal_func(suites, test->suite, g_str_equal, NULL))
            g_ptr_array_add(suites, test->suite);
    }
    g_ptr_array_add(suites, NULL);
    g_autofree char *program = g_strdup_printf("tests/%s", context->tests);
    return rubric_check_suites(context->rubric, (const char *const *)suites->pdata, program, error);
}

GradeContext *grade_open(const Kit *kit, const Rubric *rubric, const Sandbox *sandbox,
                         const char *tests, GError **error)
{
    g_autoptr(GradeContext) context = g_new0(GradeContext, 1);
    stale_remove(STALE_FOLDER);
    context->kit = kit;
    context->rubric = rubric;
    context->sandbox = sandbox;
    context->tests = tests;
    context->jobs = 1;
    context->program = g_build_filename(kit->tests, tests, NULL);
    if (!g_file_test(context->program, G_FILE_TEST_IS_EXECUTABLE)) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "the %s tests are not built: there is no '%s', run 'make'", tests,
                    context->program);
        return NULL;
    }
    context->listed = run_list_tests(context->program, error);
    if (context->listed == NULL || !check_suites(context, error))
        return NULL;
    context->versions = versions_find(rubric, context->program);
    return g_steal_pointer(&context);
}

void grade_close(GradeContext *context)
{
    g_clear_pointer(&context->listed, g_ptr_array_unref);
    g_clear_pointer(&context->versions, g_hash_table_unref);
    g_free(context->program);
    g_free(context->filter);
    g_free(context);
}

guint32 grade_fresh_seed(void)
{
    guint32 seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = g_random_int();
    return seed;
}

#define MEMORY_NOT_WANTED "not checked: it was not asked for"

/* ---- one submission -------------------------------------------------------------------------- */

static gboolean copy_headers(const Kit *kit, const char *box, GError **error)
{
    g_autofree char *folder = g_build_filename(box, "include", NULL);
    if (g_mkdir(folder, 0755) < 0) {
        grader_set_errno(error, "cannot make the folder '%s'", folder);
        return FALSE;
    }
    const char *headers[] = {"attention.h", "tensor.h"};
    for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *from = g_build_filename(kit->include, headers[i], NULL);
        g_autofree char *to = g_build_filename(folder, headers[i], NULL);
        if (!files_copy(from, to, 0644, error))
            return FALSE;
    }
    return TRUE;
}

/* Intake, compile and gate. TRUE also if the submission is at fault: then its status says so. */
static gboolean make_object(const GradeContext *context, CompilePurpose purpose, const char *path,
                            const char *box, Result *result, GError **error)
{
    if (!intake_take(context->rubric, path, box, result, error))
        return FALSE;
    if (result->status != SUBMISSION_GRADED)
        return TRUE;
    if (!copy_headers(context->kit, box, error) ||
        !compile_submission(context->rubric, context->sandbox, box, purpose, result, error))
        return FALSE;
    if (result->status != SUBMISSION_GRADED)
        return TRUE;
    g_autofree char *object = g_build_filename(box, COMPILE_OBJECT, NULL);
    gate_judge(context->rubric, object, result);
    return TRUE;
}

static gboolean check_memory(const GradeContext *context, const char *scratch, Result *result,
                             GError **error)
{
    g_autoptr(GError) reason = NULL;
    if (memory_check(context->rubric, context->sandbox, context->kit->libexec, scratch, result,
                     &reason))
        return TRUE;
    if (context->lenient && g_error_matches(reason, GRADER_ERROR, GRADER_ERROR_INSTALL)) {
        g_free(result->memory_state);
        result->memory_state = g_strdup_printf("not checked: %s", reason->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

static gboolean is_broken(const TestResult *test)
{
    return test->status == TEST_BROKEN;
}

/* A test of a function that the submission leaves out says nothing about the others. */
static gboolean is_failed(const TestResult *test)
{
    return test->status != TEST_PASSED && g_strcmp0(test->failure, "not_defined") != 0;
}

static gboolean has_test(const Result *result, gboolean (*wanted)(const TestResult *test))
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        for (guint k = 0; k < item->tests->len; k++)
            if (wanted(item->tests->pdata[k]))
                return TRUE;
    }
    return FALSE;
}

static gboolean wants_memory(const GradeContext *context, const Result *result)
{
    return context->memory == MEMORY_ALWAYS ||
           (context->memory == MEMORY_IF_PASSED && !has_test(result, is_failed));
}

static gboolean run_tests(const GradeContext *context, const char *box, const char *scratch,
                          Result *result, GError **error)
{
    g_autofree char *from = g_build_filename(context->kit->libexec, "worker", NULL);
    g_autofree char *to = g_build_filename(box, "worker", NULL);
    const TestRun run = {.program = context->program,
                         .tests = context->listed,
                         .filter = context->filter,
                         .box = box,
                         .scratch = scratch,
                         .seed = result->seed,
                         .jobs = context->jobs,
                         .margins = context->margins};
    return files_copy(from, to, 0755, error) &&
           run_test_program(&run, context->rubric, context->sandbox, result, error);
}

/* Everything but the memory check. TRUE also if the submission is at fault. */
static gboolean run_in(const GradeContext *context, CompilePurpose purpose, const char *path,
                       const char *scratch, Result *result, GError **error)
{
    g_autofree char *box = g_build_filename(scratch, "box", NULL);
    /* The sandbox may run as another user: it must be able to enter, and to write into the box. */
    if (g_mkdir(box, 0755) < 0) {
        grader_set_errno(error, "cannot make the folder '%s'", box);
        return FALSE;
    }
    if (!make_object(context, purpose, path, box, result, error))
        return FALSE;
    return result->status != SUBMISSION_GRADED || run_tests(context, box, scratch, result, error);
}

static gboolean grade_in(const GradeContext *context, const char *path, const char *scratch,
                         Result *result, GError **error)
{
    if (!run_in(context, COMPILE_TO_GRADE, path, scratch, result, error))
        return FALSE;
    if (result->status != SUBMISSION_GRADED || has_test(result, is_broken))
        return TRUE;
    if (!wants_memory(context, result)) {
        result->memory_state = g_strdup(MEMORY_NOT_WANTED);
        return TRUE;
    }
    return check_memory(context, scratch, result, error);
}

/* A result with what is known before anything is run. */
static Result *begin_result(const GradeContext *context, const char *name, const char *path,
                            guint32 seed)
{
    Result *result = result_new(name, path);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    result->assignment = g_strdup(context->rubric->assignment);
    result->tests = g_strconcat(context->filter != NULL ? "some " : "", context->tests, NULL);
    result->seed = seed;
    result->graded_at = g_date_time_format_iso8601(now);
    g_clear_pointer(&result->versions, g_hash_table_unref);
    result->versions = g_hash_table_ref(context->versions);
    g_clear_pointer(&result->sandbox, g_ptr_array_unref);
    result->sandbox = sandbox_layers(context->sandbox);
    score_add_items(context->rubric, result);
    return result;
}

/* Score what ran. If only some tests were asked for, the items without any are left out. */
static void score(const GradeContext *context, Result *result)
{
    score_result(context->rubric, result);
    if (!result_is_partial(result) || result->status != SUBMISSION_GRADED)
        return;
    result->max_score = 0;
    for (guint i = result->items->len; i-- > 0;) {
        const ItemResult *item = result->items->pdata[i];
        if (item->tests->len == 0)
            g_ptr_array_remove_index(result->items, i);
        else if (!item->extra)
            result->max_score += item->max_points;
    }
}

/* A fault of ours. */
static void fail(Result *result, const GError *error)
{
    result->status = SUBMISSION_UNGRADED;
    g_free(result->reason);
    result->reason = g_strdup(error->message);
}

Result *grade_submission(const GradeContext *context, const char *name, const char *path,
                         guint32 seed)
{
    Result *result = begin_result(context, name, path, seed);
    g_autoptr(GError) error = NULL;
    g_autoptr(FilesScratch) scratch = files_scratch_new(&error);
    if (scratch == NULL || !grade_in(context, path, scratch, result, &error))
        fail(result, error);
    score(context, result);
    return result;
}

/* Run the tests on the object that is in the folder already, or compile it first. */
static gboolean repeat_in(const GradeContext *context, const char *path, const char *scratch,
                          Result *result, GError **error)
{
    g_autofree char *box = g_build_filename(scratch, "box", NULL);
    if (!g_file_test(box, G_FILE_TEST_EXISTS))
        return run_in(context, COMPILE_TO_GRADE, path, scratch, result, error);
    g_autoptr(FilesScratch) own = files_scratch_new(error);
    return own != NULL && run_tests(context, box, own, result, error);
}

Result *grade_repeat(const GradeContext *context, const char *name, const char *path, guint32 seed,
                     const char *scratch)
{
    Result *result = begin_result(context, name, path, seed);
    g_autoptr(GError) error = NULL;
    result->memory_state = g_strdup(MEMORY_NOT_WANTED);
    if (!repeat_in(context, path, scratch, result, &error))
        fail(result, error);
    score(context, result);
    return result;
}

Result *grade_run_tests(const GradeContext *context, const char *path, guint32 seed,
                        CompilePurpose purpose, const char *scratch, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(Result) result = begin_result(context, name, path, seed);
    if (!run_in(context, purpose, path, scratch, result, error))
        return NULL;
    score(context, result);
    return g_steal_pointer(&result);
}
