/*
 * json.h: a Result as the JSON object of result.json, and back. The README lists the keys that
 * others may rely on; the schema has a number that changes when their meaning does.
 */
#pragma once

#include "result/result.h"

#define RESULT_SCHEMA 1

/* The object as text, indented by two, ending with a newline. */
char *result_to_json(const Result *result);

/* NULL and an error if the text is not such an object. */
Result *result_from_json(const char *text, gsize length, GError **error);

/* Write it to a file, whole or not at all. */
gboolean result_save(const Result *result, const char *path, GError **error);
