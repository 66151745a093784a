#include "report/markdown.h"

#include <string.h>

#include "base/escape.h"
#include "result/next.h"
#include "result/words.h"
#include "rubric/disclose.h"

#define TEXT_LIMIT 1000  /* bytes of one untrusted line */
#define PRINT_LIMIT 4000 /* and of a block of lines */
#define LIST_LIMIT 20    /* failures, findings and diagnostics, of each kind and item */

/* ---- pieces ---------------------------------------------------------------------------------- */

/* Append our own words around one untrusted text. */
static void add(GString *out, const char *before, const char *text, const char *after)
{
    g_autofree char *cut = escape_text(text, -1, TEXT_LIMIT, FALSE);
    g_autofree char *safe = escape_markdown(cut);
    g_string_append_printf(out, "%s%s%s", before, safe, after);
}

/* A block of code, between fences longer than any in it. */
static void add_block(GString *out, const char *indent, const char *text)
{
    g_autofree char *safe = escape_text(text, -1, PRINT_LIMIT, TRUE);
    g_autoptr(GString) fence = g_string_new("```");
    while (strstr(safe, fence->str) != NULL)
        g_string_append_c(fence, '`');
    g_auto(GStrv) lines = g_strsplit(g_strchomp(safe), "\n", -1);
    g_string_append_printf(out, "\n%s%s\n", indent, fence->str);
    for (char **line = lines; *line != NULL; line++)
        g_string_append_printf(out, "%s%s\n", indent, *line);
    g_string_append_printf(out, "%s%s\n", indent, fence->str);
}

static void add_more(GString *out, guint all)
{
    if (all > LIST_LIMIT)
        g_string_append_printf(out, "- and %u more\n", all - LIST_LIMIT);
}

/* ---- head ------------------------------------------------------------------------------------ */

static void add_headline(GString *out, const Result *result)
{
    g_autofree char *score = words_points(result->score);
    g_autofree char *max = words_points(result->max_score);
    add(out, "## ", result->assignment != NULL ? result->assignment : "result", ": ");
    if (result->status == SUBMISSION_UNGRADED)
        g_string_append(out, "not graded\n\n");
    else
        g_string_append_printf(out, "%s/%s points\n\n", score, max);
    add(out, "", result->submission, "");
    add(out, ", ", result->tests != NULL ? result->tests : "no", " tests");
    g_string_append_printf(out, ", seed %u\n", result->seed);
    if (result->reason != NULL)
        add(out, "\n**", result->reason, "**\n");
    if (result->status == SUBMISSION_UNGRADED)
        g_string_append(out, "\nThis is a fault of the grader or of the machine, not of the code. "
                             "Nothing was scored: it is no zero.\n");
}

static void add_table(GString *out, const Result *result)
{
    if (result->status == SUBMISSION_UNGRADED || result->items->len == 0)
        return;
    g_string_append(out, "\n| points | of | item | tests passed |\n|---:|---:|---|---|\n");
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        g_autofree char *points = words_points(item->points);
        g_autofree char *max = words_points(item->max_points);
        g_string_append_printf(out, "| %s | %s | ", points, max);
        add(out, "", words_item_title(item), item->extra ? " (extra) | " : " | ");
        if (item->tests->len > 0)
            g_string_append_printf(out, "%u of %u |\n", words_count(item, TEST_PASSED),
                                   item->tests->len);
        else
            g_string_append(out, "|\n");
    }
}

static void add_diagnostics(GString *out, const Result *result)
{
    for (guint i = 0; i < MIN(result->diagnostics->len, LIST_LIMIT); i++) {
        const Diagnostic *each = g_ptr_array_index(result->diagnostics, i);
        add(out, i == 0 ? "\n### Compiler\n\n- " : "- ", each->severity, " ");
        if (each->file != NULL)
            add(out, "", each->file, "");
        if (each->file != NULL && each->line > 0)
            g_string_append_printf(out, ":%u", each->line);
        add(out, ": ", each->message, "\n");
        if (each->source != NULL)
            add_block(out, "  ", each->source);
        if (each->hint != NULL)
            add(out, "\n  *hint:* ", each->hint, "\n");
    }
    add_more(out, result->diagnostics->len);
}

/* ---- items ----------------------------------------------------------------------------------- */

/* A further line of a list entry, unless the item has said it; the backslash breaks the line. */
static void add_once(GString *out, GHashTable *said, const char *label, const char *text)
{
    if (text == NULL || !g_hash_table_add(said, (gpointer)text))
        return;
    g_autofree char *before = g_strdup_printf("\\\n  *%s:* ", label);
    add(out, before, text, "");
}

static void add_test(GString *out, const TestResult *test, GHashTable *said)
{
    add(out, "- **", words_test_title(test), "**");
    if (test->message != NULL)
        add(out, ": ", test->message, "");
    add_once(out, said, "likely cause", test->cause);
    add_once(out, said, "hint", test->hint);
    g_string_append_c(out, '\n');
    if (test->printed != NULL)
        add_block(out, "  ", test->printed);
}

static void add_finding(GString *out, const MemoryFinding *finding)
{
    g_autofree char *place = words_place(finding);
    add(out, "- memory: ", words_memory(finding), "");
    if (place != NULL)
        add(out, ", ", place, "");
    g_string_append_c(out, '\n');
    if (finding->source != NULL)
        add_block(out, "  ", finding->source);
    if (finding->detail != NULL)
        add(out, "\n  ", finding->detail, "\n");
    if (finding->hint != NULL)
        add(out, "\n  *hint:* ", finding->hint, "\n");
}

static void add_item(GString *out, const ItemResult *item)
{
    guint skipped = words_count(item, TEST_SKIPPED);
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(GHashTable) said = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) failed = words_failures(item);
    if (words_has_only_stubs(item)) {
        g_string_append(body, "- not implemented yet\n");
        g_ptr_array_set_size(failed, 0);
    }
    for (guint i = 0; i < MIN(failed->len, LIST_LIMIT); i++)
        add_test(body, g_ptr_array_index(failed, i), said);
    add_more(body, failed->len);
    if (skipped > 0)
        g_string_append_printf(body, "- %u skipped: what they need is not implemented yet\n",
                               skipped);
    for (guint i = 0; i < MIN(item->memory->len, LIST_LIMIT); i++)
        add_finding(body, g_ptr_array_index(item->memory, i));
    add_more(body, item->memory->len);
    g_autofree char *penalty = words_points(item->penalty);
    if (item->penalty > 0)
        g_string_append_printf(body, "- points lost by memory errors: %s\n", penalty);
    if (body->len == 0)
        return;
    add(out, "\n### ", words_item_title(item), "\n\n");
    g_string_append(out, body->str);
}

/* Whole lines only, and a word about the rest. */
static char *within_limit(GString *out)
{
    static const char cut[] = "\n\nThe report is longer than fits here.\n";
    if (out->len <= REPORT_MARKDOWN_LIMIT)
        return g_string_free(out, FALSE);
    g_string_truncate(out, REPORT_MARKDOWN_LIMIT - sizeof cut);
    char *last = strrchr(out->str, '\n');
    g_string_truncate(out, last != NULL ? (gsize)(last - out->str) : 0);
    g_string_append(out, cut);
    return g_string_free(out, FALSE);
}

char *report_markdown(const Result *result, RubricDisclosure show)
{
    g_autoptr(Result) disclosed = disclose(result, show);
    GString *out = g_string_new(NULL);
    add_headline(out, disclosed);
    add_table(out, disclosed);
    add_diagnostics(out, disclosed);
    if (disclosed->status != SUBMISSION_UNGRADED)
        for (guint i = 0; i < disclosed->items->len; i++)
            add_item(out, g_ptr_array_index(disclosed->items, i));
    if (g_strcmp0(disclosed->tests, "public") == 0 && disclosed->status != SUBMISSION_UNGRADED)
        g_string_append(out, "\nThese are the public tests; the hidden ones decide.\n");
    g_autofree char *next = next_step(disclosed);
    if (next != NULL)
        add(out, "\n**next:** ", next, "\n");
    return within_limit(out);
}
