/* mutant.c: wrong solutions as differences from right ones; see mutant.h. */
#include "instructor/mutants/mutant.h"

#include <string.h>

#include "base/error.h"

static void edit_free(MutantEdit *edit)
{
    g_free(edit->old);
    g_free(edit->text);
    g_free(edit);
}

void mutant_free(Mutant *mutant)
{
    if (mutant == NULL)
        return;
    g_free(mutant->path);
    g_free(mutant->name);
    g_free(mutant->says);
    g_strfreev(mutant->loses);
    g_strfreev(mutant->fails);
    g_strfreev(mutant->hints);
    g_strfreev(mutant->causes);
    g_free(mutant->base);
    g_ptr_array_unref(mutant->edits);
    g_free(mutant);
}

static G_GNUC_PRINTF(4, 5) gboolean
    refuse(GError **error, const Mutant *mutant, guint line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SOLUTION, "%s:%u: %s", mutant->path, line, what);
    return FALSE;
}

/* ---- the head -------------------------------------------------------------------------------- */

static GStrv split_words(const char *text)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) parts = g_strsplit(text, " ", -1);
    for (guint i = 0; parts[i] != NULL; i++)
        if (*parts[i] != '\0')
            g_strv_builder_add(words, parts[i]);
    return g_strv_builder_end(words);
}

/* One line of the head, "key: value". Each key comes once. */
static gboolean read_head_line(Mutant *mutant, const char *line, guint number, GError **error)
{
    const char *colon = strchr(line, ':');
    if (colon == NULL)
        return refuse(error, mutant, number, "expected 'key: value', found '%s'", line);
    g_autofree char *key = g_strndup(line, (gsize)(colon - line));
    g_autofree char *value = g_strstrip(g_strdup(colon + 1));
    if (*value == '\0')
        return refuse(error, mutant, number, "'%s' has no value", key);

    if (g_str_equal(key, "mutant") && mutant->says == NULL)
        mutant->says = g_steal_pointer(&value);
    else if (g_str_equal(key, "base") && mutant->base == NULL)
        mutant->base = g_steal_pointer(&value), mutant->base_line = number;
    else if (g_str_equal(key, "loses") && mutant->loses == NULL)
        mutant->loses = split_words(value), mutant->loses_line = number;
    else if (g_str_equal(key, "fails") && mutant->fails == NULL)
        mutant->fails = split_words(value), mutant->fails_line = number;
    else if (g_str_equal(key, "hint") && mutant->hints == NULL)
        mutant->hints = split_words(value);
    else if (g_str_equal(key, "cause") && mutant->causes == NULL)
        mutant->causes = split_words(value), mutant->causes_line = number;
    else
        return refuse(error, mutant, number, "unknown or repeated key '%s'", key);
    return TRUE;
}

/* Read up to the first "replace:", and say where that is. */
static gboolean read_head(Mutant *mutant, GStrv lines, guint *edits, GError **error)
{
    guint i = 0;
    for (; lines[i] != NULL && !g_str_equal(lines[i], "replace:"); i++)
        if (*lines[i] != '\0' && !read_head_line(mutant, lines[i], i + 1, error))
            return FALSE;
    const char *missing = mutant->says == NULL    ? "mutant"
                          : mutant->loses == NULL ? "loses"
                          : mutant->hints == NULL ? "hint"
                          : mutant->base == NULL  ? "base"
                                                  : NULL;
    if (missing != NULL)
        return refuse(error, mutant, i + 1, "there is no '%s:' before this line", missing);
    *edits = i;
    return TRUE;
}

/* ---- the edits ------------------------------------------------------------------------------- */

/* The lines from `begin` to before the next line that is `end` or, if there is none, the last. */
static char *take_lines(GStrv lines, guint begin, const char *end, guint *next)
{
    guint after = begin;
    while (lines[after] != NULL && !g_str_equal(lines[after], end))
        after++;
    *next = after;
    while (after > begin && *lines[after - 1] == '\0')
        after--;
    GString *text = g_string_new(NULL);
    for (guint i = begin; i < after; i++)
        g_string_append_printf(text, "%s\n", lines[i]);
    return g_string_free(text, FALSE);
}

static gboolean read_edits(Mutant *mutant, GStrv lines, guint i, GError **error)
{
    while (lines[i] != NULL) {
        MutantEdit *edit = g_new0(MutantEdit, 1);
        g_ptr_array_add(mutant->edits, edit);
        edit->line = i + 1;
        edit->old = take_lines(lines, i + 1, "with:", &i);
        if (*edit->old == '\0')
            return refuse(error, mutant, edit->line, "nothing is replaced here");
        if (lines[i] == NULL)
            return refuse(error, mutant, edit->line, "'replace:' without 'with:'");
        edit->text = take_lines(lines, i + 1, "replace:", &i);
        if (g_str_equal(edit->old, edit->text))
            return refuse(error, mutant, edit->line, "the text is replaced by itself");
    }
    if (mutant->edits->len == 0)
        return refuse(error, mutant, i, "there is no 'replace:'");
    return TRUE;
}

Mutant *mutant_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error))
        return NULL;
    g_autoptr(Mutant) mutant = g_new0(Mutant, 1);
    mutant->path = g_strdup(path);
    mutant->name = g_path_get_basename(path);
    if (g_str_has_suffix(mutant->name, ".mutant"))
        mutant->name[strlen(mutant->name) - strlen(".mutant")] = '\0';
    mutant->edits = g_ptr_array_new_with_free_func((GDestroyNotify)edit_free);

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint first = 0;
    if (!read_head(mutant, lines, &first, error) || !read_edits(mutant, lines, first, error))
        return NULL;
    return g_steal_pointer(&mutant);
}

/* ---- the source ------------------------------------------------------------------------------ */

/* Find the text at the beginning of a line, at `from` or later. */
static char *find_lines(char *from, const char *begin, const char *text)
{
    char *at = strstr(from, text);
    while (at != NULL && at != begin && at[-1] != '\n')
        at = strstr(at + 1, text);
    return at;
}

char *mutant_apply(const Mutant *mutant, const char *base, GError **error)
{
    g_autoptr(GString) source = g_string_new(base);
    for (guint i = 0; i < mutant->edits->len; i++) {
        const MutantEdit *edit = mutant->edits->pdata[i];
        char *at = find_lines(source->str, source->str, edit->old);
        const char *problem = at == NULL ? "does not occur"
                              : find_lines(at + 1, source->str, edit->old) != NULL
                                  ? "occurs more than once"
                                  : NULL;
        if (problem != NULL) {
            refuse(error, mutant, edit->line, "the text to replace %s in '%s'", problem,
                   mutant->base);
            return NULL;
        }
        gssize where = at - source->str;
        g_string_erase(source, where, (gssize)strlen(edit->old));
        g_string_insert(source, where, edit->text);
    }
    return g_string_free(g_steal_pointer(&source), FALSE);
}
