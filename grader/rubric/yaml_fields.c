#include "rubric/yaml_fields.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"

#define SHOWN 60 /* bytes of the file's own text in a message */

/* Where reading is: the file, and what the value that is read is called in messages. */
typedef struct {
    const YamlFile *file;
    const char *where; /* "items", or NULL at the top */
} Place;

/* ---- messages -------------------------------------------------------------------------------- */

static gboolean G_GNUC_PRINTF(4, 5)
    fault(GError **error, Place place, const yaml_node_t *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC, "%s:%u: %s%s%s", place.file->path,
                yaml_file_line(node), place.where != NULL ? place.where : "",
                place.where != NULL ? ": " : "", what);
    return FALSE;
}

/* What a value is, as a reader would say it. */
static char *describe(const yaml_node_t *node)
{
    if (node->type == YAML_SEQUENCE_NODE)
        return g_strdup("a list");
    if (node->type == YAML_MAPPING_NODE)
        return g_strdup("a mapping");
    if (node->data.scalar.length == 0)
        return g_strdup("nothing");
    g_autofree char *shown =
        escape_text(yaml_file_text(node), (gssize)node->data.scalar.length, SHOWN, FALSE);
    return g_strdup_printf("'%s'", shown);
}

/* How many letters must be changed, added, left out or swapped with the next. */
static guint distance(const char *a, gsize n, const char *b, gsize m)
{
    guint cells[SHOWN + 1][SHOWN + 1];
    for (gsize i = 0; i <= n; i++) {
        for (gsize j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                cells[i][j] = (guint)(i + j);
                continue;
            }
            guint change = cells[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            cells[i][j] = MIN(change, MIN(cells[i - 1][j], cells[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cells[i][j] = MIN(cells[i][j], cells[i - 2][j - 2] + 1);
        }
    }
    return cells[n][m];
}

const char *yaml_nearest(const char *word, const char *const *words, guint n)
{
    const char *nearest = NULL;
    gsize length = strlen(word);
    if (length > SHOWN)
        return NULL;
    guint best = 1 + (guint)length / 3; /* further away it would be a guess */
    for (guint i = 0; i < n; i++) {
        gsize other = strlen(words[i]);
        guint changes = other > SHOWN ? G_MAXUINT : distance(word, length, words[i], other);
        if (changes <= best && changes < other && (nearest == NULL || changes < best)) {
            best = changes;
            nearest = words[i];
        }
    }
    return nearest;
}

static char *did_you_mean(const char *word, const char *const *words, guint n)
{
    const char *nearest = yaml_nearest(word, words, n);
    return nearest != NULL ? g_strdup_printf(" (did you mean '%s'?)", nearest) : g_strdup("");
}

/* ---- values ---------------------------------------------------------------------------------- */

static gboolean read_text(Place place, const YamlField *field, const yaml_node_t *node, char **into,
                          GError **error)
{
    g_autofree char *found = describe(node);
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.length == 0)
        return fault(error, place, node, "'%s' must be a text, not %s", field->key, found);
    const char *text = yaml_file_text(node);
    if (strlen(text) != node->data.scalar.length || strpbrk(text, "\n\r") != NULL)
        return fault(error, place, node, "'%s' must be one line, not %s", field->key, found);
    const char *wrong = field->wrong != NULL ? field->wrong(text) : NULL;
    if (wrong != NULL)
        return fault(error, place, node, "'%s': %s %s", field->key, found, wrong);
    g_free(*into);
    *into = g_strdup(text);
    return TRUE;
}

static gboolean read_number(Place place, const YamlField *field, const yaml_node_t *node,
                            double *into, GError **error)
{
    g_autofree char *found = describe(node);
    const char *text = node->type == YAML_SCALAR_NODE ? yaml_file_text(node) : "";
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    gboolean whole = field->kind == FIELD_COUNT;
    /* strtod would also take "inf", "nan" and "0x1p3", and stop at a NUL. */
    if (*text == '\0' || (gsize)(end - text) != node->data.scalar.length || !isfinite(value) ||
        strspn(text, "0123456789.+-eE") != node->data.scalar.length ||
        (whole && value != floor(value)))
        return fault(error, place, node, "'%s' must be a %s, not %s", field->key,
                     whole ? "whole number" : "number", found);
    if (value < field->min || value > field->max || (field->exclusive && value == field->min))
        return fault(error, place, node, "'%s' must be %s %.10g and at most %.10g, not %s",
                     field->key, field->exclusive ? "above" : "at least", field->min, field->max,
                     found);
    *into = value;
    return TRUE;
}

static gboolean read_word(Place place, const YamlField *field, const yaml_node_t *node, guint *into,
                          GError **error)
{
    g_autofree char *found = describe(node);
    const char *text = node->type == YAML_SCALAR_NODE ? yaml_file_text(node) : "";
    for (guint i = 0; field->words[i] != NULL; i++) {
        if (strcmp(text, field->words[i]) == 0) {
            *into = i;
            return TRUE;
        }
    }
    g_autofree char *all = g_strjoinv(", ", (char **)field->words);
    g_autofree char *hint = did_you_mean(text, field->words, g_strv_length((char **)field->words));
    return fault(error, place, node, "'%s' must be one of %s, not %s%s", field->key, all, found,
                 hint);
}

static gboolean read_map(Place place, const YamlShape *shape, const yaml_node_t *node, void *into,
                         GError **error);

static gboolean read_element(Place place, const YamlField *field, const yaml_node_t *node,
                             GPtrArray *into, GError **error)
{
    if (field->kind == FIELD_MAPS) {
        void *element = field->shape->create();
        g_ptr_array_add(into, element);
        return read_map((Place){place.file, field->key}, field->shape, node, element, error);
    }
    char *text = NULL;
    if (!read_text(place, field, node, &text, error))
        return FALSE;
    g_ptr_array_add(into, text);
    return TRUE;
}

static gboolean read_list(Place place, const YamlField *field, const yaml_node_t *node,
                          GPtrArray *into, GError **error)
{
    g_autofree char *found = describe(node);
    if (node->type != YAML_SEQUENCE_NODE)
        return fault(error, place, node, "'%s' must be a list, not %s", field->key, found);
    const yaml_node_item_t *item = node->data.sequence.items.start;
    if (item == node->data.sequence.items.top && (!field->optional || field->min > 0))
        return fault(error, place, node, "'%s' is an empty list", field->key);
    if ((double)(node->data.sequence.items.top - item) > field->max)
        return fault(error, place, node, "'%s' has more than %.0f entries", field->key, field->max);
    for (; item < node->data.sequence.items.top; item++)
        if (!read_element(place, field, yaml_file_node(place.file, *item), into, error))
            return FALSE;
    return TRUE;
}

static gboolean read_value(Place place, const YamlField *field, const yaml_node_t *node, void *into,
                           GError **error)
{
    static const char *const flags[] = {"false", "true", NULL};
    void *member = (char *)into + field->offset;
    YamlField flag = *field;
    flag.words = flags;
    double number = 0;
    switch (field->kind) {
    case FIELD_TEXT:
        return read_text(place, field, node, member, error);
    case FIELD_NUMBER:
        return read_number(place, field, node, member, error);
    case FIELD_COUNT:
        if (!read_number(place, field, node, &number, error))
            return FALSE;
        *(guint *)member = (guint)number;
        return TRUE;
    case FIELD_FLAG:
        return read_word(place, &flag, node, member, error);
    case FIELD_WORD:
        return read_word(place, field, node, member, error);
    case FIELD_TEXTS:
    case FIELD_MAPS:
        return read_list(place, field, node, *(GPtrArray **)member, error);
    case FIELD_MAP:
        return read_map((Place){place.file, field->key}, field->shape, node, member, error);
    }
    g_assert_not_reached();
}

/* ---- mappings -------------------------------------------------------------------------------- */

static const YamlField *find_field(const YamlShape *shape, const char *key)
{
    for (guint i = 0; i < shape->n_fields; i++)
        if (strcmp(shape->fields[i].key, key) == 0)
            return &shape->fields[i];
    return NULL;
}

static gboolean unknown_key(Place place, const YamlShape *shape, const yaml_node_t *key,
                            GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (guint i = 0; i < shape->n_fields; i++)
        g_ptr_array_add(known, (gpointer)shape->fields[i].key);
    g_autofree char *hint =
        did_you_mean(yaml_file_text(key), (const char *const *)known->pdata, known->len);
    g_autofree char *found = describe(key);
    return fault(error, place, key, "unknown key %s%s", found, hint);
}

static gboolean read_pair(Place place, const YamlShape *shape, const yaml_node_t *map,
                          const yaml_node_pair_t *pair, void *into, GError **error)
{
    const yaml_node_t *key = yaml_file_node(place.file, pair->key);
    g_autofree char *found = describe(key);
    if (key->type != YAML_SCALAR_NODE)
        return fault(error, place, key, "a key must be a word, not %s", found);
    const YamlField *field = find_field(shape, yaml_file_text(key));
    if (field == NULL)
        return unknown_key(place, shape, key, error);
    const yaml_node_pair_t *first = yaml_file_pair(place.file, map, field->key);
    if (first != pair)
        return fault(error, place, key, "'%s' is there twice, first in line %u", field->key,
                     yaml_file_line(yaml_file_node(place.file, first->key)));
    return read_value(place, field, yaml_file_node(place.file, pair->value), into, error);
}

static gboolean read_map(Place place, const YamlShape *shape, const yaml_node_t *node, void *into,
                         GError **error)
{
    g_autofree char *found = describe(node);
    if (node->type != YAML_MAPPING_NODE)
        return fault(error, place, node, "there must be a mapping of keys to values here, not %s",
                     found);
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++)
        if (!read_pair(place, shape, node, pair, into, error))
            return FALSE;
    for (guint i = 0; i < shape->n_fields; i++) {
        const YamlField *field = &shape->fields[i];
        if (!field->optional && yaml_file_pair(place.file, node, field->key) == NULL)
            return fault(error, place, node, "'%s' is missing", field->key);
    }
    return TRUE;
}

gboolean yaml_fields_read(const YamlFile *file, const YamlShape *shape, void *into, GError **error)
{
    return read_map((Place){file, NULL}, shape, yaml_file_root(file), into, error);
}
