#include "report/github.h"

#include <jansson.h>
#include <string.h>

#include "base/escape.h"
#include "result/words.h"
#include "wire/api.h"

#define ATTENTION_FILE "attention.c"
#define SHOWN 10 /* annotations of each kind that GitHub shows */

/* ---- annotations ----------------------------------------------------------------------------- */

typedef struct {
    GString *out;
    const char *folder;
    const Source *source; /* of attention.c, or NULL */
    guint errors, warnings;
} Annotations;

static void add_property(GString *out, const char *name, const char *text)
{
    g_autofree char *cut = escape_text(text, -1, 500, FALSE);
    g_autofree char *safe = escape_github_property(cut);
    g_string_append_printf(out, "%s=%s", name, safe);
}

/* One command; `file` and `line` where they are known. */
static void annotate(Annotations *annotations, gboolean error, const char *file, guint line,
                     const char *title, const char *message)
{
    GString *out = annotations->out;
    guint *count = error ? &annotations->errors : &annotations->warnings;
    if ((*count)++ >= SHOWN)
        return;
    g_string_append(out, error ? "::error " : "::warning ");
    if (file != NULL) {
        const char *folder = annotations->folder != NULL ? annotations->folder : "";
        g_autofree char *path = g_build_filename(folder, file, NULL);
        add_property(out, "file", path);
        if (line > 0)
            g_string_append_printf(out, ",line=%u", line);
        g_string_append_c(out, ',');
    }
    add_property(out, "title", title);
    g_autofree char *cut = escape_text(message, -1, 2000, TRUE);
    g_autofree char *safe = escape_github_message(cut);
    g_string_append_printf(out, "::%s\n", safe);
}

/* The parts that there are, a line each. */
static char *join(const char *first, const char *cause, const char *hint)
{
    GString *text = g_string_new(first);
    if (cause != NULL)
        g_string_append_printf(text, "\nlikely cause: %s", cause);
    if (hint != NULL)
        g_string_append_printf(text, "\nhint: %s", hint);
    return g_string_free(text, FALSE);
}

static const char *diagnostic_title(const Diagnostic *diagnostic)
{
    if (strcmp(diagnostic->severity, "error") == 0)
        return "does not compile";
    return strcmp(diagnostic->severity, "refused") == 0 ? "not allowed" : "compiler warning";
}

static void annotate_diagnostics(Annotations *annotations, const Result *result)
{
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *each = g_ptr_array_index(result->diagnostics, i);
        gboolean error =
            strcmp(each->severity, "error") == 0 || strcmp(each->severity, "refused") == 0;
        g_autofree char *message = join(each->message, NULL, each->hint);
        if (strcmp(each->severity, "note") != 0)
            annotate(annotations, error, each->file, each->line, diagnostic_title(each), message);
    }
}

/* One annotation for each place, though several items may have found it. */
static void annotate_memory(Annotations *annotations, const Result *result)
{
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        for (guint j = 0; j < item->memory->len; j++) {
            const MemoryFinding *each = g_ptr_array_index(item->memory, j);
            char *place = g_strdup_printf("%s %s:%u", each->kind,
                                          each->file != NULL ? each->file : "", each->line);
            g_autofree char *message = join(words_memory(each), NULL, each->hint);
            if (g_hash_table_add(places, place))
                annotate(annotations, TRUE, each->file, each->line, "memory", message);
        }
    }
}

/* The last function that computes attention: it makes use of the others. */
static const char *most_complete_function(void)
{
    const char *found = NULL;
    for (guint i = API_NO_FUNCTION + 1; i < API_FUNCTIONS; i++)
        if (api_function(i)->gives == API_GIVES_ATTENTION)
            found = api_name(i);
    return found;
}

/* The function that a failure is about: the first that its message names, or the item's own. */
static const char *failing_function(const ItemResult *item, const TestResult *test)
{
    const char *found = NULL, *first = NULL;
    for (gsize i = 0; test->message != NULL && api_attention[i] != NULL; i++) {
        const char *at = strstr(test->message, api_attention[i]);
        if (at == NULL || (first != NULL && at >= first))
            continue;
        first = at;
        found = api_attention[i];
    }
    if (found != NULL)
        return found;
    return api_has(api_attention, item->id) ? item->id : most_complete_function();
}

/* Where the function begins that a failure is about; 0 if that is not known. */
static guint failing_line(const Annotations *annotations, const ItemResult *item,
                          const TestResult *test)
{
    if (annotations->source == NULL)
        return 0;
    return source_find(annotations->source, failing_function(item, test));
}

static void annotate_test(Annotations *annotations, const ItemResult *item, const TestResult *test)
{
    g_autofree char *title = g_strdup_printf("%s/%s", item->id, test->name);
    g_autofree char *message = join(words_test_message(test), test->cause, test->hint);
    guint line = failing_line(annotations, item, test);
    annotate(annotations, TRUE, line > 0 ? ATTENTION_FILE : NULL, line, title, message);
}

/*
 * The round-th failure of an item, if it has so many. What is not written yet is marked once, where
 * it begins, and not once for each test.
 */
static gboolean annotate_round(Annotations *annotations, const ItemResult *item, guint round)
{
    g_autoptr(GPtrArray) failed = words_failures(item);
    if (round >= failed->len || (round > 0 && words_has_only_stubs(item)))
        return FALSE;
    const TestResult *test = g_ptr_array_index(failed, round);
    guint line = failing_line(annotations, item, test);
    if (words_has_only_stubs(item))
        annotate(annotations, TRUE, line > 0 ? ATTENTION_FILE : NULL, line, words_item_title(item),
                 "not implemented yet: the comment above lists the steps");
    else
        annotate_test(annotations, item, test);
    return TRUE;
}

/* GitHub shows only so many: the first of each item come before the second of any. */
static void annotate_tests(Annotations *annotations, const Result *result)
{
    gboolean more = TRUE;
    for (guint round = 0; more; round++) {
        more = FALSE;
        for (guint i = 0; i < result->items->len; i++)
            more |= annotate_round(annotations, g_ptr_array_index(result->items, i), round);
    }
}

char *report_github_annotations(const Result *result, const char *folder, const Source *source)
{
    Annotations annotations = {g_string_new(NULL), folder, source, 0, 0};
    if (result->status == SUBMISSION_UNGRADED)
        annotate(&annotations, FALSE, NULL, 0, "not graded", words_reason(result));
    if (result->status == SUBMISSION_MISSING)
        annotate(&annotations, TRUE, NULL, 0, "nothing to grade", words_reason(result));
    annotate_diagnostics(&annotations, result);
    annotate_memory(&annotations, result);
    annotate_tests(&annotations, result);
    return g_string_free(annotations.out, FALSE);
}

char *report_github_log(const char *text)
{
    /* No text can contain its own checksum, and the same report is the same log. */
    g_autofree char *token = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    return g_strdup_printf("::stop-commands::%s\n%s%s::%s::\n", token, text,
                           g_str_has_suffix(text, "\n") ? "" : "\n", token);
}

/* ---- classroom ------------------------------------------------------------------------------- */

static json_t *safe_string(const char *text)
{
    g_autofree char *safe = escape_text(text, -1, 1000, FALSE);
    return json_string(safe);
}

/* What went wrong first in the item. */
static char *item_message(const ItemResult *item)
{
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = g_ptr_array_index(item->tests, i);
        if (test->status != TEST_PASSED)
            return g_strdup_printf("%s: %s", test->name, words_test_message(test));
    }
    if (item->memory->len > 0)
        return g_strdup(words_memory(g_ptr_array_index(item->memory, 0)));
    return g_strdup("");
}

static json_t *classroom_test(const ItemResult *item)
{
    const MemoryFinding *finding =
        item->memory->len > 0 ? g_ptr_array_index(item->memory, 0) : NULL;
    g_autofree char *message = item_message(item);
    gboolean full = item->points >= item->max_points;
    return json_pack("{s:o, s:s, s:f, s:o, s:o, s:i}", "name", safe_string(words_item_title(item)),
                     "status", full ? "pass" : "fail", "score", item->points, "message",
                     safe_string(message), "filename",
                     safe_string(finding != NULL && finding->file != NULL ? finding->file : ""),
                     "line_no", finding != NULL ? (int)MIN(finding->line, G_MAXINT) : 0);
}

char *report_github_classroom(const Result *result)
{
    gboolean graded = result->status == SUBMISSION_GRADED;
    json_t *tests = json_array();
    for (guint i = 0; i < result->items->len; i++)
        json_array_append_new(tests, classroom_test(g_ptr_array_index(result->items, i)));
    json_t *object = json_pack("{s:i, s:s, s:f, s:o}", "version", 1, "status",
                               result_is_full(result) ? "pass"
                               : graded               ? "fail"
                                                      : "error",
                               "max_score", result->max_score, "tests", tests);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    free(text);
    json_decref(object);
    return encoded;
}
