/*
 * wrap.h: text in 80 columns. Columns are counted as a terminal shows them: two for a wide
 * character, none for a combining one. Text must be escaped before (escape.h).
 */
#pragma once

#include <glib.h>

#define WRAP_WIDTH 80

/* How many columns the text takes. */
guint wrap_columns(const char *text);

/*
 * Append a text, broken at its blanks. `column` is where the output stands; each further line
 * begins with `indent` blanks. A word too long for a line is broken. No newline at the end.
 */
void wrap_text(GString *out, guint column, guint indent, const char *text);

/* Append what of one line of text fits behind `column`, "..." at its end if that is not all. */
void wrap_cut(GString *out, guint column, const char *text);

/* Append blanks until the text from `start` on is as wide as `columns`. */
void wrap_pad(GString *out, gsize start, guint columns);
