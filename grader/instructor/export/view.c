/* view.c: see view.h. */
#include "instructor/export/view.h"

#include <string.h>

#include "base/escape.h"
#include "base/wrap.h"
#include "instructor/export/glance.h"
#include "result/words.h"

enum { NAME_COLUMNS = 26, CELL = 5, MOST_CELLS = 6 };

typedef struct {
    const ViewStyle *style;
    GString *out;
    guint cells; /* columns for items */
} Table;

static void paint(const Table *table, const char *code, const char *text)
{
    if (table->style->colour && code != NULL)
        g_string_append_printf(table->out, "\x1b[%sm%s\x1b[0m", code, text);
    else
        g_string_append(table->out, text);
}

/* The summary lists the titles of the items. `example` is any student's grading, or NULL. */
static void append_head(Table *table, const Grade *grade, const Result *example)
{
    g_autoptr(GString) numbers = g_string_new("student");
    g_autoptr(GString) maxima = g_string_new(NULL);
    wrap_pad(numbers, 0, NAME_COLUMNS);
    wrap_pad(maxima, 0, NAME_COLUMNS);
    table->cells = example != NULL ? MIN(example->items->len, MOST_CELLS) : 0;
    for (guint i = 0; i < table->cells; i++) {
        const ItemResult *item = example->items->pdata[i];
        g_autofree char *max = words_points(item->max_points);
        g_autofree char *of = g_strconcat("/", max, NULL);
        g_string_append_printf(numbers, " %*u", CELL, i + 1);
        g_string_append_printf(maxima, " %*s", CELL, of);
    }
    g_autofree char *max = words_points(grade->max_score);
    g_autofree char *of = g_strconcat("/", max, NULL);
    g_string_append_printf(numbers, "  %6s", "total");
    g_string_append_printf(maxima, "  %6s", of);
    paint(table, "1", numbers->str);
    g_string_append_c(table->out, '\n');
    paint(table, "1", maxima->str);
    g_string_append_c(table->out, '\n');
}

static void G_GNUC_PRINTF(2, 3) add_remark(GString *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append(text, text->len > 0 ? ", " : "");
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

/* A few words on what the points do not say. */
static char *remark(const Grade *grade, const Result *result)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *reason = result != NULL ? glance_reason(result) : NULL;
    if (result == NULL)
        g_string_append(text, g_str_equal(grade->status, "waiting") ? "not graded yet"
                                                                    : "nothing handed in");
    else if (reason != NULL)
        g_string_append_len(text, reason, (gssize)strcspn(reason, ":"));
    guint findings = 0;
    for (guint i = 0; result != NULL && i < result->items->len; i++)
        findings += ((const ItemResult *)result->items->pdata[i])->memory->len;
    if (findings > 0)
        add_remark(text, "memory errors");
    if (grade->extra > 0) {
        g_autofree char *extra = words_points(grade->extra);
        add_remark(text, "extra %s", extra);
    }
    if (grade->days_late > 0)
        add_remark(text, "late %u d", grade->days_late);
    if (grade->adjusted && grade->adjustment != 0)
        add_remark(text, "adjusted %+.10g", grade->adjustment);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const char *colour_of(const Grade *grade)
{
    if (!grade->graded)
        return "33";
    if (grade->final >= grade->max_score)
        return "32";
    return grade->final <= 0 ? "31" : NULL;
}

static void append_row(Table *table, const Grade *grade, const Result *result)
{
    GString *out = table->out;
    g_autofree char *name = escape_text(grade->name, -1, 200, FALSE);
    gsize start = out->len;
    wrap_cut(out, WRAP_WIDTH - NAME_COLUMNS + 1, name);
    wrap_pad(out, start, NAME_COLUMNS);
    for (guint i = 0; i < table->cells; i++) {
        const ItemResult *item =
            result != NULL && i < result->items->len ? result->items->pdata[i] : NULL;
        gboolean earned = item != NULL && result->status == SUBMISSION_GRADED;
        g_autofree char *points = earned ? words_points(item->points) : g_strdup("-");
        g_string_append_printf(out, " %*s", CELL, points);
    }
    g_autofree char *final = grade->graded ? words_points(grade->final) : g_strdup("-");
    g_autofree char *total = g_strdup_printf("  %6s", final);
    paint(table, colour_of(grade), total);
    g_autofree char *words = remark(grade, result);
    g_autofree char *safe = escape_text(words, -1, 200, FALSE);
    if (*safe != '\0') {
        g_string_append(out, "  ");
        wrap_cut(out, NAME_COLUMNS + table->cells * (CELL + 1) + 10, safe);
    }
    g_string_append_c(out, '\n');
}

static gboolean is_shown(const ViewStyle *style, const Grade *grade)
{
    return style->only == NULL || g_hash_table_contains((GHashTable *)style->only, grade->student);
}

static gboolean begin_table(Table *table, Gradebook *book, const GPtrArray *grades, GError **error)
{
    const Grade *first = NULL;
    for (guint i = 0; i < grades->len && (first == NULL || first->record == 0); i++)
        if (is_shown(table->style, grades->pdata[i]))
            first = grades->pdata[i];
    if (first == NULL)
        return TRUE;
    g_autoptr(Result) example = NULL;
    if (!gradebook_result_of(book, first, &example, error))
        return FALSE;
    append_head(table, first, example);
    return TRUE;
}

char *view_text(Gradebook *book, const ViewStyle *style, GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(book, error);
    g_autoptr(Glance) glance = glance_new();
    g_autoptr(GString) out = g_string_new(NULL);
    Table table = {style, out, 0};
    if (grades == NULL || (style->table && !begin_table(&table, book, grades, error)))
        return NULL;
    for (guint i = 0; i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        if (!is_shown(style, grade))
            continue;
        g_autoptr(Result) result = NULL;
        if (!gradebook_result_of(book, grade, &result, error))
            return NULL;
        if (style->table)
            append_row(&table, grade, result);
        glance_add(glance, grade, result);
    }
    for (guint i = 0; style->listed != NULL && i < style->listed->len; i++)
        glance_look(glance, style->listed->pdata[i]);
    if (style->table)
        g_string_append_c(out, '\n');
    glance_append(glance, style->colour, out);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
