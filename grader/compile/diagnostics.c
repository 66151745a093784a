#include "compile/diagnostics.h"

#include <jansson.h>
#include <string.h>

enum {
    MESSAGE_LIMIT = 300, /* bytes of one message that are kept */
    NAME_LIMIT = 80,
    TEXT_LIMIT = 2000, /* bytes of one line of text that are read */
    BROKEN_LIMIT = 10, /* broken arrays, after which an array is text like any other */
    LINE_MAX_VALUE = 100 * 1000 * 1000,
};

typedef struct {
    const char *file;
    const Source *source;
    GPtrArray *errors, *others; /* Diagnostic, at most DIAGNOSTICS_LIMIT each */
    guint n_errors, n_broken;
    GRegex *assembler, *temporary; /* a line of the assembler; a word that names a file of gcc's */
} Reader;

/* ---- text ------------------------------------------------------------------------------------ */

/*
 * gcc's JSON is not always JSON: control characters and bytes that are no UTF-8 come through from
 * the source as they are. Make it so, and use plain quotes, whatever the locale.
 */
static char *clean_text(const char *bytes, gsize length)
{
    g_autofree char *valid = g_utf8_make_valid(bytes, (gssize)length);
    GString *clean = g_string_sized_new(strlen(valid));
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        if ((guchar)*at < ' ' && *at != '\n')
            g_string_append_printf(clean, "\\u%04x", (guchar)*at);
        else if (g_str_has_prefix(at, "\u2018") || g_str_has_prefix(at, "\u2019"))
            g_string_append_c(clean, '\'');
        else
            g_string_append_len(clean, at, g_utf8_next_char(at) - at);
    }
    return g_string_free(clean, FALSE);
}

static char *bounded(const char *text, gsize limit)
{
    if (strlen(text) <= limit)
        return g_strdup(text);
    const char *end = g_utf8_find_prev_char(text, text + limit);
    return g_strdup_printf("%.*s...", (int)(end - text), text);
}

/* ---- one message ----------------------------------------------------------------------------- */

static Diagnostic *new_diagnostic(const Reader *reader, const char *severity, const char *file,
                                  json_int_t line, const char *message)
{
    g_autofree char *text = bounded(message, MESSAGE_LIMIT);
    Diagnostic *diagnostic = diagnostic_new(severity, text);
    diagnostic->file = file != NULL ? bounded(file, NAME_LIMIT) : NULL;
    diagnostic->line = line > 0 && line <= LINE_MAX_VALUE ? (guint)line : 0;
    if (file != NULL && strcmp(file, reader->file) == 0)
        diagnostic->source = source_line(reader->source, diagnostic->line);
    diagnostic->hint = g_strdup(diagnostics_hint(message));
    return diagnostic;
}

static gboolean is_error(const Diagnostic *diagnostic)
{
    return strcmp(diagnostic->severity, "error") == 0;
}

static gboolean keep(Reader *reader, Diagnostic *diagnostic)
{
    GPtrArray *list = is_error(diagnostic) ? reader->errors : reader->others;
    reader->n_errors += is_error(diagnostic);
    if (list->len < DIAGNOSTICS_LIMIT) {
        g_ptr_array_add(list, diagnostic);
        return TRUE;
    }
    diagnostic_free(diagnostic);
    return FALSE;
}

/* ---- JSON: the compiler ---------------------------------------------------------------------- */

static const char *severity_of(const char *kind)
{
    if (strcmp(kind, "note") == 0 || strcmp(kind, "warning") == 0)
        return kind;
    return "error"; /* also "fatal error", "sorry, unimplemented", "internal compiler error" */
}

static Diagnostic *read_element(const Reader *reader, json_t *element)
{
    const char *kind = json_string_value(json_object_get(element, "kind"));
    const char *message = json_string_value(json_object_get(element, "message"));
    if (kind == NULL || message == NULL)
        return NULL;
    json_t *locations = json_object_get(element, "locations");
    json_t *caret = json_object_get(json_array_get(locations, 0), "caret");
    const char *file = json_string_value(json_object_get(caret, "file"));
    json_int_t line = json_integer_value(json_object_get(caret, "line"));
    Diagnostic *diagnostic = new_diagnostic(reader, severity_of(kind), file, line, message);
    json_int_t column = json_integer_value(json_object_get(caret, "column"));
    diagnostic->column = column > 0 && column <= LINE_MAX_VALUE ? (guint)column : 0;
    return diagnostic;
}

/* The first note says where the other half is, if elsewhere: "previous declaration of ...". */
static void keep_with_note(Reader *reader, json_t *element)
{
    Diagnostic *diagnostic = read_element(reader, element);
    if (diagnostic == NULL)
        return;
    Diagnostic *note =
        read_element(reader, json_array_get(json_object_get(element, "children"), 0));
    gboolean useful = note != NULL && (note->line != diagnostic->line ||
                                       g_strcmp0(note->file, diagnostic->file) != 0);
    GPtrArray *list = is_error(diagnostic) ? reader->errors : reader->others;
    if (keep(reader, diagnostic) && useful && list->len < DIAGNOSTICS_LIMIT)
        g_ptr_array_add(list, g_steal_pointer(&note));
    if (note != NULL)
        diagnostic_free(note);
}

static const char *skip_separators(const char *at)
{
    return at + strspn(at, " ,\n");
}

/* Read elements up to the first that is broken or cut; the place after them. */
static const char *read_array(Reader *reader, const char *at)
{
    at = skip_separators(at + 1);
    while (*at == '{') {
        json_error_t problem;
        json_t *element = json_loads(at, JSON_DISABLE_EOF_CHECK, &problem);
        if (element == NULL) {
            reader->n_broken++;
            return strchr(at, '\n');
        }
        keep_with_note(reader, element);
        json_decref(element);
        at = skip_separators(at + problem.position);
    }
    return *at == ']' ? at + 1 : strchr(at, '\n');
}

/* ---- plain text: assembler, linker, driver --------------------------------------------------- */

/* "attention.c:7: Error: no such instruction: `foo'" */
static gboolean read_assembler_line(Reader *reader, const char *line)
{
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(reader->assembler, line, 0, &match))
        return FALSE;
    g_autofree char *file = g_match_info_fetch(match, 1);
    g_autofree char *number = g_match_info_fetch(match, 2);
    g_autofree char *kind = g_match_info_fetch(match, 3);
    g_autofree char *message = g_match_info_fetch(match, 4);
    /* Another file is what gcc hands to the assembler; its lines mean nothing to anybody. */
    gboolean ours = strcmp(file, reader->file) == 0;
    keep(reader,
         new_diagnostic(reader, strcmp(kind, "Warning") == 0 ? "warning" : "error",
                        ours ? file : NULL, ours ? g_ascii_strtoll(number, NULL, 10) : 0, message));
    return TRUE;
}

/* "/usr/bin/ld: /tmp/ccAbCdEf.o: warning: ..." without the names that change each time. */
static char *without_temporary_names(const Reader *reader, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    GString *text = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++) {
        if (g_regex_match(reader->temporary, *word, 0, NULL))
            continue;
        if (word != words)
            g_string_append_c(text, ' ');
        g_string_append(text, *word);
    }
    return g_string_free(text, FALSE);
}

static const char *message_of_program(const char *line)
{
    static const char *const programs[] = {"gcc: ", "cc1: ", "as: ", "ld: "};
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        const char *found = strstr(line, programs[i]);
        if (found != NULL)
            return found + strlen(programs[i]);
    }
    return NULL;
}

/* What is left out: introductions ("in function `f':") and collect2, which repeats the linker. */
static void read_line(Reader *reader, const char *line)
{
    static const char warning[] = "warning: ";
    g_autofree char *text = without_temporary_names(reader, line);
    if (read_assembler_line(reader, text) || strstr(text, ": in function ") != NULL)
        return;
    const char *message = message_of_program(text);
    if (message == NULL)
        return;
    if (g_str_has_prefix(message, warning))
        keep(reader, new_diagnostic(reader, "warning", NULL, 0, message + strlen(warning)));
    else
        keep(reader, new_diagnostic(reader, "error", NULL, 0, message));
}

static void read_all(Reader *reader, const char *text)
{
    const char *at = text;
    while (at != NULL && *at != '\0') {
        if (*at == '[' && reader->n_broken < BROKEN_LIMIT) {
            at = read_array(reader, at);
            continue;
        }
        const char *end = strchrnul(at, '\n');
        gsize length = MIN((gsize)(end - at), TEXT_LIMIT);
        /* The limit may lie within a character. */
        g_autofree char *line = g_utf8_make_valid(at, (gssize)length);
        read_line(reader, line);
        at = *end == '\n' ? end + 1 : NULL;
    }
}

static void move_up_to_limit(GPtrArray *from, GPtrArray *to)
{
    while (from->len > 0 && to->len < DIAGNOSTICS_LIMIT)
        g_ptr_array_add(to, g_ptr_array_steal_index(from, 0));
}

guint diagnostics_read(const char *bytes, gsize length, const char *file, const Source *source,
                       Result *result)
{
    g_autofree char *text = clean_text(bytes, length);
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func((GDestroyNotify)diagnostic_free);
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func((GDestroyNotify)diagnostic_free);
    g_autoptr(GRegex) assembler =
        g_regex_new("^([^:]+):([0-9]{1,8}): (Fatal error|Error|Warning): (.*)$", 0, 0, NULL);
    g_autoptr(GRegex) temporary =
        g_regex_new("(^|/)cc[A-Za-z0-9]{6}\\.[os](:\\([^)]*\\))?:$", 0, 0, NULL);
    Reader reader = {.file = file,
                     .source = source,
                     .errors = errors,
                     .others = others,
                     .assembler = assembler,
                     .temporary = temporary};
    read_all(&reader, text);

    move_up_to_limit(reader.errors, result->diagnostics);
    move_up_to_limit(reader.others, result->diagnostics);
    return reader.n_errors;
}
