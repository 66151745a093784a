#include "instructor/release/stub.h"

#include <string.h>

#include "base/error.h"

#define BEGIN_MARKER "/* BEGIN SOLUTION */"
#define END_MARKER "/* END SOLUTION */"
#define STUB_PREFIX "/* STUB: "
#define STUB_SUFFIX " */"
#define TODO_COMMENT "/* TODO: your code, in place of these lines. */"

/* A line of a solution is a secret from this length on: "if (lengths == NULL)" is none. */
#define SECRET_LENGTH 24

typedef enum { LINE_SHARED, LINE_BEGIN, LINE_STUB, LINE_SOLUTION, LINE_END } LineKind;

typedef struct {
    LineKind kind;
    char *text;     /* the whole line, without its newline */
    char *stripped; /* without the white space around it */
} Line;

/* ---- reading --------------------------------------------------------------------------------- */

static void line_free(Line *line)
{
    g_free(line->text);
    g_free(line->stripped);
    g_free(line);
}

static gboolean is_stub(const char *stripped)
{
    return strlen(stripped) > strlen(STUB_PREFIX STUB_SUFFIX) &&
           g_str_has_prefix(stripped, STUB_PREFIX) && g_str_has_suffix(stripped, STUB_SUFFIX);
}

/* Could the line be meant as a marker? See stub.h. */
static gboolean looks_like_marker(const char *text)
{
    static const char pattern[] = "(?i:solution)"
                                  "|(?i:(?<![a-z])(begin|end)[^a-z]*(sol|slo))"
                                  "|(?<![A-Za-z])(BEGIN|END|STUB)(?![A-Za-z])"
                                  "|^\\s*(/\\*|//)\\s*[A-Z]{2}[A-Z_\\s]*(:|\\*/|$)";
    return g_regex_match_simple(pattern, text, G_REGEX_RAW, 0);
}

static gboolean is_inside(LineKind before)
{
    return before != LINE_SHARED && before != LINE_END;
}

/* Say what kind of line this is after one of kind `before`, and return what is wrong with it. */
static const char *classify(Line *line, LineKind before)
{
    gboolean inside = is_inside(before);
    if (g_str_equal(line->stripped, BEGIN_MARKER)) {
        line->kind = LINE_BEGIN;
        return inside ? "a block begins inside of a block" : NULL;
    }
    if (g_str_equal(line->stripped, END_MARKER)) {
        line->kind = LINE_END;
        return inside ? NULL : "a block ends that has not begun";
    }
    if (is_stub(line->stripped)) {
        gboolean follows = before == LINE_BEGIN || before == LINE_STUB;
        line->kind = LINE_STUB;
        return follows ? NULL : "a STUB line that does not follow BEGIN SOLUTION";
    }
    line->kind = inside ? LINE_SOLUTION : LINE_SHARED;
    if (looks_like_marker(line->text))
        return "this looks like a marker, but the markers are \"" BEGIN_MARKER "\", "
               "\"" STUB_PREFIX "CODE" STUB_SUFFIX "\" and \"" END_MARKER "\"";
    return NULL;
}

static void refuse(GError **error, const char *file, guint number, const char *what)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SOLUTION, "%s:%u: %s", file, number, what);
}

/* The lines of the text, each with its kind. NULL with an error unless all markers are right. */
static GPtrArray *read_lines(const char *text, const char *file, GError **error)
{
    g_auto(GStrv) texts = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);
    LineKind before = LINE_SHARED;
    guint last_begin = 0;
    for (guint i = 0; texts[i] != NULL; i++) {
        Line *line = g_new0(Line, 1);
        g_ptr_array_add(lines, line);
        line->text = g_strdup(texts[i]);
        line->stripped = g_strstrip(g_strdup(texts[i]));
        const char *what = classify(line, before);
        if (what != NULL) {
            refuse(error, file, i + 1, what);
            return NULL;
        }
        before = line->kind;
        if (line->kind == LINE_BEGIN)
            last_begin = i + 1;
    }
    if (last_begin == 0 || is_inside(before)) {
        refuse(error, file, MAX(last_begin, 1),
               last_begin == 0 ? "there is no \"" BEGIN_MARKER "\" in this file"
                               : "the block that begins here does not end");
        return NULL;
    }
    return g_steal_pointer(&lines);
}

/* ---- the starter ----------------------------------------------------------------------------- */

/* Append `content`, indented as the marker is that it comes from. */
static void append_stub(GString *starter, const Line *marker, const char *content, gsize length)
{
    gsize indent = strspn(marker->text, " \t");
    g_string_append_len(starter, marker->text, (gssize)indent);
    g_string_append_len(starter, content, (gssize)length);
    g_string_append_c(starter, '\n');
}

static gboolean ends_with_blank_line(const GString *starter)
{
    return starter->len == 0 || g_str_has_suffix(starter->str, "\n\n");
}

char *stub_generate(const char *text, const char *file, GError **error)
{
    g_autoptr(GPtrArray) lines = read_lines(text, file, error);
    if (lines == NULL)
        return NULL;
    g_autoptr(GString) starter = g_string_new(NULL);
    LineKind before = LINE_SHARED;
    gboolean vanished = FALSE; /* the last block has left nothing behind */
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = lines->pdata[i];
        if (line->kind == LINE_BEGIN) {
            vanished = TRUE;
        } else if (line->kind == LINE_STUB) {
            if (before == LINE_BEGIN)
                append_stub(starter, line, TODO_COMMENT, strlen(TODO_COMMENT));
            gsize length = strlen(line->stripped) - strlen(STUB_PREFIX STUB_SUFFIX);
            append_stub(starter, line, line->stripped + strlen(STUB_PREFIX), length);
            vanished = FALSE;
        } else if (line->kind == LINE_SHARED) {
            gboolean doubled = before == LINE_END && vanished && *line->stripped == '\0' &&
                               ends_with_blank_line(starter);
            if (!doubled)
                g_string_append_printf(starter, "%s%s", line->text, i + 1 < lines->len ? "\n" : "");
        }
        before = line->kind;
    }
    return g_string_free(g_steal_pointer(&starter), FALSE);
}

/* ---- what may not get out -------------------------------------------------------------------- */

GStrv stub_secret_lines(const char *text, const char *file, GError **error)
{
    g_autoptr(GPtrArray) lines = read_lines(text, file, error);
    if (lines == NULL)
        return NULL;

    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < lines->len; i++) {
        Line *line = lines->pdata[i];
        if (line->kind == LINE_SHARED)
            g_hash_table_add(known, line->stripped);
    }
    g_autoptr(GStrvBuilder) secrets = g_strv_builder_new();
    for (guint i = 0; i < lines->len; i++) {
        Line *line = lines->pdata[i];
        if (line->kind == LINE_SOLUTION && strlen(line->stripped) >= SECRET_LENGTH &&
            g_hash_table_add(known, line->stripped))
            g_strv_builder_add(secrets, line->stripped);
    }
    return g_strv_builder_end(secrets);
}
