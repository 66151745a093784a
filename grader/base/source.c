#include "base/source.h"

#include <string.h>

enum { LINE_LIMIT = 200 };

struct Source {
    char **lines; /* as they are */
    char **code;  /* the same with comments and strings blanked */
    guint n_lines;
};

/* What the scanner is in, at a character of the source. */
typedef enum { IN_CODE, IN_STRING, IN_CHARACTER, IN_COMMENT, IN_LINE_COMMENT } Place;

static Place place_after(Place place, const char *at)
{
    switch (place) {
    case IN_CODE:
        if (at[0] == '"')
            return IN_STRING;
        if (at[0] == '\'')
            return IN_CHARACTER;
        if (at[0] == '/' && at[1] == '*')
            return IN_COMMENT;
        return at[0] == '/' && at[1] == '/' ? IN_LINE_COMMENT : IN_CODE;
    case IN_STRING:
        return at[0] == '"' || at[0] == '\n' ? IN_CODE : IN_STRING;
    case IN_CHARACTER:
        return at[0] == '\'' || at[0] == '\n' ? IN_CODE : IN_CHARACTER;
    case IN_COMMENT:
        return at[0] == '*' && at[1] == '/' ? IN_CODE : IN_COMMENT;
    case IN_LINE_COMMENT:
        return at[0] == '\n' ? IN_CODE : IN_LINE_COMMENT;
    }
    return IN_CODE;
}

/* Overwrite with blanks whatever is no code; line ends stay. */
static void blank_non_code(char *text)
{
    Place place = IN_CODE;
    for (char *at = text; *at != '\0'; at++) {
        gboolean escaped = *at == '\\' && at[1] != '\0' && at[1] != '\n' &&
                           (place == IN_STRING || place == IN_CHARACTER);
        Place next = escaped ? place : place_after(place, at);
        gboolean two = escaped || (next == IN_COMMENT && place == IN_CODE) ||
                       (next == IN_CODE && place == IN_COMMENT);
        if ((next != IN_CODE || place != IN_CODE) && *at != '\n')
            *at = ' ';
        if (two)
            *++at = ' ';
        place = next;
    }
}

Source *source_load(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = g_strdup("");

    Source *source = g_new0(Source, 1);
    source->lines = g_strsplit(text, "\n", -1);
    blank_non_code(text);
    source->code = g_strsplit(text, "\n", -1);
    source->n_lines = g_strv_length(source->lines);
    return source;
}

void source_free(Source *source)
{
    if (source == NULL)
        return;
    g_strfreev(source->lines);
    g_strfreev(source->code);
    g_free(source);
}

char *source_line(const Source *source, guint line)
{
    if (line < 1 || line > source->n_lines)
        return NULL;
    const char *text = source->lines[line - 1];
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, LINE_LIMIT));
    return g_strdup(g_strchomp(valid));
}

static gboolean is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

static gboolean line_has(const char *line, const char *word)
{
    gsize length = strlen(word);
    for (const char *at = strstr(line, word); at != NULL; at = strstr(at + 1, word))
        if ((at == line || !is_word(at[-1])) && !is_word(at[length]))
            return TRUE;
    return FALSE;
}

static guint find_in(char *const *lines, const char *word)
{
    for (guint i = 0; lines[i] != NULL; i++)
        if (line_has(lines[i], word))
            return i + 1;
    return 0;
}

guint source_find(const Source *source, const char *word)
{
    if (*word == '\0')
        return 0;
    guint line = find_in(source->code, word);
    return line != 0 ? line : find_in(source->lines, word);
}
