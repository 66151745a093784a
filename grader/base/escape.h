/*
 * escape.h: untrusted text made harmless for each place where it is shown. All results are new
 * strings, valid UTF-8, to be freed with g_free().
 */
#pragma once

#include <glib.h>

/*
 * Any bytes to one line (or, with `lines`, several) of at most `limit` bytes for a terminal or a
 * log: invalid UTF-8, control characters, bidirectional and invisible format characters, and more
 * accents than one letter can have become visible escapes such as \x1b or \u202e. A text that was
 * cut ends with "...".
 */
char *escape_text(const char *bytes, gssize length, gsize limit, gboolean lines);

char *escape_html(const char *text);
char *escape_markdown(const char *text);

/*
 * What a library made as JSON, with characters that would act at a terminal as \u escapes: it means
 * the same.
 */
char *escape_json(const char *json);

/* A CSV cell, quoted where needed; one that a spreadsheet would calculate gets a leading '. */
char *escape_csv(const char *text);

/* The message, or a property (file, title), of a GitHub workflow command. */
char *escape_github_message(const char *text);
char *escape_github_property(const char *text);
