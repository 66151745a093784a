#include "result/json.h"

#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"

/* ---- the schema ------------------------------------------------------------------------------ */

/*
 * One table for each struct serves writing and reading, so that neither can forget what the other
 * knows. The order of the rows is the order of the keys.
 */
typedef enum {
    FIELD_TEXT,     /* char *, may be NULL */
    FIELD_POINTS,   /* double */
    FIELD_UINT,     /* guint */
    FIELD_BIG,      /* guint64 or gint64, not negative */
    FIELD_BOOLEAN,  /* gboolean */
    FIELD_STATUS,   /* an enum, by its word */
    FIELD_TEXTS,    /* GPtrArray of char * */
    FIELD_STRUCTS,  /* GPtrArray of structs */
    FIELD_TEXT_MAP, /* GHashTable of char * to char * */
} Kind;

typedef struct Shape Shape;

typedef struct {
    const char *key;
    gsize offset;
    Kind kind;
    gboolean required; /* reading refuses NULL; what the rest of the grader relies on */
    guint n_words;     /* of FIELD_STATUS */
    const char *(*word)(guint value);
    const Shape *shape; /* of FIELD_STRUCTS */
} Field;

struct Shape {
    const Field *fields;
    guint n_fields;
    void *(*create)(void);
};

static const char *submission_word(guint value)
{
    return submission_status_word((SubmissionStatus)value);
}

static const char *test_word(guint value)
{
    return test_status_word((TestStatus)value);
}

static void *new_test(void)
{
    return test_result_new(NULL, NULL);
}

static void *new_finding(void)
{
    return memory_finding_new(NULL);
}

static void *new_item(void)
{
    return item_result_new(NULL, NULL, NULL, 0);
}

static void *new_diagnostic(void)
{
    return diagnostic_new(NULL, NULL);
}

static void *new_layer(void)
{
    return sandbox_layer_new(NULL, NULL, NULL);
}

static void *new_file(void)
{
    return submitted_file_new(NULL, NULL, 0);
}

#define ROW(type, name, what) .key = #name, .kind = (what), .offset = offsetof(type, name)

static const Field test_fields[] = {
    {ROW(TestResult, name, FIELD_TEXT), .required = TRUE},
    {ROW(TestResult, title, FIELD_TEXT)},
    {ROW(TestResult, status, FIELD_STATUS), .word = test_word, .n_words = TEST_BROKEN + 1},
    {ROW(TestResult, message, FIELD_TEXT)},
    {ROW(TestResult, hint, FIELD_TEXT)},
    {ROW(TestResult, failure, FIELD_TEXT)},
    {ROW(TestResult, cause, FIELD_TEXT)},
    {ROW(TestResult, printed, FIELD_TEXT)},
    {ROW(TestResult, assertions, FIELD_UINT)},
};
static const Shape test_shape = {test_fields, G_N_ELEMENTS(test_fields), new_test};

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
static const Shape finding_shape = {finding_fields, G_N_ELEMENTS(finding_fields), new_finding};

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
static const Shape item_shape = {item_fields, G_N_ELEMENTS(item_fields), new_item};

static const Field diagnostic_fields[] = {
    {ROW(Diagnostic, severity, FIELD_TEXT), .required = TRUE},
    {ROW(Diagnostic, file, FIELD_TEXT)},
    {ROW(Diagnostic, line, FIELD_UINT)},
    {ROW(Diagnostic, column, FIELD_UINT)},
    {ROW(Diagnostic, message, FIELD_TEXT), .required = TRUE},
    {ROW(Diagnostic, source, FIELD_TEXT)},
    {ROW(Diagnostic, hint, FIELD_TEXT)},
};
static const Shape diagnostic_shape = {diagnostic_fields, G_N_ELEMENTS(diagnostic_fields),
                                       new_diagnostic};

static const Field layer_fields[] = {
    {ROW(SandboxLayer, name, FIELD_TEXT), .required = TRUE},
    {ROW(SandboxLayer, state, FIELD_TEXT), .required = TRUE},
    {ROW(SandboxLayer, reason, FIELD_TEXT)},
};
static const Shape layer_shape = {layer_fields, G_N_ELEMENTS(layer_fields), new_layer};

static const Field file_fields[] = {
    {ROW(SubmittedFile, name, FIELD_TEXT), .required = TRUE},
    {ROW(SubmittedFile, sha256, FIELD_TEXT)},
    {ROW(SubmittedFile, bytes, FIELD_BIG)},
};
static const Shape file_shape = {file_fields, G_N_ELEMENTS(file_fields), new_file};

static const Field result_fields[] = {
    {ROW(Result, submission, FIELD_TEXT), .required = TRUE},
    {ROW(Result, path, FIELD_TEXT)},
    {ROW(Result, assignment, FIELD_TEXT)},
    {ROW(Result, tests, FIELD_TEXT)},
    {ROW(Result, status, FIELD_STATUS), .word = submission_word,
     .n_words = SUBMISSION_UNGRADED + 1},
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
static const Shape result_shape = {result_fields, G_N_ELEMENTS(result_fields), NULL};

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *write_struct(const Shape *shape, const void *from);

static json_t *write_text(const char *text)
{
    if (text == NULL)
        return json_null();
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

static json_t *write_array(const GPtrArray *array, const Shape *shape)
{
    json_t *list = json_array();
    for (guint i = 0; i < array->len; i++) {
        const void *element = g_ptr_array_index(array, i);
        json_array_append_new(list,
                              shape != NULL ? write_struct(shape, element) : write_text(element));
    }
    return list;
}

static json_t *write_text_map(GHashTable *table)
{
    json_t *object = json_object();
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
    for (const GList *key = keys; key != NULL; key = key->next)
        json_object_set_new(object, key->data, write_text(g_hash_table_lookup(table, key->data)));
    return object;
}

static json_t *write_field(const Field *field, const void *from)
{
    const void *member = (const char *)from + field->offset;
    switch (field->kind) {
    case FIELD_TEXT:
        return write_text(*(char *const *)member);
    case FIELD_POINTS:
        return json_real(*(const double *)member);
    case FIELD_UINT:
        return json_integer(*(const guint *)member);
    case FIELD_BIG:
        return json_integer((json_int_t)MIN(*(const guint64 *)member, G_MAXINT64));
    case FIELD_BOOLEAN:
        return json_boolean(*(const gboolean *)member);
    case FIELD_STATUS:
        return json_string(field->word(*(const guint *)member));
    case FIELD_TEXTS:
    case FIELD_STRUCTS:
        return write_array(*(GPtrArray *const *)member, field->shape);
    case FIELD_TEXT_MAP:
        return write_text_map(*(GHashTable *const *)member);
    }
    g_assert_not_reached();
}

static json_t *write_struct(const Shape *shape, const void *from)
{
    json_t *object = json_object();
    for (guint i = 0; i < shape->n_fields; i++)
        json_object_set_new(object, shape->fields[i].key, write_field(&shape->fields[i], from));
    return object;
}

char *result_to_json(const Result *result)
{
    json_t *object = write_struct(&result_shape, result);
    json_t *schema = json_pack("{s:i}", "schema", RESULT_SCHEMA);
    json_object_update(schema, object);
    char *text = json_dumps(schema, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    g_autofree char *safe = escape_json(text);
    char *line = g_strconcat(safe, "\n", NULL);
    free(text);
    json_decref(object);
    json_decref(schema);
    return line;
}

gboolean result_save(const Result *result, const char *path, GError **error)
{
    g_autofree char *text = result_to_json(result);
    g_autoptr(GError) why = NULL;
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &why))
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "cannot write '%s': %s", path,
                why->message);
    return FALSE;
}

/* ---- reading --------------------------------------------------------------------------------- */

static gboolean fault(GError **error, const char *key, const char *what)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "not a result of this grader: '%s' %s",
                key, what);
    return FALSE;
}

static gboolean read_struct(const Shape *shape, const json_t *object, void *into, GError **error);

static gboolean read_text(const Field *field, const json_t *value, char **into, GError **error)
{
    if (json_is_null(value) && !field->required)
        return TRUE;
    if (!json_is_string(value))
        return fault(error, field->key, "is no text");
    g_free(*into);
    *into = g_strdup(json_string_value(value));
    return TRUE;
}

static gboolean read_integer(const Field *field, const json_t *value, json_int_t most,
                             json_int_t *into, GError **error)
{
    *into = json_integer_value(value);
    if (!json_is_integer(value) || *into < 0 || *into > most)
        return fault(error, field->key, "is no whole number in its range");
    return TRUE;
}

static gboolean read_status(const Field *field, const json_t *value, guint *into, GError **error)
{
    for (guint i = 0; json_is_string(value) && i < field->n_words; i++) {
        if (strcmp(json_string_value(value), field->word(i)) == 0) {
            *into = i;
            return TRUE;
        }
    }
    return fault(error, field->key, "is no known status");
}

static gboolean read_array(const Field *field, const json_t *value, GPtrArray *into, GError **error)
{
    if (!json_is_array(value))
        return fault(error, field->key, "is no list");
    for (gsize i = 0; i < json_array_size(value); i++) {
        const json_t *element = json_array_get(value, i);
        if (field->shape != NULL) {
            void *new = field->shape->create();
            g_ptr_array_add(into, new);
            if (!read_struct(field->shape, element, new, error))
                return FALSE;
        } else if (!json_is_string(element)) {
            return fault(error, field->key, "holds something that is no text");
        } else {
            g_ptr_array_add(into, g_strdup(json_string_value(element)));
        }
    }
    return TRUE;
}

static gboolean read_text_map(const Field *field, json_t *value, GHashTable *into, GError **error)
{
    const char *key;
    json_t *text;
    if (!json_is_object(value))
        return fault(error, field->key, "is no object");
    json_object_foreach(value, key, text)
    {
        if (!json_is_string(text))
            return fault(error, key, "is no text");
        g_hash_table_insert(into, g_strdup(key), g_strdup(json_string_value(text)));
    }
    return TRUE;
}

static gboolean read_field(const Field *field, json_t *value, void *into, GError **error)
{
    void *member = (char *)into + field->offset;
    json_int_t number = 0;
    switch (field->kind) {
    case FIELD_TEXT:
        return read_text(field, value, member, error);
    case FIELD_POINTS:
        *(double *)member = json_number_value(value);
        return json_is_number(value) || fault(error, field->key, "is no number");
    case FIELD_UINT:
        if (!read_integer(field, value, G_MAXUINT, &number, error))
            return FALSE;
        *(guint *)member = (guint)number;
        return TRUE;
    case FIELD_BIG:
        if (!read_integer(field, value, G_MAXINT64, &number, error))
            return FALSE;
        *(guint64 *)member = (guint64)number;
        return TRUE;
    case FIELD_BOOLEAN:
        *(gboolean *)member = json_is_true(value);
        return json_is_boolean(value) || fault(error, field->key, "is neither true nor false");
    case FIELD_STATUS:
        return read_status(field, value, member, error);
    case FIELD_TEXTS:
    case FIELD_STRUCTS:
        return read_array(field, value, *(GPtrArray **)member, error);
    case FIELD_TEXT_MAP:
        return read_text_map(field, value, *(GHashTable **)member, error);
    }
    g_assert_not_reached();
}

static gboolean read_struct(const Shape *shape, const json_t *object, void *into, GError **error)
{
    for (guint i = 0; i < shape->n_fields; i++) {
        const Field *field = &shape->fields[i];
        json_t *value = json_object_get(object, field->key);
        if (value == NULL)
            return fault(error, field->key, "is missing");
        if (!read_field(field, value, into, error))
            return FALSE;
    }
    return TRUE;
}

Result *result_from_json(const char *text, gsize length, GError **error)
{
    json_error_t problem;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (object == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "not a result of this grader: line %d: %s", problem.line, problem.text);
        return NULL;
    }
    g_autoptr(Result) result = result_new(NULL, NULL);
    json_t *schema = json_object_get(object, "schema");
    gboolean good = json_integer_value(schema) == RESULT_SCHEMA
                        ? read_struct(&result_shape, object, result, error)
                        : fault(error, "schema", "is not " G_STRINGIFY(RESULT_SCHEMA));
    json_decref(object);
    return good ? g_steal_pointer(&result) : NULL;
}
