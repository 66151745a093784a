/*
 * fields.h: the fields of the structs in result.h, in tables, for code that goes through all of
 * them: making, copying and freeing a Result, writing it as JSON and reading it. A new field of a
 * Result is a new row in result.c, and none of them can forget it.
 */
#pragma once

#include <glib.h>

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
} FieldKind;

typedef struct Shape Shape;

typedef struct {
    const char *key;
    gsize offset;
    FieldKind kind;
    gboolean required;        /* reading refuses NULL: the rest of the grader relies on it */
    const char *const *words; /* of FIELD_STATUS, for 0, 1, 2 ...; NULL at the end */
    const Shape *shape;       /* of FIELD_STRUCTS */
} Field;

/* The rows are in the order of the keys in JSON. */
struct Shape {
    const Field *fields;
    guint n_fields;
    gsize size;
    GDestroyNotify free; /* of one struct */
};

extern const Shape result_shape;

/* A struct whose lists and tables are there and empty; everything else is 0. */
void *fields_new(const Shape *shape);
