/* pattern.c: see pattern.h. */
#include "base/pattern.h"

gboolean pattern_matches(GRegex **compiled, const char *expression, GRegexCompileFlags flags,
                         const char *text, GMatchInfo **match)
{
    if (g_once_init_enter(compiled))
        /* cppcheck-suppress leakNoVarFunctionCall ; it is kept for good */
        g_once_init_leave(compiled, g_regex_new(expression, flags, 0, NULL));
    return g_regex_match(*compiled, text, 0, match);
}
