/*
 * source.h: the text of a submitted source file, for messages that point at a line of it.
 */
#pragma once

#include <glib.h>

typedef struct Source Source;

/* The lines of a file; one that cannot be read has no lines. Never NULL. */
Source *source_load(const char *path);
void source_free(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)

/* The text of a line, counted from 1: valid UTF-8, bounded, without its end; NULL if none. */
char *source_line(const Source *source, guint line);

/*
 * The first line in which `word` stands as a whole identifier, outside of comments and strings if
 * there is such a line, else anywhere. 0 if there is none.
 */
guint source_find(const Source *source, const char *word);
