/*
 * stub.h: the starter, made from the solution.
 *
 * solution/attention.c is the one place where the assignment is written. What students must write
 * themselves stands there in blocks between markers, each of which is a C comment of one line:
 *
 *     BEGIN SOLUTION
 *     STUB: (void)seq_len;
 *     STUB: return NULL;
 *     ...the solution...
 *     END SOLUTION
 *
 * In the starter, a comment that says TODO and the code of the STUB lines replace such a block. A
 * block without STUB lines (a helper function) vanishes, and so does the blank line after it when
 * there is one before it too. Everything else is copied byte for byte.
 *
 * A solution in the hands of students cannot be taken back, so this is strict: blocks do not nest,
 * STUB lines follow BEGIN SOLUTION directly, and nothing else may look like a marker. On any other
 * line, the word "solution" in any case, BEGIN, END and STUB in capitals, and a comment that starts
 * with words in capitals as the markers do are refused. So is a file without any block.
 *
 * Errors are of kind GRADER_ERROR_SOLUTION and read "FILE:LINE: what is wrong".
 */
#pragma once

#include <glib.h>

/* The starter for a solution's text; `file` is its name in errors. Free it with g_free(). */
char *stub_generate(const char *text, const char *file, GError **error);

/*
 * The lines that must not be found in anything that students receive: those of all blocks, each
 * once, without the white space around them. Left out are lines too short to give anything away
 * ("return NULL;") and lines that the starter has too. Free it with g_strfreev().
 */
GStrv stub_secret_lines(const char *text, const char *file, GError **error);
