/*
 * yaml_fields.h: a YAML file read into structs by tables of fields.
 *
 * A YamlShape lists the keys that a mapping may have and where in a struct each value goes; a new
 * key of the rubric is a new row. Every fault of the file is a GError of kind GRADER_ERROR_RUBRIC,
 * one line "FILE:LINE: WHERE: WHAT": unknown, doubled and missing keys, and wrong values.
 */
#pragma once

#include "rubric/yaml_file.h"

typedef enum {
    FIELD_TEXT,   /* char *: one line, not empty */
    FIELD_NUMBER, /* double from min to max, or above min if that is `exclusive` */
    FIELD_COUNT,  /* guint: whole, from min to max */
    FIELD_FLAG,   /* gboolean: true or false */
    FIELD_WORD,   /* an enum whose values are 0, 1, 2 ...: one of `words` */
    FIELD_TEXTS,  /* GPtrArray of char *: a list */
    FIELD_MAP,    /* a mapping, read into the struct at `offset` */
    FIELD_MAPS,   /* GPtrArray of structs: a list of mappings */
} YamlFieldKind;

typedef struct YamlShape YamlShape;

typedef struct {
    const char *key;
    gsize offset; /* of the member in the struct */
    YamlFieldKind kind;
    gboolean optional;        /* if the key is missing, the member stays as it was */
    gboolean exclusive;       /* the value may not be min itself */
    double min, max;          /* of numbers and counts, and of how many values a list may hold: an
                           optional one may be empty if min is 0 */
    const char *const *words; /* of FIELD_WORD, NULL-terminated */
    const char *(*wrong)(const char *text); /* why a text cannot be used, or NULL; optional */
    const YamlShape *shape;                 /* of FIELD_MAP and FIELD_MAPS */
} YamlField;

struct YamlShape {
    const YamlField *fields;
    guint n_fields;
    void *(*create)(void); /* of FIELD_MAPS: a new element, its own arrays there and empty */
};

/* Fill `into`, whose arrays are there and empty. On an error some of it may be filled. */
gboolean yaml_fields_read(const YamlFile *file, const YamlShape *shape, void *into, GError **error);

/* The one of n words that is a likely misspelling of `word`, or NULL. */
const char *yaml_nearest(const char *word, const char *const *words, guint n);
