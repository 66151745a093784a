#include "result/result.h"

#include <string.h>

/* ---- life cycles ----------------------------------------------------------------------------- */

static GPtrArray *owning(GDestroyNotify free_element)
{
    return g_ptr_array_new_with_free_func(free_element);
}

Result *result_new(const char *submission, const char *path)
{
    Result *result = g_new0(Result, 1);
    result->submission = g_strdup(submission);
    result->path = g_strdup(path);
    result->files = owning((GDestroyNotify)submitted_file_free);
    result->diagnostics = owning((GDestroyNotify)diagnostic_free);
    result->items = owning((GDestroyNotify)item_result_free);
    result->sandbox = owning((GDestroyNotify)sandbox_layer_free);
    result->versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return result;
}

void result_free(Result *result)
{
    if (result == NULL)
        return;
    g_free(result->submission);
    g_free(result->path);
    g_free(result->reason);
    g_free(result->assignment);
    g_free(result->tests);
    g_ptr_array_unref(result->files);
    g_ptr_array_unref(result->diagnostics);
    g_ptr_array_unref(result->items);
    g_ptr_array_unref(result->sandbox);
    g_free(result->memory_state);
    g_hash_table_unref(result->versions);
    g_free(result->graded_at);
    g_free(result);
}

TestResult *test_result_new(const char *name, const char *title)
{
    TestResult *test = g_new0(TestResult, 1);
    test->name = g_strdup(name);
    test->title = g_strdup(title);
    return test;
}

void test_result_free(TestResult *test)
{
    if (test == NULL)
        return;
    g_free(test->name);
    g_free(test->title);
    g_free(test->message);
    g_free(test->hint);
    g_free(test->failure);
    g_free(test->cause);
    g_free(test->printed);
    g_free(test);
}

MemoryFinding *memory_finding_new(const char *kind)
{
    MemoryFinding *finding = g_new0(MemoryFinding, 1);
    finding->kind = g_strdup(kind);
    finding->tests = owning(g_free);
    return finding;
}

void memory_finding_free(MemoryFinding *finding)
{
    if (finding == NULL)
        return;
    g_free(finding->kind);
    g_free(finding->message);
    g_free(finding->hint);
    g_free(finding->function);
    g_free(finding->file);
    g_free(finding->source);
    g_free(finding->detail);
    g_ptr_array_unref(finding->tests);
    g_free(finding);
}

ItemResult *item_result_new(const char *id, const char *grade_id, const char *title, double max)
{
    ItemResult *item = g_new0(ItemResult, 1);
    item->id = g_strdup(id);
    item->grade_id = g_strdup(grade_id);
    item->title = g_strdup(title);
    item->max_points = max;
    item->tests = owning((GDestroyNotify)test_result_free);
    item->memory = owning((GDestroyNotify)memory_finding_free);
    return item;
}

void item_result_free(ItemResult *item)
{
    if (item == NULL)
        return;
    g_free(item->id);
    g_free(item->grade_id);
    g_free(item->title);
    g_ptr_array_unref(item->tests);
    g_ptr_array_unref(item->memory);
    g_free(item);
}

Diagnostic *diagnostic_new(const char *severity, const char *message)
{
    Diagnostic *diagnostic = g_new0(Diagnostic, 1);
    diagnostic->severity = g_strdup(severity);
    diagnostic->message = g_strdup(message);
    return diagnostic;
}

void diagnostic_free(Diagnostic *diagnostic)
{
    if (diagnostic == NULL)
        return;
    g_free(diagnostic->severity);
    g_free(diagnostic->file);
    g_free(diagnostic->message);
    g_free(diagnostic->source);
    g_free(diagnostic->hint);
    g_free(diagnostic);
}

SandboxLayer *sandbox_layer_new(const char *name, const char *state, const char *reason)
{
    SandboxLayer *sandbox_layer = g_new0(SandboxLayer, 1);
    sandbox_layer->name = g_strdup(name);
    sandbox_layer->state = g_strdup(state);
    sandbox_layer->reason = g_strdup(reason);
    return sandbox_layer;
}

void sandbox_layer_free(SandboxLayer *sandbox_layer)
{
    if (sandbox_layer == NULL)
        return;
    g_free(sandbox_layer->name);
    g_free(sandbox_layer->state);
    g_free(sandbox_layer->reason);
    g_free(sandbox_layer);
}

SubmittedFile *submitted_file_new(const char *name, const char *sha256, guint64 bytes)
{
    SubmittedFile *file = g_new0(SubmittedFile, 1);
    file->name = g_strdup(name);
    file->sha256 = g_strdup(sha256);
    file->bytes = bytes;
    return file;
}

void submitted_file_free(SubmittedFile *file)
{
    if (file == NULL)
        return;
    g_free(file->name);
    g_free(file->sha256);
    g_free(file);
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *submission_status_word(SubmissionStatus status)
{
    static const char *const words[] = {
        [SUBMISSION_GRADED] = "graded",     [SUBMISSION_NOT_COMPILED] = "not_compiled",
        [SUBMISSION_REFUSED] = "refused",   [SUBMISSION_MISSING] = "missing",
        [SUBMISSION_UNGRADED] = "ungraded",
    };
    return words[status];
}

const char *test_status_word(TestStatus status)
{
    static const char *const words[] = {
        [TEST_PASSED] = "passed",       [TEST_FAILED] = "failed",   [TEST_CRASHED] = "crashed",
        [TEST_TIMED_OUT] = "timed_out", [TEST_SKIPPED] = "skipped", [TEST_BROKEN] = "broken",
    };
    return words[status];
}

/* ---- questions ------------------------------------------------------------------------------- */

ItemResult *result_item(const Result *result, const char *id)
{
    for (guint i = 0; i < result->items->len; i++) {
        ItemResult *item = g_ptr_array_index(result->items, i);
        if (strcmp(item->id, id) == 0)
            return item;
    }
    return NULL;
}

TestResult *item_test(const ItemResult *item, const char *name)
{
    for (guint i = 0; i < item->tests->len; i++) {
        TestResult *test = g_ptr_array_index(item->tests, i);
        if (strcmp(test->name, name) == 0)
            return test;
    }
    return NULL;
}

gboolean result_is_partial(const Result *result)
{
    return result->tests != NULL && g_str_has_prefix(result->tests, "some ");
}

gboolean result_is_full(const Result *result)
{
    return result->status == SUBMISSION_GRADED && result->max_score > 0 &&
           result->score >= result->max_score;
}
