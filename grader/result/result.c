#include "result/result.h"

#include <stddef.h>
#include <string.h>

#include "result/fields.h"

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const submission_words[] = {
    [SUBMISSION_GRADED] = "graded",     [SUBMISSION_NOT_COMPILED] = "not_compiled",
    [SUBMISSION_REFUSED] = "refused",   [SUBMISSION_MISSING] = "missing",
    [SUBMISSION_UNGRADED] = "ungraded", NULL,
};

static const char *const test_words[] = {
    [TEST_PASSED] = "passed",
    [TEST_FAILED] = "failed",
    [TEST_CRASHED] = "crashed",
    [TEST_TIMED_OUT] = "timed_out",
    [TEST_SKIPPED] = "skipped",
    [TEST_BROKEN] = "broken",
    NULL,
};

const char *submission_status_word(SubmissionStatus status)
{
    return submission_words[status];
}

const char *test_status_word(TestStatus status)
{
    return test_words[status];
}

/* ---- fields ---------------------------------------------------------------------------------- */

#define ROW(type, name, what) .key = #name, .kind = (what), .offset = offsetof(type, name)
#define SHAPE(fields, type, free_function)                                                         \
    {                                                                                              \
        fields, G_N_ELEMENTS(fields), sizeof(type), (GDestroyNotify)(free_function)                \
    }

static const Field test_fields[] = {
    {ROW(TestResult, name, FIELD_TEXT), .required = TRUE},
    {ROW(TestResult, title, FIELD_TEXT)},
    {ROW(TestResult, status, FIELD_STATUS), .words = test_words},
    {ROW(TestResult, message, FIELD_TEXT)},
    {ROW(TestResult, hint, FIELD_TEXT)},
    {ROW(TestResult, failure, FIELD_TEXT)},
    {ROW(TestResult, cause, FIELD_TEXT)},
    {ROW(TestResult, printed, FIELD_TEXT)},
    {ROW(TestResult, assertions, FIELD_UINT)},
};
static const Shape test_shape = SHAPE(test_fields, TestResult, test_result_free);

static const Field finding_fields[] = {
    {ROW(MemoryFinding, kind, FIELD_TEXT), .required = TRUE},
    {ROW(MemoryFinding, message, FIELD_TEXT)},
    {ROW(MemoryFinding, hint, FIELD_TEXT)},
    {ROW(MemoryFinding, bytes, FIELD_BIG)},
    {ROW(MemoryFinding, function, FIELD_TEXT)},
    {ROW(MemoryFinding, file, FIELD_TEXT)},
    {ROW(MemoryFinding, line, FIELD_UINT)},
    {ROW(MemoryFinding, source, FIELD_TEXT)},
    {ROW(MemoryFinding, detail, FIELD_TEXT)},
    {ROW(MemoryFinding, tests, FIELD_TEXTS)},
    {ROW(MemoryFinding, count, FIELD_UINT)},
};
static const Shape finding_shape = SHAPE(finding_fields, MemoryFinding, memory_finding_free);

static const Field item_fields[] = {
    {ROW(ItemResult, id, FIELD_TEXT), .required = TRUE},
    {ROW(ItemResult, grade_id, FIELD_TEXT)},
    {ROW(ItemResult, title, FIELD_TEXT)},
    {ROW(ItemResult, points, FIELD_POINTS)},
    {ROW(ItemResult, max_points, FIELD_POINTS)},
    {ROW(ItemResult, penalty, FIELD_POINTS)},
    {ROW(ItemResult, extra, FIELD_BOOLEAN)},
    {ROW(ItemResult, tests, FIELD_STRUCTS), .shape = &test_shape},
    {ROW(ItemResult, memory, FIELD_STRUCTS), .shape = &finding_shape},
};
static const Shape item_shape = SHAPE(item_fields, ItemResult, item_result_free);

static const Field diagnostic_fields[] = {
    {ROW(Diagnostic, severity, FIELD_TEXT), .required = TRUE},
    {ROW(Diagnostic, file, FIELD_TEXT)},
    {ROW(Diagnostic, line, FIELD_UINT)},
    {ROW(Diagnostic, column, FIELD_UINT)},
    {ROW(Diagnostic, message, FIELD_TEXT), .required = TRUE},
    {ROW(Diagnostic, source, FIELD_TEXT)},
    {ROW(Diagnostic, hint, FIELD_TEXT)},
};
static const Shape diagnostic_shape = SHAPE(diagnostic_fields, Diagnostic, diagnostic_free);

static const Field layer_fields[] = {
    {ROW(SandboxLayer, name, FIELD_TEXT), .required = TRUE},
    {ROW(SandboxLayer, state, FIELD_TEXT), .required = TRUE},
    {ROW(SandboxLayer, reason, FIELD_TEXT)},
};
static const Shape layer_shape = SHAPE(layer_fields, SandboxLayer, sandbox_layer_free);

static const Field file_fields[] = {
    {ROW(SubmittedFile, name, FIELD_TEXT), .required = TRUE},
    {ROW(SubmittedFile, sha256, FIELD_TEXT)},
    {ROW(SubmittedFile, bytes, FIELD_BIG)},
};
static const Shape file_shape = SHAPE(file_fields, SubmittedFile, submitted_file_free);

static const Field result_fields[] = {
    {ROW(Result, submission, FIELD_TEXT), .required = TRUE},
    {ROW(Result, path, FIELD_TEXT)},
    {ROW(Result, assignment, FIELD_TEXT)},
    {ROW(Result, tests, FIELD_TEXT)},
    {ROW(Result, status, FIELD_STATUS), .words = submission_words},
    {ROW(Result, reason, FIELD_TEXT)},
    {ROW(Result, score, FIELD_POINTS)},
    {ROW(Result, max_score, FIELD_POINTS)},
    {ROW(Result, extra, FIELD_POINTS)},
    {ROW(Result, seed, FIELD_UINT)},
    {ROW(Result, items, FIELD_STRUCTS), .shape = &item_shape},
    {ROW(Result, diagnostics, FIELD_STRUCTS), .shape = &diagnostic_shape},
    {ROW(Result, memory_state, FIELD_TEXT)},
    {ROW(Result, sandbox, FIELD_STRUCTS), .shape = &layer_shape},
    {ROW(Result, files, FIELD_STRUCTS), .shape = &file_shape},
    {ROW(Result, versions, FIELD_TEXT_MAP)},
    {ROW(Result, cpu_usec, FIELD_BIG)},
    {ROW(Result, graded_at, FIELD_TEXT)},
};
const Shape result_shape = SHAPE(result_fields, Result, result_free);

/* ---- life cycles ----------------------------------------------------------------------------- */

void *fields_new(const Shape *shape)
{
    void *new = g_malloc0(shape->size);
    for (guint i = 0; i < shape->n_fields; i++) {
        const Field *field = &shape->fields[i];
        void *member = (char *)new + field->offset;
        if (field->kind == FIELD_TEXTS)
            *(GPtrArray **)member = g_ptr_array_new_with_free_func(g_free);
        else if (field->kind == FIELD_STRUCTS)
            *(GPtrArray **)member = g_ptr_array_new_with_free_func(field->shape->free);
        else if (field->kind == FIELD_TEXT_MAP)
            *(GHashTable **)member = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    return new;
}

static void fields_free(const Shape *shape, void *old)
{
    for (guint i = 0; old != NULL && i < shape->n_fields; i++) {
        void *member = (char *)old + shape->fields[i].offset;
        switch (shape->fields[i].kind) {
        case FIELD_TEXT:
            g_free(*(char **)member);
            break;
        case FIELD_TEXTS:
        case FIELD_STRUCTS:
            g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
            break;
        case FIELD_TEXT_MAP:
            g_clear_pointer((GHashTable **)member, g_hash_table_unref);
            break;
        default:
            break;
        }
    }
    g_free(old);
}

void result_free(Result *result)
{
    fields_free(&result_shape, result);
}

void test_result_free(TestResult *test)
{
    fields_free(&test_shape, test);
}

void memory_finding_free(MemoryFinding *finding)
{
    fields_free(&finding_shape, finding);
}

void item_result_free(ItemResult *item)
{
    fields_free(&item_shape, item);
}

void diagnostic_free(Diagnostic *diagnostic)
{
    fields_free(&diagnostic_shape, diagnostic);
}

void sandbox_layer_free(SandboxLayer *layer)
{
    fields_free(&layer_shape, layer);
}

void submitted_file_free(SubmittedFile *file)
{
    fields_free(&file_shape, file);
}

static void *copy_text(const void *text, G_GNUC_UNUSED void *data)
{
    return g_strdup(text);
}

/* Of the type GCopyFunc; `data` is the shape. */
static void *fields_copy(const void *from, void *data)
{
    const Shape *shape = data;
    void *copy = g_memdup2(from, shape->size);
    for (guint i = 0; i < shape->n_fields; i++) {
        const Field *field = &shape->fields[i];
        void *member = (char *)copy + field->offset;
        if (field->kind == FIELD_TEXT)
            *(char **)member = g_strdup(*(char **)member);
        else if (field->kind == FIELD_TEXTS)
            *(GPtrArray **)member = g_ptr_array_copy(*(GPtrArray **)member, copy_text, NULL);
        else if (field->kind == FIELD_STRUCTS)
            *(GPtrArray **)member =
                g_ptr_array_copy(*(GPtrArray **)member, fields_copy, (void *)field->shape);
        else if (field->kind == FIELD_TEXT_MAP)
            g_hash_table_ref(*(GHashTable **)member);
    }
    return copy;
}

Result *result_new(const char *submission, const char *path)
{
    Result *result = fields_new(&result_shape);
    result->submission = g_strdup(submission);
    result->path = g_strdup(path);
    return result;
}

Result *result_copy(const Result *result)
{
    return fields_copy(result, (void *)&result_shape);
}

TestResult *test_result_new(const char *name, const char *title)
{
    TestResult *test = fields_new(&test_shape);
    test->name = g_strdup(name);
    test->title = g_strdup(title);
    return test;
}

MemoryFinding *memory_finding_new(const char *kind)
{
    MemoryFinding *finding = fields_new(&finding_shape);
    finding->kind = g_strdup(kind);
    return finding;
}

ItemResult *item_result_new(const char *id, const char *grade_id, const char *title, double max)
{
    ItemResult *item = fields_new(&item_shape);
    item->id = g_strdup(id);
    item->grade_id = g_strdup(grade_id);
    item->title = g_strdup(title);
    item->max_points = max;
    return item;
}

Diagnostic *diagnostic_new(const char *severity, const char *message)
{
    Diagnostic *diagnostic = fields_new(&diagnostic_shape);
    diagnostic->severity = g_strdup(severity);
    diagnostic->message = g_strdup(message);
    return diagnostic;
}

SandboxLayer *sandbox_layer_new(const char *name, const char *state, const char *reason)
{
    SandboxLayer *layer = fields_new(&layer_shape);
    layer->name = g_strdup(name);
    layer->state = g_strdup(state);
    layer->reason = g_strdup(reason);
    return layer;
}

SubmittedFile *submitted_file_new(const char *name, const char *sha256, guint64 bytes)
{
    SubmittedFile *file = fields_new(&file_shape);
    file->name = g_strdup(name);
    file->sha256 = g_strdup(sha256);
    file->bytes = bytes;
    return file;
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

gboolean test_is_unwritten(const TestResult *test)
{
    return (test->status == TEST_FAILED || test->status == TEST_SKIPPED) &&
           (g_strcmp0(test->failure, "not_implemented") == 0 ||
            g_strcmp0(test->failure, "not_defined") == 0);
}

gboolean item_is_unwritten(const ItemResult *item)
{
    for (guint i = 0; i < item->tests->len; i++)
        if (!test_is_unwritten(g_ptr_array_index(item->tests, i)))
            return FALSE;
    return item->tests->len > 0;
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
