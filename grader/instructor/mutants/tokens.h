/*
 * tokens.h: splits a C source into tokens, and finds its brackets.
 */
#pragma once

#include <glib.h>

typedef struct {
    gsize start, end; /* bytes of the text */
    char *text;
} Token;

/* Read the tokens (Token) of a text. White space, comments and directives are skipped. */
GArray *tokens_read(const char *text);

gboolean token_is(const GArray *tokens, guint i, const char *text);
gboolean token_is_one_of(const GArray *tokens, guint i, const char *const *texts);
gboolean token_is_name(const GArray *tokens, guint i);

/* The token that closes the bracket at i, or the number of tokens. */
guint tokens_closing(const GArray *tokens, guint i);

/*
 * The first token from i on, or backwards, outside of brackets that begin there, that is one of
 * `ends` or closes (opens) a bracket around i; the number of tokens if there is none.
 */
guint tokens_forward(const GArray *tokens, guint i, const char *const *ends);
guint tokens_backward(const GArray *tokens, guint i, const char *const *ends);
