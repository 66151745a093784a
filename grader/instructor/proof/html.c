/* html.c: a proof as one page; see report.h. */
#include "base/escape.h"
#include "instructor/proof/report.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n<style>\n"
    "body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem;"
    " padding: 0 1rem; color: #1b1f24; background: #fff; }\n"
    "h1 { font-size: 1.6rem; margin-bottom: 0.2rem; }\n"
    "h2 { font-size: 1.15rem; margin-top: 2.2rem; }\n"
    "table { border-collapse: collapse; }\n"
    "th, td { text-align: left; vertical-align: top; padding: 0.15rem 0.8rem 0.15rem 0; }\n"
    "td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: "
    "tabular-nums; }\n"
    "tr + tr > td { border-top: 1px solid #e5e7eb; }\n"
    ".good { color: #116329; font-weight: 600; } .bad { color: #a40e26; font-weight: 600; }\n"
    "td.label { white-space: nowrap; } .quiet { color: #59636e; }\n"
    ".matrix { overflow: auto; max-height: 92vh; }\n"
    ".matrix td, .matrix th { padding: 0 0.3rem 0 0; white-space: nowrap; font-size: 13px; }\n"
    ".matrix td.name { position: sticky; left: 0; background: #fff; max-width: 27rem;"
    " overflow: hidden; text-overflow: ellipsis; }\n"
    ".matrix th.test { height: 12.5rem; vertical-align: bottom; padding: 0; min-width: 1.15rem;"
    " position: sticky; top: 0; background: #fff; }\n"
    ".matrix th.test span { writing-mode: vertical-rl; transform: rotate(180deg);"
    " font-weight: 400; }\n"
    ".matrix th.suite { max-width: 1px; overflow: hidden; text-overflow: ellipsis;"
    " border-left: 2px solid #59636e; padding-left: 0.2rem; }\n"
    ".matrix td.cell { padding: 0; text-align: center; border-left: 1px solid #e5e7eb; }\n"
    ".matrix td.kill { background: #cf4a3c; } .matrix td.memory { background: #e3a008; }\n"
    ".matrix tr.survived td.name { color: #a40e26; font-weight: 600; }\n"
    "ul.findings { margin: 0.2rem 0; padding-left: 1.1rem; }\n"
    "summary { cursor: pointer; }\n"
    "</style>\n</head>\n<body>\n";

static void add(GString *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GString *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(page, format, arguments);
    va_end(arguments);
}

static void add_text(GString *page, const char *text)
{
    g_autofree char *escaped = escape_html(text);
    g_string_append(page, escaped);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void add_check(GString *page, const ProofCheck *check)
{
    gboolean holds = check->findings->len == 0;
    add(page, "<tr><td class=\"%s\">%s</td><td>", holds ? "good" : "bad",
        holds ? "holds" : "fails");
    add_text(page, check->name);
    g_string_append(page, "</td><td>");
    if (holds && check->says != NULL)
        add_text(page, check->says);
    if (!holds)
        g_string_append(page, "<ul class=\"findings\">");
    for (guint i = 0; i < check->findings->len; i++) {
        g_string_append(page, "<li>");
        add_text(page, check->findings->pdata[i]);
        g_string_append(page, "</li>");
    }
    add(page, "%s</td><td class=\"number quiet\">%.1f s</td></tr>\n", holds ? "" : "</ul>",
        (double)check->usec / G_USEC_PER_SEC);
}

static void add_checks(GString *page, const Proof *proof)
{
    gboolean holds = proof_holds(proof);
    add(page, "<p class=\"%s\">%s</p>\n", holds ? "good" : "bad",
        holds ? "It can be handed out: every check below holds."
              : "Do not hand it out: a check below fails.");
    g_string_append(page, "<table>\n");
    for (guint i = 0; i < proof->checks->len; i++)
        add_check(page, proof->checks->pdata[i]);
    g_string_append(page, "</table>\n");
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void add_tests(GString *page, const Proof *proof)
{
    g_string_append(page, "<h2>Hidden tests and how many mutants each kills</h2>\n<table>\n");
    for (guint i = 0; i < proof->context->listed->len; i++) {
        const ListedTest *test = proof->context->listed->pdata[i];
        guint kills = proof_kills(proof, test);
        add(page, "<tr><td>%s/%s</td><td class=\"quiet\">", test->suite, test->name);
        add_text(page, test->title);
        add(page, "</td><td class=\"number%s\">%u</td></tr>\n", kills == 0 ? " bad" : "", kills);
    }
    g_string_append(page, "</table>\n");
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static gboolean has_memory(const Result *result, const ListedTest *test)
{
    const ItemResult *item = result_item(result, test->suite);
    for (guint i = 0; item != NULL && i < item->memory->len; i++) {
        const MemoryFinding *finding = item->memory->pdata[i];
        if (g_ptr_array_find_with_equal_func(finding->tests, test->name, g_str_equal, NULL))
            return TRUE;
    }
    return FALSE;
}

static void add_mutant(GString *page, const Proof *proof, const ProofMutant *mutant)
{
    g_autofree char *says = proof_mutant_says(mutant);
    g_autofree char *title = escape_html(says);
    const Result *result = mutant->trial->result;
    add(page, "<tr class=\"%s\"><td class=\"name\" title=\"%s\">",
        proof_verdict_word(mutant->verdict), title);
    add_text(page, mutant->written != NULL ? mutant->trial->name : says);
    add(page, "</td><td class=\"number\">%g</td>", result->score);
    for (guint i = 0; i < proof->context->listed->len; i++) {
        const ListedTest *test = proof->context->listed->pdata[i];
        gboolean failed = trial_failed(mutant->trial, test->suite, test->name);
        gboolean memory = !failed && has_memory(result, test);
        add(page, "<td class=\"cell%s\">%s</td>",
            failed   ? " kill"
            : memory ? " memory"
                     : "",
            failed   ? "&#215;"
            : memory ? "m"
                     : "");
    }
    const char *cause = proof_mutant_cause(mutant);
    g_string_append(page, "<td class=\"quiet\">");
    add_text(page, cause != NULL ? cause : "");
    g_string_append(page, "</td></tr>\n");
}

/* A line above the tests with the suite that they belong to. */
static void add_suites(GString *page, const GPtrArray *listed)
{
    g_string_append(page, "<tr><th></th><th></th>");
    for (guint i = 0, end; i < listed->len; i = end) {
        const char *suite = ((const ListedTest *)listed->pdata[i])->suite;
        for (end = i; end < listed->len; end++)
            if (!g_str_equal(((const ListedTest *)listed->pdata[end])->suite, suite))
                break;
        add(page, "<th class=\"suite\" colspan=\"%u\" title=\"%s\">%s</th>", end - i, suite, suite);
    }
    g_string_append(page, "<th></th></tr>\n");
}

static void add_matrix(GString *page, const Proof *proof, gboolean written, const char *title)
{
    add(page,
        "<h2>%s</h2>\n<p class=\"quiet\">&#215; the test fails, m only its memory is wrong; the "
        "number is the score.</p>\n<div class=\"matrix\"><table>\n",
        title);
    add_suites(page, proof->context->listed);
    g_string_append(page, "<tr><th></th><th></th>");
    for (guint i = 0; i < proof->context->listed->len; i++) {
        const ListedTest *test = proof->context->listed->pdata[i];
        add(page, "<th class=\"test\"><span>%s</span></th>", test->name);
    }
    g_string_append(page, "<th>likely cause that is told first</th></tr>\n");
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        if ((mutant->written != NULL) == written && mutant->verdict != MUTANT_NOT_COMPILED)
            add_mutant(page, proof, mutant);
    }
    g_string_append(page, "</table></div>\n");
}

/* ---- survivors, margins ---------------------------------------------------------------------- */

static void add_survivors(GString *page, const Proof *proof)
{
    g_string_append(page, "<h2>Survivors</h2>\n<table>\n");
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        if (mutant->verdict != MUTANT_SURVIVED && mutant->verdict != MUTANT_EQUIVALENT)
            continue;
        g_autofree char *says = proof_mutant_says(mutant);
        gboolean survived = mutant->verdict == MUTANT_SURVIVED;
        add(page, "<tr><td class=\"%s\">%s</td><td>", survived ? "bad" : "good",
            proof_verdict_word(mutant->verdict));
        add_text(page, says);
        g_string_append(page, "</td><td class=\"quiet\">");
        add_text(page, survived ? "no hidden test notices: write one" : mutant->why);
        g_string_append(page, "</td></tr>\n");
    }
    g_string_append(page, "</table>\n");
}

static void add_margins(GString *page, const Proof *proof)
{
    g_autoptr(GArray) margins = proof_margins(proof);
    g_string_append(page, "<h2>Right solutions: how near their errors come to the tolerance</h2>\n"
                          "<table>\n<tr><th></th><th class=\"number\">seeds</th>"
                          "<th class=\"number\">largest error</th></tr>\n");
    for (guint i = 0; i < margins->len; i++) {
        const ProofMargin *margin = &g_array_index(margins, ProofMargin, i);
        g_string_append(page, "<tr><td>");
        add_text(page, margin->name);
        add(page, "</td><td class=\"number\">%u</td><td class=\"number\">%.2f %%</td></tr>\n",
            margin->seeds, 100 * margin->largest);
    }
    g_string_append(page, "</table>\n");
}

char *proof_to_html(const Proof *proof)
{
    g_autofree char *title = escape_html(proof->rubric->title);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *when = g_date_time_format(now, "%Y-%m-%d %H:%M");
    GString *page = g_string_new(NULL);
    g_string_append_printf(page, head, title);
    add(page, "<h1>%s: does it grade right?</h1>\n<p class=\"quiet\">%s</p>\n", title, when);
    add_checks(page, proof);
    add_survivors(page, proof);
    add_tests(page, proof);
    add_matrix(page, proof, TRUE, "Mistakes that students make");
    add_matrix(page, proof, FALSE, "Systematic changes of the solution");
    add_margins(page, proof);
    g_string_append(page, "</body>\n</html>\n");
    return g_string_free(page, FALSE);
}
