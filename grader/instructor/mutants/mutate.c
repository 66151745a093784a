/* mutate.c: see mutate.h. */
#include "instructor/mutants/mutate.h"

#include <string.h>

#include "instructor/mutants/tokens.h"

typedef struct {
    const char *text;
    GArray *tokens;       /* Token */
    GPtrArray *mutations; /* Mutation * */
    GHashTable *sources;  /* char *: those that are there already, not owned */
    const char *function; /* around the current token, NULL between functions */
    int braces, brackets; /* that are open */
} Mutator;

static void mutation_free(Mutation *mutation)
{
    g_free(mutation->change);
    g_free(mutation->function);
    g_free(mutation->before);
    g_free(mutation->after);
    g_free(mutation->source);
    g_free(mutation);
}

/* ---- making one ------------------------------------------------------------------------------ */

static char *one_blank(const char *text, gssize length)
{
    g_autoptr(GRegex) blanks = g_regex_new("\\s+", G_REGEX_RAW, 0, NULL);
    g_autofree char *whole = g_strndup(text, (gsize)length);
    return g_regex_replace_literal(blanks, g_strstrip(whole), -1, 0, " ", 0, NULL);
}

static char *text_of(const Mutator *mutator, guint first, guint last)
{
    gsize start = g_array_index(mutator->tokens, Token, first).start;
    gsize end = g_array_index(mutator->tokens, Token, last).end;
    return g_strndup(mutator->text + start, end - start);
}

/* The change in words that fit into a line. */
static char *describe(const char *old, const char *replacement)
{
    g_autofree char *from = one_blank(old, (gssize)strlen(old));
    g_autofree char *to = one_blank(replacement, (gssize)strlen(replacement));
    if (*to == '\0' || g_str_equal(to, ";"))
        return g_strdup_printf("'%s' is left out", from);
    return g_strdup_printf("'%s' becomes '%s'", from, to);
}

static void replace(Mutator *mutator, guint first, guint last, const char *kind,
                    const char *replacement)
{
    const char *text = mutator->text;
    gsize start = g_array_index(mutator->tokens, Token, first).start;
    gsize end = g_array_index(mutator->tokens, Token, last).end;
    g_autofree char *source =
        g_strdup_printf("%.*s%s%s", (int)start, text, replacement, text + end);
    if (g_str_equal(source, text) || g_hash_table_contains(mutator->sources, source))
        return;
    g_hash_table_add(mutator->sources, source);

    gsize line_start = start, line_end = end;
    while (line_start > 0 && text[line_start - 1] != '\n')
        line_start--;
    line_end += strcspn(text + end, "\n");
    gssize growth = (gssize)strlen(source) - (gssize)strlen(text);
    g_autofree char *old = g_strndup(text + start, end - start);

    Mutation *mutation = g_new0(Mutation, 1);
    mutation->line = 1;
    for (gsize i = 0; i < start; i++)
        mutation->line += text[i] == '\n';
    mutation->column = (guint)(start - line_start + 1);
    mutation->kind = kind;
    mutation->change = describe(old, replacement);
    mutation->function = g_strdup(mutator->function);
    mutation->before = one_blank(text + line_start, (gssize)(line_end - line_start));
    mutation->after = one_blank(source + line_start, (gssize)(line_end - line_start) + growth);
    mutation->source = g_steal_pointer(&source);
    g_ptr_array_add(mutator->mutations, mutation);
}

/* ---- single tokens --------------------------------------------------------------------------- */

static const struct {
    const char *token, *kind, *becomes[2];
} exchanges[] = {
    {"+", "operator", {"-"}},
    {"-", "operator", {"+"}},
    {"*", "operator", {"/"}},
    {"/", "operator", {"*"}},
    {"+=", "operator", {"-=", "="}},
    {"-=", "operator", {"+=", "="}},
    {"*=", "operator", {"/=", "="}},
    {"/=", "operator", {"*=", "="}},
    {"++", "operator", {"--"}},
    {"--", "operator", {"++"}},
    {"<", "comparison", {"<=", ">="}},
    {"<=", "comparison", {"<", ">"}},
    {">", "comparison", {">=", "<="}},
    {">=", "comparison", {">", "<"}},
    {"==", "comparison", {"!="}},
    {"!=", "comparison", {"=="}},
    {"&&", "logic", {"||"}},
    {"||", "logic", {"&&"}},
    {"!", "logic", {""}},
    {"float", "type", {"int"}},
    {"fmaxf", "call", {"fminf"}},
    {"ATTENTION_MASKED_SCORE", "constant", {"0.0f", "-ATTENTION_MASKED_SCORE"}},
};

static void exchange(Mutator *mutator, guint i)
{
    for (gsize k = 0; k < G_N_ELEMENTS(exchanges); k++)
        for (gsize n = 0; n < 2 && exchanges[k].becomes[n] != NULL; n++)
            if (token_is(mutator->tokens, i, exchanges[k].token))
                replace(mutator, i, i, exchanges[k].kind, exchanges[k].becomes[n]);
}

static void change_constant(Mutator *mutator, guint i)
{
    const char *text = g_array_index(mutator->tokens, Token, i).text;
    if (!g_ascii_isdigit(*text))
        return;
    const char *suffix = text + strspn(text, "0123456789.");
    gboolean whole = strchr(text, '.') == NULL;
    double value = g_ascii_strtod(text, NULL);
    const double changed[] = {value + 1, value - 1, 0};
    for (gsize k = 0; k < G_N_ELEMENTS(changed); k++) {
        g_autofree char *number =
            g_strdup_printf("%s%.*f%s%s", changed[k] < 0 ? "(" : "", whole ? 0 : 1, changed[k],
                            suffix, changed[k] < 0 ? ")" : "");
        replace(mutator, i, i, "constant", number);
    }
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void change_condition(Mutator *mutator, guint i)
{
    if (!token_is(mutator->tokens, i, "if") || !token_is(mutator->tokens, i + 1, "("))
        return;
    guint last = tokens_closing(mutator->tokens, i + 1);
    if (last >= mutator->tokens->len)
        return;
    g_autofree char *condition = text_of(mutator, i + 1, last);
    g_autofree char *negated = g_strdup_printf("(!%s)", condition);
    replace(mutator, i + 1, last, "condition", "(0)");
    replace(mutator, i + 1, last, "condition", "(1)");
    replace(mutator, i + 1, last, "condition", negated);
}

/* Replace one operand of && or || by the value that has no effect. */
static void drop_operands(Mutator *mutator, guint i)
{
    static const char *const ends[] = {"&&", "||", ";", ",", "?", ":", "=", "return", NULL};
    const GArray *tokens = mutator->tokens;
    gboolean both = token_is(tokens, i, "&&");
    if ((!both && !token_is(tokens, i, "||")) || i == 0)
        return;
    guint before = tokens_backward(tokens, i - 1, ends),
          after = tokens_forward(tokens, i + 1, ends);
    if (before >= tokens->len || after >= tokens->len)
        return;
    replace(mutator, before + 1, i - 1, "logic", both ? "1" : "0");
    replace(mutator, i + 1, after - 1, "logic", both ? "1" : "0");
}

/* ---- lists ----------------------------------------------------------------------------------- */

typedef struct {
    guint first, last; /* tokens */
} Argument;

/* The arguments between the brackets at `open` and `close`, as Argument. */
static GArray *split_list(const Mutator *mutator, guint open, guint close)
{
    static const char *const comma[] = {",", NULL};
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(Argument));
    for (guint first = open + 1; first < close;) {
        guint end = tokens_forward(mutator->tokens, first, comma);
        Argument part = {first, end - 1};
        if (end == first || end > close)
            break;
        g_array_append_val(parts, part);
        first = end + 1;
    }
    return parts;
}

static void swap_arguments(Mutator *mutator, const GArray *parts)
{
    for (guint k = 0; k + 1 < parts->len; k++) {
        const Argument *left = &g_array_index(parts, Argument, k), *right = left + 1;
        g_autofree char *a = text_of(mutator, left->first, left->last);
        g_autofree char *b = text_of(mutator, right->first, right->last);
        g_autofree char *swapped = g_strdup_printf("%s, %s", b, a);
        replace(mutator, left->first, right->last, "arguments", swapped);
    }
}

static void call_becomes_argument(Mutator *mutator, guint name, guint close, const GArray *parts)
{
    for (guint k = 0; k < parts->len; k++) {
        const Argument *part = &g_array_index(parts, Argument, k);
        g_autofree char *argument = text_of(mutator, part->first, part->last);
        g_autofree char *bracketed = g_strdup_printf("(%s)", argument);
        replace(mutator, name, close, "call", bracketed);
    }
}

/* A list in brackets after a name, or one of elements after a type in brackets. */
static void change_list(Mutator *mutator, guint i)
{
    const GArray *tokens = mutator->tokens;
    gboolean call = i > 0 && token_is(tokens, i, "(") && token_is_name(tokens, i - 1);
    gboolean elements = i > 0 && token_is(tokens, i, "{") && token_is(tokens, i - 1, ")");
    guint close = call || elements ? tokens_closing(tokens, i) : tokens->len;
    if (close >= tokens->len)
        return;
    g_autoptr(GArray) parts = split_list(mutator, i, close);
    swap_arguments(mutator, parts);
    if (call && !token_is(tokens, close + 1, "{"))
        call_becomes_argument(mutator, i - 1, close, parts);
}

/* ---- statements ------------------------------------------------------------------------------ */

static void change_result(Mutator *mutator, guint i, guint end)
{
    static const char *const others[] = {"NULL", "(AttentionResult){NULL, NULL}"};
    g_autofree char *value = text_of(mutator, i + 1, end - 1);
    g_autofree char *negated = g_strdup_printf("!(%s)", value);
    for (gsize k = 0; k < G_N_ELEMENTS(others); k++)
        if (!g_str_equal(value, others[k]))
            replace(mutator, i + 1, end - 1, "result", others[k]);
    if (!g_str_equal(value, "NULL"))
        replace(mutator, i + 1, end - 1, "result", negated);
}

/* A statement begins after another one, or after the brackets of an if or a for. */
static void drop_statement(Mutator *mutator, guint i)
{
    static const char *const before[] = {";", "{", "}", ")", "else", NULL};
    static const char *const end_of_it[] = {";", NULL};
    const GArray *tokens = mutator->tokens;
    if (mutator->braces == 0 || mutator->brackets > 0 || !token_is_one_of(tokens, i - 1, before))
        return;
    guint end = tokens_forward(tokens, i, end_of_it);
    if (end <= i || !token_is(tokens, end, ";"))
        return;
    if (token_is(tokens, i, "return"))
        change_result(mutator, i, end);
    else if (token_is_name(tokens, i))
        replace(mutator, i, end, "statement", ";");
}

/* ---- all ------------------------------------------------------------------------------------- */

static gint compare_places(gconstpointer a, gconstpointer b)
{
    const Mutation *left = *(Mutation *const *)a, *right = *(Mutation *const *)b;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return (gint)left->column - (gint)right->column;
}

/* Keep track of the function and the open brackets at token i. */
static void follow(Mutator *mutator, guint i)
{
    const GArray *tokens = mutator->tokens;
    mutator->braces += token_is(tokens, i, "{") - token_is(tokens, i, "}");
    mutator->brackets += token_is(tokens, i, "(") - token_is(tokens, i, ")");
    if (mutator->braces > 0)
        return;
    if (token_is_name(tokens, i) && token_is(tokens, i + 1, "("))
        mutator->function = g_array_index(tokens, Token, i).text;
    else if (token_is(tokens, i, "}"))
        mutator->function = NULL;
}

GPtrArray *mutate(const char *text)
{
    g_autoptr(GArray) tokens = tokens_read(text);
    g_autoptr(GHashTable) sources = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *mutations = g_ptr_array_new_with_free_func((GDestroyNotify)mutation_free);
    Mutator mutator = {text, tokens, mutations, sources, NULL, 0, 0};
    for (guint i = 0; i < tokens->len; i++) {
        follow(&mutator, i);
        if (mutator.function == NULL)
            continue;
        exchange(&mutator, i);
        change_constant(&mutator, i);
        change_condition(&mutator, i);
        drop_operands(&mutator, i);
        change_list(&mutator, i);
        drop_statement(&mutator, i);
    }
    g_ptr_array_sort(mutations, compare_places);
    return mutations;
}
