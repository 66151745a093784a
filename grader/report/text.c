#include "report/text.h"

#include <string.h>

#include "report/items.h"
#include "report/parts.h"
#include "result/next.h"
#include "result/words.h"
#include "rubric/disclose.h"

#define DIAGNOSTICS_SHOWN 5 /* of the compiler, and as many of the gate */

/* ---- head ------------------------------------------------------------------------------------ */

static void add_headline(Report *report)
{
    const Result *result = report->result;
    g_autofree char *line = g_strdup_printf(
        "%s%s%s, %s tests, seed %u", result->assignment != NULL ? result->assignment : "",
        result->assignment != NULL ? ": " : "", result->submission,
        result->tests != NULL ? result->tests : "no", result->seed);
    report_add_paragraph(report, 0, BOLD, "", COLUMN_TAG, line);
}

static void add_diagnostic(Report *report, const Diagnostic *diagnostic)
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
    report_add_paragraph(report, 0, mild ? YELLOW : RED, diagnostic->severity, COLUMN_TAG,
                         text->str);
    if (diagnostic->line > 0)
        report_add_source(report, diagnostic->line, diagnostic->source);
    report_add_hint(report, diagnostic->hint);
}

/* The compiler's messages, or the gate's. */
static void add_diagnostics(Report *report, gboolean refused)
{
    guint shown = 0, more = 0;
    for (guint i = 0; i < report->result->diagnostics->len; i++) {
        const Diagnostic *each = g_ptr_array_index(report->result->diagnostics, i);
        if ((strcmp(each->severity, "refused") == 0) != refused)
            continue;
        if (shown == 0)
            g_string_append_c(report->out, '\n');
        if (shown < DIAGNOSTICS_SHOWN) {
            add_diagnostic(report, each);
            shown++;
        } else {
            more++;
        }
    }
    if (more > 0)
        g_string_append_printf(report->out, "%*s... and %u more\n", COLUMN_TAG, "", more);
}

/* Why it was not graded, if it was not. */
static void add_status(Report *report)
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
    report_add_paragraph(report, 0, RED, tags[result->status], COLUMN_TAG, words_reason(result));
    if (result->status == SUBMISSION_UNGRADED)
        report_add_paragraph(report, COLUMN_TAG, PLAIN, "", COLUMN_TAG,
                             "This is a fault of the grader or of the machine, not of your code. "
                             "Nothing was scored: it is no zero.");
}

/* ---- foot ------------------------------------------------------------------------------------ */

static guint count_findings(const Result *result)
{
    guint findings = 0;
    for (guint i = 0; i < result->items->len; i++)
        findings += ((const ItemResult *)g_ptr_array_index(result->items, i))->memory->len;
    return findings;
}

static void add_total(Report *report)
{
    const Result *result = report->result;
    gboolean full = result_is_full(result);
    if (result_is_partial(result))
        return;
    report_add_points(report, result->score, result->max_score, full ? GREEN : BOLD);
    g_string_append(report->out, full ? "full marks. Well done!\n" : "in total\n");
    g_autofree char *extra = words_points(result->extra);
    if (result->extra > 0)
        g_string_append_printf(report->out, "%*sand %s of extra credit\n", COLUMN_TAG, "", extra);
}

static void add_memory_state(Report *report)
{
    const char *state = report->result->memory_state;
    if (state == NULL || report->style->show == DISCLOSE_POINTS)
        return;
    if (strcmp(state, "checked") != 0)
        report_add_note(report, "memory:", state);
    else if (count_findings(report->result) == 0)
        report_add_note(report, "memory:", "no errors, no leaks");
}

/* The names of the layers in one state, with commas. */
static char *join_layers(const Result *result, const char *state)
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
        g_autofree char *names = join_layers(result, states[i]);
        if (*names != '\0')
            g_string_append_printf(text, "; %s %s", names, states[i]);
    }
    if (text->len > before)
        g_string_append(text, ", which is fine for your own code (build/grader sandbox says why)");
}

/* "namespaces, seccomp enforced; cgroup unavailable: no permission" */
static void add_sandbox(Report *report)
{
    const Result *result = report->result;
    if (result->sandbox->len == 0)
        return;
    g_autofree char *enforced = join_layers(result, "enforced");
    g_autoptr(GString) text = g_string_new(*enforced != '\0' ? enforced : "nothing");
    g_string_append(text, " enforced");
    if (result->tests != NULL && g_str_has_suffix(result->tests, "public"))
        add_missing(text, result);
    else
        add_reasons(text, result);
    report_add_note(report, "sandbox:", text->str);
}

static void add_foot(Report *report)
{
    const Result *result = report->result;
    g_string_append_c(report->out, '\n');
    if (result->status != SUBMISSION_UNGRADED)
        add_total(report);
    if (g_strcmp0(result->tests, "public") == 0 && result->status != SUBMISSION_UNGRADED)
        report_add_note(report, "", "These are the public tests; the hidden ones decide.");
    add_memory_state(report);
    add_sandbox(report);
    g_autofree char *next = next_step(result);
    if (next != NULL)
        report_add_paragraph(report, 0, BOLD, "next:", COLUMN_TAG, next);
}

char *report_text(const Result *result, const ReportStyle *style)
{
    g_autoptr(Result) disclosed = disclose(result, style->show);
    Report report = {g_string_new(NULL), disclosed, style};
    add_headline(&report);
    add_diagnostics(&report, FALSE);
    add_diagnostics(&report, TRUE);
    add_status(&report);
    if (disclosed->status != SUBMISSION_UNGRADED)
        report_add_items(&report);
    add_foot(&report);
    return g_string_free(report.out, FALSE);
}
