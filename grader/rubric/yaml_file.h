/*
 * yaml_file.h: a YAML file as libyaml's document tree, in which each value still knows its line.
 *
 * libyaml and not libcyaml: most faults of a rubric show when all of its values are there and are
 * compared with one another, and then only the tree knows in which line each stood.
 */
#pragma once

#include <glib.h>
#include <yaml.h>

typedef struct {
    char *path; /* for messages */
    yaml_document_t document;
} YamlFile;

/*
 * Parse a file's bytes: one document of UTF-8, without aliases, not too deep. An error is of kind
 * GRADER_ERROR_RUBRIC and one line that begins with "PATH:LINE: ".
 */
YamlFile *yaml_file_parse(const char *path, const char *bytes, gsize length, GError **error);
void yaml_file_free(YamlFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(YamlFile, yaml_file_free)

/* Nodes live as long as the file. Lines count from 1. */
const yaml_node_t *yaml_file_root(const YamlFile *file);
const yaml_node_t *yaml_file_node(const YamlFile *file, int index);
guint yaml_file_line(const yaml_node_t *node);

/* The text of a scalar, ending with a NUL; it may hold others. */
const char *yaml_file_text(const yaml_node_t *scalar);

/* The first pair of a mapping that has this key, or NULL. */
const yaml_node_pair_t *yaml_file_pair(const YamlFile *file, const yaml_node_t *map,
                                       const char *key);

/*
 * The line of element `index` of the list `list` at the top, or of `key` in that element, if that
 * is not NULL. Where there is no such thing, the line of what should have held it.
 */
guint yaml_file_line_in(const YamlFile *file, const char *list, guint index, const char *key);
