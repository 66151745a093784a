/* parts.c: see parts.h. */
#include "report/parts.h"

#include <string.h>

#include "base/escape.h"
#include "base/wrap.h"
#include "result/words.h"

#define TEXT_LIMIT 1000 /* bytes of one untrusted text */

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

void report_add_paragraph(Report *report, guint indent, Colour colour, const char *tag, guint hang,
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

void report_add_hint(Report *report, const char *hint)
{
    if (hint != NULL)
        report_add_paragraph(report, COLUMN_BODY, CYAN, "hint:", COLUMN_BODY + 2, hint);
}

void report_add_source(Report *report, guint line, const char *source)
{
    if (source == NULL)
        return;
    g_autofree char *safe = escape_text(source, -1, TEXT_LIMIT, FALSE);
    g_autofree char *number = g_strdup_printf("%*s%u | ", COLUMN_BODY, "", line);
    g_string_append(report->out, number);
    wrap_cut(report->out, (guint)strlen(number), safe);
    g_string_append_c(report->out, '\n');
}

void report_add_points(Report *report, double points, double max, Colour colour)
{
    g_autofree char *earned = words_points(points);
    g_autofree char *all = words_points(max);
    g_autofree char *both = g_strdup_printf("%2s/%s", earned, all);
    report_paint(report, colour, both);
    guint width = wrap_columns(both);
    guint blanks = width < COLUMN_TAG ? COLUMN_TAG - width : 1;
    g_string_append_printf(report->out, "%*s", (int)blanks, "");
}

void report_add_note(Report *report, const char *tag, const char *text)
{
    report_add_paragraph(report, COLUMN_TAG, DIM, tag, COLUMN_TAG + 2, text);
}
