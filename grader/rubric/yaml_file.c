#include "rubric/yaml_file.h"

#include <string.h>

#include "base/error.h"

#define MAX_DEPTH 16

/* ---- the tree -------------------------------------------------------------------------------- */

const yaml_node_t *yaml_file_node(const YamlFile *file, int index)
{
    /* libyaml knows no const. */
    return yaml_document_get_node((yaml_document_t *)&file->document, index);
}

const yaml_node_t *yaml_file_root(const YamlFile *file)
{
    return yaml_document_get_root_node((yaml_document_t *)&file->document);
}

guint yaml_file_line(const yaml_node_t *node)
{
    return (guint)node->start_mark.line + 1;
}

const char *yaml_file_text(const yaml_node_t *scalar)
{
    return (const char *)scalar->data.scalar.value;
}

const yaml_node_pair_t *yaml_file_pair(const YamlFile *file, const yaml_node_t *map,
                                       const char *key)
{
    const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
    for (; pair < map->data.mapping.pairs.top; pair++) {
        const yaml_node_t *node = yaml_file_node(file, pair->key);
        if (node->type == YAML_SCALAR_NODE && strcmp(yaml_file_text(node), key) == 0)
            return pair;
    }
    return NULL;
}

guint yaml_file_line_in(const YamlFile *file, const char *list, guint index, const char *key)
{
    const yaml_node_t *node = yaml_file_root(file);
    const yaml_node_pair_t *pair = yaml_file_pair(file, node, list);
    if (pair == NULL)
        return yaml_file_line(node);
    node = yaml_file_node(file, pair->value);
    const yaml_node_item_t *items = node->data.sequence.items.start;
    if (node->type != YAML_SEQUENCE_NODE || index >= node->data.sequence.items.top - items)
        return yaml_file_line(yaml_file_node(file, pair->key));
    node = yaml_file_node(file, items[index]);
    pair = key != NULL && node->type == YAML_MAPPING_NODE ? yaml_file_pair(file, node, key) : NULL;
    return yaml_file_line(pair != NULL ? yaml_file_node(file, pair->key) : node);
}

/* ---- parsing --------------------------------------------------------------------------------- */

static gboolean fault(GError **error, const char *path, guint line, const char *what)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC, "%s:%u: %s", path, line, what);
    return FALSE;
}

static guint line_at(const char *bytes, gsize offset)
{
    guint line = 1;
    for (gsize i = 0; i < offset; i++)
        line += bytes[i] == '\n';
    return line;
}

/* libyaml gives no line for bytes that are no text, so these are refused before. */
static gboolean is_text(const char *path, const char *bytes, gsize length, GError **error)
{
    const char *end = NULL;
    gboolean utf8 = g_utf8_validate_len(bytes, length, &end);
    for (const char *at = bytes; at < end; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_iscntrl(c) && strchr("\n\r\t", (int)c) == NULL && c != 0x85)
            return fault(error, path, line_at(bytes, (gsize)(at - bytes)),
                         "holds control characters: this is no text file");
    }
    return utf8 || fault(error, path, line_at(bytes, (gsize)(end - bytes)),
                         "holds bytes that are not UTF-8: this is no text file");
}

static gboolean syntax_fault(const yaml_parser_t *parser, const char *path, GError **error)
{
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be parsed";
    if (parser->error == YAML_MEMORY_ERROR)
        problem = "is nested too deeply or too large";
    g_autofree char *what = g_strdup_printf("not valid YAML: %s", problem);
    return fault(error, path, (guint)parser->problem_mark.line + 1, what);
}

typedef struct {
    guint documents, depth;
} Seen;

/* What the tree could not say afterwards, or could not hold. */
static gboolean check_event(const yaml_event_t *event, Seen *seen, const char *path, GError **error)
{
    guint line = (guint)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return ++seen->documents == 1 || fault(error, path, line, "a second document begins here");
    case YAML_ALIAS_EVENT:
        return fault(error, path, line, "aliases (*) are not supported: write it out");
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return ++seen->depth <= MAX_DEPTH || fault(error, path, line, "is nested too deeply");
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        seen->depth--;
        return TRUE;
    default:
        return TRUE;
    }
}

/* Go through the file once before the tree is made: libyaml is slow on deep nesting. */
static gboolean scan(yaml_parser_t *parser, YamlFile *file, GError **error)
{
    Seen seen = {0};
    for (gboolean more = TRUE; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return syntax_fault(parser, file->path, error);
        gboolean good = check_event(&event, &seen, file->path, error);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!good)
            return FALSE;
    }
    return seen.documents > 0 || fault(error, file->path, 1, "the file is empty");
}

static gboolean load(yaml_parser_t *parser, YamlFile *file, GError **error)
{
    return yaml_parser_load(parser, &file->document) || syntax_fault(parser, file->path, error);
}

typedef gboolean Pass(yaml_parser_t *parser, YamlFile *file, GError **error);

static gboolean parse(Pass *pass, YamlFile *file, const char *bytes, gsize length, GError **error)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return fault(error, file->path, 1, "no memory to parse it");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    gboolean good = pass(&parser, file, error);
    yaml_parser_delete(&parser);
    return good;
}

YamlFile *yaml_file_parse(const char *path, const char *bytes, gsize length, GError **error)
{
    if (!is_text(path, bytes, length, error))
        return NULL;
    YamlFile *file = g_new0(YamlFile, 1);
    file->path = g_strdup(path);
    if (parse(scan, file, bytes, length, error) && parse(load, file, bytes, length, error))
        return file;
    yaml_file_free(file);
    return NULL;
}

void yaml_file_free(YamlFile *file)
{
    if (file == NULL)
        return;
    yaml_document_delete(&file->document);
    g_free(file->path);
    g_free(file);
}
