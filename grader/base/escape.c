#include "base/escape.h"

#include <string.h>

/* ---- text for a terminal --------------------------------------------------------------------- */

/* Would this character act instead of being seen? */
static gboolean is_unsafe(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* bidirectional overrides, zero width joiners, byte order marks */
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
        return TRUE;
    default:
        return FALSE;
    }
}

static void append_escape(GString *out, gunichar c)
{
    if (c < 0x80)
        g_string_append_printf(out, "\\x%02x", c);
    else if (c <= 0xffff)
        g_string_append_printf(out, "\\u%04x", c);
    else
        g_string_append_printf(out, "\\U%08x", c);
}

/*
 * Accents on one letter; no language piles up more. Hundreds of them cover the lines around it.
 */
enum { MARKS_LIMIT = 4 };

/* Is this one accent too many? `marks` counts those on the letter before. */
static gboolean is_piled_up(gunichar c, guint *marks)
{
    GUnicodeType type = g_unichar_type(c);
    gboolean mark = type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK;
    *marks = mark ? *marks + 1 : 0;
    return *marks > MARKS_LIMIT;
}

/* Append what the bytes at `at` begin with, made visible, and return how many were taken. */
static gsize append_visible(GString *out, const char *at, gsize left, gboolean lines, guint *marks)
{
    gunichar c = g_utf8_get_char_validated(at, (gssize)left);
    if (*at == '\0' || c == (gunichar)-1 || c == (gunichar)-2) {
        g_string_append_printf(out, "\\x%02x", (unsigned char)*at);
        return 1;
    }
    gboolean ends_line = left == 1 || at[1] == '\n';
    if (c == '\n')
        g_string_append(out, lines ? "\n" : "\\n");
    else if (c == '\t')
        g_string_append(out, "    ");
    else if (c == '\r')
        g_string_append(out, ends_line ? "" : "\\r"); /* files from Windows are no attack */
    else if (is_unsafe(c) || is_piled_up(c, marks))
        append_escape(out, c);
    else
        g_string_append_unichar(out, c);
    return (gsize)(g_utf8_next_char(at) - at);
}

char *escape_text(const char *bytes, gssize length, gsize limit, gboolean lines)
{
    gsize left = length < 0 ? strlen(bytes) : (gsize)length;
    GString *out = g_string_new(NULL);
    guint marks = 0;
    gsize fits_with_dots = 0; /* the longest prefix of whole characters that leaves room for them */
    while (left > 0) {
        gsize taken = append_visible(out, bytes, left, lines, &marks);
        bytes += taken;
        left -= taken;
        if (out->len > limit) {
            g_string_truncate(out, fits_with_dots);
            g_string_append_len(out, "...", (gssize)MIN(limit, 3));
            break;
        }
        if (out->len + 3 <= limit)
            fits_with_dots = out->len;
    }
    return g_string_free(out, FALSE);
}

static char *visible(const char *text, gboolean lines)
{
    return escape_text(text, -1, G_MAXSIZE / 2, lines);
}

/* ---- other formats --------------------------------------------------------------------------- */

char *escape_html(const char *text)
{
    g_autofree char *safe = visible(text, TRUE);
    return g_markup_escape_text(safe, -1);
}

/* Does this line of Markdown begin like a list, or like a heading's underline? */
static gboolean begins_block(const char *text)
{
    if (strchr("-+=", *text) != NULL)
        return *text != '\0';
    const char *digits = text;
    while (g_ascii_isdigit(*digits))
        digits++;
    return digits > text && (*digits == '.' || *digits == ')');
}

/* Must the character at `at` be escaped wherever it stands? */
static gboolean is_markup(const char *text, const char *at)
{
    if (*at == '_') /* a_b is a name; _a_ is emphasis */
        return at == text || !g_ascii_isalnum(at[-1]) || !g_ascii_isalnum(at[1]);
    if (*at == ':')
        return g_str_has_prefix(at, "://");
    if (*at == '.')
        return at - text >= 3 && g_ascii_strncasecmp(at - 3, "www", 3) == 0;
    return strchr("\\`*[]<>#|~$&", *at) != NULL;
}

char *escape_markdown(const char *text)
{
    g_autofree char *safe = visible(text, FALSE);
    GString *out = g_string_new(NULL);
    const char *at = safe + strspn(safe, " ");
    gboolean block = begins_block(at);
    for (; *at != '\0'; at++) {
        gboolean ends_number = block && !g_ascii_isdigit(*at);
        if (is_markup(safe, at) || ends_number)
            g_string_append_c(out, '\\');
        block = block && !ends_number;
        g_string_append_c(out, *at);
        if (*at == '@')
            g_string_append(out, "<!-- -->"); /* else GitHub notifies whoever is named here */
    }
    return g_string_free(out, FALSE);
}

char *escape_json(const char *json)
{
    GString *out = g_string_new(NULL);
    for (const char *at = json; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n' || !is_unsafe(c))
            g_string_append_unichar(out, c);
        else if (c <= 0xffff)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                   0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    return g_string_free(out, FALSE);
}

/* Would a spreadsheet take the cell for a formula? Blanks in front do not stop all of them. */
static gboolean is_formula(const char *text)
{
    static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};
    text += strspn(text, " ");
    for (gsize i = 0; i < G_N_ELEMENTS(starts); i++)
        if (g_str_has_prefix(text, starts[i]))
            return TRUE;
    return FALSE;
}

char *escape_csv(const char *text)
{
    g_autofree char *safe = visible(text, TRUE);
    GString *out = g_string_new(is_formula(text) ? "'" : "");
    g_string_append(out, safe);
    gboolean blanks = g_str_has_prefix(safe, " ") || g_str_has_suffix(safe, " ");
    if (blanks || strpbrk(safe, ",;\"\n") != NULL) {
        g_string_replace(out, "\"", "\"\"", 0);
        g_string_prepend_c(out, '"');
        g_string_append_c(out, '"');
    }
    return g_string_free(out, FALSE);
}

/* Each character of `special` as % and its code. */
static char *percent(const char *text, const char *special)
{
    g_autofree char *safe = visible(text, TRUE);
    GString *out = g_string_new(NULL);
    for (const char *at = safe; *at != '\0'; at++) {
        if (strchr(special, *at) != NULL)
            g_string_append_printf(out, "%%%02X", (unsigned char)*at);
        else
            g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

char *escape_github_message(const char *text)
{
    return percent(text, "%\r\n");
}

char *escape_github_property(const char *text)
{
    return percent(text, "%\r\n:,");
}
