/*
 * pattern.h: regular expressions that are asked for again and again, compiled once.
 */
#pragma once

#include <glib.h>

/*
 * Does the text match? `compiled`, a static variable that is NULL at first, keeps the expression;
 * g_regex_match_simple() would compile it each time. `match` may be NULL. From any thread.
 */
gboolean pattern_matches(GRegex **compiled, const char *expression, GRegexCompileFlags flags,
                         const char *text, GMatchInfo **match);
