#include "base/wrap.h"

#include <string.h>

static guint columns_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

guint wrap_columns(const char *text)
{
    guint columns = 0;
    for (; *text != '\0'; text = g_utf8_next_char(text))
        columns += columns_of(g_utf8_get_char(text));
    return columns;
}

/* The longest prefix that is not wider than `columns`. */
static gsize prefix_within(const char *text, guint columns)
{
    const char *at = text;
    for (guint used = 0; *at != '\0'; at = g_utf8_next_char(at)) {
        used += columns_of(g_utf8_get_char(at));
        if (used > columns)
            break;
    }
    return (gsize)(at - text);
}

static void new_line(GString *out, guint indent)
{
    g_string_append_printf(out, "\n%*s", (int)indent, "");
}

/* Append one word where nothing else is on the line yet; the column behind it. */
static guint append_word(GString *out, guint column, guint indent, const char *word)
{
    while (column + wrap_columns(word) > WRAP_WIDTH && column < WRAP_WIDTH) {
        gsize fits = prefix_within(word, WRAP_WIDTH - column);
        if (fits == 0)
            break;
        g_string_append_len(out, word, (gssize)fits);
        word += fits;
        new_line(out, indent);
        column = indent;
    }
    g_string_append(out, word);
    return column + wrap_columns(word);
}

void wrap_text(GString *out, guint column, guint indent, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    gboolean fresh = TRUE; /* is this the first word of its line? */
    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0')
            continue;
        guint width = wrap_columns(*word) + (fresh ? 0 : 1);
        if (column + width > WRAP_WIDTH && column > indent) {
            new_line(out, indent);
            column = indent;
            fresh = TRUE;
        }
        if (!fresh)
            g_string_append_c(out, ' ');
        column = append_word(out, column + (fresh ? 0 : 1), indent, *word);
        fresh = FALSE;
    }
}

void wrap_cut(GString *out, guint column, const char *text)
{
    guint room = column < WRAP_WIDTH ? WRAP_WIDTH - column : 0;
    if (wrap_columns(text) <= room) {
        g_string_append(out, text);
        return;
    }
    g_string_append_len(out, text, (gssize)prefix_within(text, room > 3 ? room - 3 : 0));
    g_string_append(out, "...");
}

void wrap_pad(GString *out, gsize start, guint columns)
{
    guint used = wrap_columns(out->str + start);
    if (used < columns)
        g_string_append_printf(out, "%*s", (int)(columns - used), "");
}
