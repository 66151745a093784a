/* equivalent.c: see equivalent.h. */
#include "instructor/mutants/equivalent.h"

#include "rubric/yaml_fields.h"

enum { MOST_BECOMES = 64, MOST_ENTRIES = 1000 };

typedef struct {
    GPtrArray *entries;
} EquivalentFile;

static void equivalent_free(void *data)
{
    Equivalent *entry = data;
    g_free(entry->in);
    g_free(entry->line);
    g_free(entry->why);
    g_ptr_array_unref(entry->becomes);
    g_free(entry);
}

static void *equivalent_new(void)
{
    Equivalent *entry = g_new0(Equivalent, 1);
    entry->becomes = g_ptr_array_new_with_free_func(g_free);
    return entry;
}

#define FIELD(name) .key = #name, .offset = offsetof(Equivalent, name)
static const YamlField entry_fields[] = {
    {FIELD(in), .kind = FIELD_TEXT},
    {FIELD(line), .kind = FIELD_TEXT},
    {FIELD(becomes), .kind = FIELD_TEXTS, .max = MOST_BECOMES},
    {FIELD(why), .kind = FIELD_TEXT},
};
static const YamlShape entry_shape = {entry_fields, G_N_ELEMENTS(entry_fields), equivalent_new};
static const YamlField file_fields[] = {
    {.key = "equivalent",
     .offset = offsetof(EquivalentFile, entries),
     .kind = FIELD_MAPS,
     .max = MOST_ENTRIES,
     .shape = &entry_shape},
};
static const YamlShape file_shape = {file_fields, G_N_ELEMENTS(file_fields), NULL};

GPtrArray *equivalent_load(const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(path, &bytes, &length, error))
        return NULL;
    g_autoptr(YamlFile) file = yaml_file_parse(path, bytes, length, error);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(equivalent_free);
    EquivalentFile into = {entries};
    if (file == NULL || !yaml_fields_read(file, &file_shape, &into, error))
        return NULL;
    return g_steal_pointer(&entries);
}

const char *equivalent_reason(GPtrArray *list, const Mutation *mutation)
{
    for (guint i = 0; i < list->len; i++) {
        Equivalent *entry = list->pdata[i];
        guint which;
        if (g_strcmp0(entry->in, mutation->function) != 0 ||
            !g_str_equal(entry->line, mutation->before) ||
            !g_ptr_array_find_with_equal_func(entry->becomes, mutation->after, g_str_equal, &which))
            continue;
        entry->used |= (guint64)1 << which;
        return entry->why;
    }
    return NULL;
}

GPtrArray *equivalent_stale(const GPtrArray *list)
{
    GPtrArray *stale = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < list->len; i++) {
        const Equivalent *entry = list->pdata[i];
        for (guint k = 0; k < entry->becomes->len; k++)
            if ((entry->used >> k & 1) == 0)
                g_ptr_array_add(stale, g_strdup_printf("%s: %s", entry->in,
                                                       (const char *)entry->becomes->pdata[k]));
    }
    return stale;
}
