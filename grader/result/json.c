#include "result/json.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "result/fields.h"

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
        return json_string(field->words[*(const guint *)member]);
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
    for (guint i = 0; json_is_string(value) && field->words[i] != NULL; i++) {
        if (strcmp(json_string_value(value), field->words[i]) == 0) {
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
            void *new = fields_new(field->shape);
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
