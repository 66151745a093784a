/* tokens.c: see tokens.h. */
#include "instructor/mutants/tokens.h"

#include <string.h>

/* The first group matches what is skipped, the other alternatives are tokens. */
static const char pattern[] = "(?<skipped>\\s+|//[^\\n]*|/\\*.*?\\*/|(?m:^#[^\\n]*))"
                              "|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'"
                              "|[A-Za-z_]\\w*|\\.?\\d[\\w.]*"
                              "|->|\\+\\+|--|<<=|>>=|<<|>>|[-+*/%&|^=!<>]=|&&|\\|\\||.";

static void token_clear(void *token)
{
    g_free(((Token *)token)->text);
}

GArray *tokens_read(const char *text)
{
    g_autoptr(GRegex) regex =
        g_regex_new(pattern, G_REGEX_RAW | G_REGEX_DOTALL | G_REGEX_OPTIMIZE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    GArray *tokens = g_array_new(FALSE, FALSE, sizeof(Token));
    g_array_set_clear_func(tokens, token_clear);
    g_regex_match(regex, text, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        int start, end, skipped = -1;
        g_match_info_fetch_pos(match, 0, &start, &end);
        if (g_match_info_fetch_named_pos(match, "skipped", &skipped, NULL) && skipped >= 0)
            continue;
        Token token = {(gsize)start, (gsize)end, g_strndup(text + start, (gsize)(end - start))};
        g_array_append_val(tokens, token);
    }
    return tokens;
}

static const char *text_at(const GArray *tokens, guint i)
{
    return i < tokens->len ? g_array_index(tokens, Token, i).text : "";
}

gboolean token_is(const GArray *tokens, guint i, const char *text)
{
    return g_str_equal(text_at(tokens, i), text);
}

gboolean token_is_one_of(const GArray *tokens, guint i, const char *const *texts)
{
    return g_strv_contains(texts, text_at(tokens, i));
}

gboolean token_is_name(const GArray *tokens, guint i)
{
    static const char *const keywords[] = {"if",     "for",    "while", "do",   "switch",
                                           "return", "sizeof", "else",  "case", NULL};
    const char *text = text_at(tokens, i);
    return (g_ascii_isalpha(*text) || *text == '_') && !g_strv_contains(keywords, text);
}

/* 1 for a bracket that opens, -1 for one that closes, 0 for anything else. */
static int bracket(const GArray *tokens, guint i)
{
    const char *text = text_at(tokens, i);
    if (strlen(text) != 1)
        return 0;
    return strchr("([{", *text) != NULL ? 1 : strchr(")]}", *text) != NULL ? -1 : 0;
}

guint tokens_closing(const GArray *tokens, guint i)
{
    int depth = 0;
    for (; i < tokens->len; i++) {
        depth += bracket(tokens, i);
        if (depth == 0)
            break;
    }
    return i;
}

guint tokens_forward(const GArray *tokens, guint i, const char *const *ends)
{
    for (int depth = 0; i < tokens->len; i++) {
        if (depth == 0 && (bracket(tokens, i) < 0 || token_is_one_of(tokens, i, ends)))
            break;
        depth += bracket(tokens, i);
    }
    return i;
}

guint tokens_backward(const GArray *tokens, guint i, const char *const *ends)
{
    int depth = 0;
    for (guint after = i + 1; after > 0; after--) {
        guint at = after - 1;
        if (depth == 0 && (bracket(tokens, at) > 0 || token_is_one_of(tokens, at, ends)))
            return at;
        depth -= bracket(tokens, at);
    }
    return tokens->len;
}
