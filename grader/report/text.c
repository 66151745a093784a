#include "report/text.h"

#include <string.h>

#include "base/escape.h"
#include "base/wrap.h"
#include "report/parts.h"
#include "result/words.h"
#include "rubric/disclose.h"

#define TEXT_LIMIT 1000     /* bytes of one untrusted text */
#define DIAGNOSTICS_SHOWN 5 /* of the compiler, and as many of the gate */

/* ---- pieces ---------------------------------------------------------------------------------- */

void report_paint(Report *report, Colour colour, const char *word)
{
    static const char *const codes[] = {
        [PLAIN] = "0", [RED] = "1;31", [GREEN] = "32", [YELLOW] = "33",
        [CYAN] = "36", [DIM] = "2",    [BOLD] = "1",
    };
    if (report->style->colour && colour != PLAIN && *word != '\0')
        g_string_append_printf(report->out, "\x1b[%sm%s\x1b[0m", codes[colour], word);
    else
        g_string_append(report->out, word);
}

void report_paragraph(Report *report, guint indent, Colour colour, const char *tag, guint hang,
                      const char *text)
{
    g_autofree char *safe = escape_text(text, -1, TEXT_LIMIT, FALSE);
    guint column = indent + wrap_columns(tag) + (*tag != '\0');
    g_string_append_printf(report->out, "%*s", (int)indent, "");
    report_paint(report, colour, tag);
    if (*tag != '\0')
        g_string_append_c(report->out, ' ');
    wrap_text(report->out, column, hang, safe);
    g_string_append_c(report->out, '\n');
}

void report_source(Report *report, guint line, const char *source)
{
    if (source == NULL)
        return;
    g_autofree char *safe = escape_text(source, -1, TEXT_LIMIT, FALSE);
    g_autofree char *number = g_strdup_printf("%*s%u | ", COLUMN_BODY, "", line);
    g_string_append(report->out, number);
    wrap_cut(report->out, (guint)strlen(number), safe);
    g_string_append_c(report->out, '\n');
}

void report_points(Report *report, double points, double max, Colour colour)
{
    g_autofree char *earned = words_points(points);
    g_autofree char *all = words_points(max);
    g_autofree char *both = g_strdup_printf("%2s/%s", earned, all);
    report_paint(report, colour, both);
    guint width = wrap_columns(both);
    guint blanks = width < COLUMN_TAG ? COLUMN_TAG - width : 1;
    g_string_append_printf(report->out, "%*s", (int)blanks, "");
}

/* ---- head ------------------------------------------------------------------------------------ */

static void headline(Report *report)
{
    const Result *result = report->result;
    g_autofree char *line = g_strdup_printf(
        "%s%s%s, %s tests, seed %u", result->assignment != NULL ? result->assignment : "",
        result->assignment != NULL ? ": " : "", result->submission,
        result->tests != NULL ? result->tests : "no", result->seed);
    report_paragraph(report, 0, BOLD, "", COLUMN_TAG, line);
}

static void diagnostic(Report *report, const Diagnostic *diagnostic)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (diagnostic->file != NULL)
        g_string_append(text, diagnostic->file);
    if (diagnostic->file != NULL && diagnostic->line > 0)
        g_string_append_printf(text, ":%u", diagnostic->line);
    if (diagnostic->file != NULL && diagnostic->line > 0 && diagnostic->column > 0)
        g_string_append_printf(text, ":%u", diagnostic->column);
    g_string_append(text, text->len > 0 ? ": " : "");
    g_string_append(text, diagnostic->message);
    gboolean mild =
        strcmp(diagnostic->severity, "error") != 0 && strcmp(diagnostic->severity, "refused") != 0;
    report_paragraph(report, 0, mild ? YELLOW : RED, diagnostic->severity, COLUMN_TAG, text->str);
    if (diagnostic->line > 0)
        report_source(report, diagnostic->line, diagnostic->source);
    if (diagnostic->hint != NULL)
        report_paragraph(report, COLUMN_BODY, CYAN, "hint:", COLUMN_BODY + 2, diagnostic->hint);
}

/* The compiler's messages, or the gate's. */
static void diagnostics(Report *report, gboolean refused)
{
    guint shown = 0, more = 0;
    for (guint i = 0; i < report->result->diagnostics->len; i++) {
        const Diagnostic *each = g_ptr_array_index(report->result->diagnostics, i);
        if ((strcmp(each->severity, "refused") == 0) != refused)
            continue;
        if (shown == 0)
            g_string_append_c(report->out, '\n');
        if (shown < DIAGNOSTICS_SHOWN) {
            diagnostic(report, each);
            shown++;
        } else {
            more++;
        }
    }
    if (more > 0)
        g_string_append_printf(report->out, "%*s... and %u more\n", COLUMN_TAG, "", more);
}

/* Why it was not graded, if it was not. */
static void status(Report *report)
{
    static const char *const tags[] = {
        [SUBMISSION_NOT_COMPILED] = "NOT RUN:",
        [SUBMISSION_REFUSED] = "REFUSED:",
        [SUBMISSION_MISSING] = "MISSING:",
        [SUBMISSION_UNGRADED] = "NOT GRADED:",
    };
    const Result *result = report->result;
    if (result->status == SUBMISSION_GRADED)
        return;
    g_string_append_c(report->out, '\n');
    report_paragraph(report, 0, RED, tags[result->status], COLUMN_TAG,
                     result->reason != NULL ? result->reason : "no reason is known");
    if (result->status == SUBMISSION_UNGRADED)
        report_paragraph(report, COLUMN_TAG, PLAIN, "", COLUMN_TAG,
                         "This is a fault of the grader or of the machine, not of your code. "
                         "Nothing was scored: it is no zero.");
}

/* ---- foot ------------------------------------------------------------------------------------ */

static guint memory_findings(const Result *result)
{
    guint findings = 0;
    for (guint i = 0; i < result->items->len; i++)
        findings += ((const ItemResult *)g_ptr_array_index(result->items, i))->memory->len;
    return findings;
}

static void note(Report *report, const char *tag, const char *text)
{
    report_paragraph(report, COLUMN_TAG, DIM, tag, COLUMN_TAG + 2, text);
}

static void total(Report *report)
{
    const Result *result = report->result;
    gboolean full = result_is_full(result);
    if (result_is_partial(result))
        return;
    report_points(report, result->score, result->max_score, full ? GREEN : BOLD);
    g_string_append(report->out, full ? "full marks. Well done!\n" : "in total\n");
    g_autofree char *extra = words_points(result->extra);
    if (result->extra > 0)
        g_string_append_printf(report->out, "%*sand %s of extra credit\n", COLUMN_TAG, "", extra);
}

static void memory_state(Report *report)
{
    const char *state = report->result->memory_state;
    if (state == NULL || report->style->show == DISCLOSE_POINTS)
        return;
    if (strcmp(state, "checked") != 0)
        note(report, "memory:", state);
    else if (memory_findings(report->result) == 0)
        note(report, "memory:", "no errors, no leaks");
}

/* The names of the layers in one state, with commas. */
static char *layers_that_are(const Result *result, const char *state)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < result->sandbox->len; i++) {
        const SandboxLayer *layer = g_ptr_array_index(result->sandbox, i);
        if (strcmp(layer->state, state) == 0)
            g_ptr_array_add(names, layer->name);
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

/* Why the layers are missing that are: what a grade must say. */
static void add_reasons(GString *text, const Result *result)
{
    for (guint i = 0; i < result->sandbox->len; i++) {
        const SandboxLayer *layer = g_ptr_array_index(result->sandbox, i);
        if (strcmp(layer->state, "enforced") != 0)
            g_string_append_printf(text, "; %s %s%s%s", layer->name, layer->state,
                                   layer->reason != NULL ? ": " : "",
                                   layer->reason != NULL ? layer->reason : "");
    }
}

/* Students run their own code: which layers are missing is enough, and what that means. */
static void add_missing(GString *text, const Result *result)
{
    static const char *const states[] = {"unavailable", "off"};
    gsize before = text->len;
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *names = layers_that_are(result, states[i]);
        if (*names != '\0')
            g_string_append_printf(text, "; %s %s", names, states[i]);
    }
    if (text->len > before)
        g_string_append(text, ", which is fine for your own code (build/grader sandbox says why)");
}

/* "namespaces, seccomp enforced; cgroup unavailable: no permission" */
static void sandbox(Report *report)
{
    const Result *result = report->result;
    if (result->sandbox->len == 0)
        return;
    g_autofree char *enforced = layers_that_are(result, "enforced");
    g_autoptr(GString) text = g_string_new(*enforced != '\0' ? enforced : "nothing");
    g_string_append(text, " enforced");
    if (result->tests != NULL && g_str_has_suffix(result->tests, "public"))
        add_missing(text, result);
    else
        add_reasons(text, result);
    note(report, "sandbox:", text->str);
}

static void foot(Report *report)
{
    const Result *result = report->result;
    g_string_append_c(report->out, '\n');
    if (result->status != SUBMISSION_UNGRADED)
        total(report);
    if (g_strcmp0(result->tests, "public") == 0 && result->status != SUBMISSION_UNGRADED)
        note(report, "", "These are the public tests; the hidden ones decide.");
    memory_state(report);
    sandbox(report);
    g_autofree char *next = words_next(result);
    if (next != NULL)
        report_paragraph(report, 0, BOLD, "next:", COLUMN_TAG, next);
}

char *report_text(const Result *result, const ReportStyle *style)
{
    g_autoptr(Result) shown = disclose(result, style->show);
    Report report = {g_string_new(NULL), shown, style};
    headline(&report);
    diagnostics(&report, FALSE);
    diagnostics(&report, TRUE);
    status(&report);
    if (shown->status != SUBMISSION_UNGRADED)
        report_items(&report);
    foot(&report);
    return g_string_free(report.out, FALSE);
}
