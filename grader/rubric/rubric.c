#include "rubric/rubric.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "rubric/yaml_fields.h"

#define MAX_BYTES (256 << 10) /* of rubric.yaml; a real one has a few thousand */
#define MAX_ITEMS 100

/* ---- what the keys mean ---------------------------------------------------------------------- */

static const char *wrong_name(const char *text)
{
    gboolean good = g_ascii_isalpha(*text) || *text == '_';
    for (; *text != '\0'; text++)
        good = good && (g_ascii_isalnum(*text) || *text == '_');
    return good ? NULL : "is no name in C: letters, digits and _ only, no digit first";
}

static const char *wrong_file(const char *text)
{
    if (strchr(text, '/') != NULL)
        return "has a slash: files lie at the top of a submission";
    if (*text == '.' || *text == '-')
        return "begins with a dot or a dash";
    return g_str_has_suffix(text, ".c") ? NULL : "is no C source: its name must end with .c";
}

static const char *wrong_symbols(const char *text)
{
    g_auto(GStrv) symbols = g_strsplit(text, " ", -1);
    for (char **symbol = symbols; *symbol != NULL; symbol++)
        if (**symbol != '\0' && wrong_name(*symbol) != NULL)
            return "must be names of C functions with blanks between them";
    return NULL;
}

static const char *wrong_time(const char *text)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
    return time != NULL ? NULL : "is no time with its zone, such as 2026-11-20T23:59:00+01:00";
}

static const char *const credits[] = {"all", "proportional", NULL};
static const char *const disclosures[] = {"points", "title", "hint", "all", NULL};
static const char *const sandboxes[] = {"nothing", "layers", "full", NULL};
static const char *const attempts[] = {"latest", "best", NULL};

static void item_free(void *data)
{
    RubricItem *item = data;
    g_free(item->id);
    g_free(item->grade_id);
    g_free(item->title);
    g_ptr_array_unref(item->needs);
    g_free(item);
}

static void *item_new(void)
{
    RubricItem *item = g_new0(RubricItem, 1);
    item->needs = g_ptr_array_new_with_free_func(g_free);
    return item;
}

#define ITEM(name) .key = #name, .offset = offsetof(RubricItem, name)
static const YamlField item_fields[] = {
    {ITEM(id), .kind = FIELD_TEXT, .wrong = wrong_name},
    {ITEM(grade_id), .kind = FIELD_TEXT, .optional = TRUE},
    {ITEM(title), .kind = FIELD_TEXT, .optional = TRUE},
    {ITEM(points), .kind = FIELD_NUMBER, .min = 0, .exclusive = TRUE, .max = 10000},
    {ITEM(extra), .kind = FIELD_FLAG, .optional = TRUE},
    {ITEM(needs), .kind = FIELD_TEXTS, .optional = TRUE, .max = MAX_ITEMS},
};
static const YamlShape item_shape = {item_fields, G_N_ELEMENTS(item_fields), item_new};

static const YamlField memory_fields[] = {
    {.key = "penalty",
     .offset = offsetof(Rubric, memory_penalty),
     .kind = FIELD_NUMBER,
     .optional = TRUE,
     .max = 1},
};
static const YamlShape memory_shape = {memory_fields, G_N_ELEMENTS(memory_fields), NULL};

#define LATE(name) .key = #name, .offset = offsetof(RubricLate, name), .optional = TRUE
static const YamlField late_fields[] = {
    {.key = "per_day", .offset = offsetof(RubricLate, per_day), .kind = FIELD_NUMBER, .max = 1},
    {LATE(max), .kind = FIELD_NUMBER, .max = 1},
    {LATE(grace_hours), .kind = FIELD_COUNT, .max = 10000},
    {LATE(due), .kind = FIELD_TEXT, .wrong = wrong_time},
};
static const YamlShape late_shape = {late_fields, G_N_ELEMENTS(late_fields), NULL};

#define LIMIT(name, most)                                                                          \
    {                                                                                              \
        .key = #name, .offset = offsetof(RubricLimits, name), .kind = FIELD_COUNT,                 \
        .optional = TRUE, .min = 1, .max = (most)                                                  \
    }
static const YamlField limit_fields[] = {
    LIMIT(compile_seconds, 3600), LIMIT(test_seconds, 3600),  LIMIT(memory_seconds, 3600),
    LIMIT(memory_mib, 1 << 20),   LIMIT(output_kib, 1 << 16), LIMIT(file_kib, 1 << 16),
};
static const YamlShape limit_shape = {limit_fields, G_N_ELEMENTS(limit_fields), NULL};

#define TOP(name) .key = #name, .offset = offsetof(Rubric, name)
#define DEFAULTED(name) TOP(name), .optional = TRUE
static const YamlField rubric_fields[] = {
    {TOP(assignment), .kind = FIELD_TEXT, .wrong = wrong_name},
    {DEFAULTED(title), .kind = FIELD_TEXT},
    {DEFAULTED(files), .kind = FIELD_TEXTS, .wrong = wrong_file, .min = 1, .max = MAX_ITEMS},
    {DEFAULTED(credit), .kind = FIELD_WORD, .words = credits},
    {TOP(items), .kind = FIELD_MAPS, .shape = &item_shape, .max = MAX_ITEMS},
    {.key = "memory", .kind = FIELD_MAP, .shape = &memory_shape, .optional = TRUE},
    {DEFAULTED(limits), .kind = FIELD_MAP, .shape = &limit_shape},
    {DEFAULTED(hidden), .kind = FIELD_WORD, .words = disclosures},
    {DEFAULTED(sandbox), .kind = FIELD_WORD, .words = sandboxes},
    {DEFAULTED(attempts), .kind = FIELD_WORD, .words = attempts},
    {DEFAULTED(late), .kind = FIELD_MAP, .shape = &late_shape},
    {TOP(allowed), .kind = FIELD_TEXTS, .wrong = wrong_symbols, .max = 1000},
};
static const YamlShape rubric_shape = {rubric_fields, G_N_ELEMENTS(rubric_fields), NULL};

/* ---- defaults -------------------------------------------------------------------------------- */

/* What holds for each key that the file leaves out; rubric.yaml says the same in its comments. */
static const Rubric defaults = {
    .credit = CREDIT_ALL,
    .memory_penalty = 0.2,
    .limits = {.compile_seconds = 10,
               .test_seconds = 1,
               .memory_seconds = 20,
               .memory_mib = 1024,
               .output_kib = 4096,
               .file_kib = 256},
    .hidden = DISCLOSE_HINT,
    .sandbox = REQUIRE_LAYERS,
    .attempts = ATTEMPTS_LATEST,
    .late = {.max = 1},
};

static Rubric *rubric_new(const char *path)
{
    Rubric *rubric = g_memdup2(&defaults, sizeof defaults);
    rubric->path = g_strdup(path);
    rubric->files = g_ptr_array_new_with_free_func(g_free);
    rubric->items = g_ptr_array_new_with_free_func(item_free);
    rubric->allowed = g_ptr_array_new_with_free_func(g_free);
    return rubric;
}

static void set_default(char **text, const char *name)
{
    if (*text == NULL)
        *text = g_strdup(name);
}

/* What is not named otherwise has the name of the assignment, or of the item. */
static void complete_names(Rubric *rubric)
{
    set_default(&rubric->title, rubric->assignment);
    if (rubric->files->len == 0)
        g_ptr_array_add(rubric->files, g_strconcat(rubric->assignment, ".c", NULL));
    for (guint i = 0; i < rubric->items->len; i++) {
        RubricItem *item = g_ptr_array_index(rubric->items, i);
        set_default(&item->grade_id, item->id);
        set_default(&item->title, item->id);
    }
}

/* ---- what must hold between the values ------------------------------------------------------- */

static RubricItem *item_at(const Rubric *rubric, guint index)
{
    return g_ptr_array_index(rubric->items, index);
}

/* The index of the item, or the number of items if there is none. */
static guint index_of(const Rubric *rubric, const char *id)
{
    guint i = 0;
    while (i < rubric->items->len && strcmp(item_at(rubric, i)->id, id) != 0)
        i++;
    return i;
}

/* A fault of item `index`, in the line of one of its keys. */
static gboolean G_GNUC_PRINTF(5, 6) item_fault(GError **error, const YamlFile *file, guint index,
                                               const char *key, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC, "%s:%u: items: %s", file->path,
                yaml_file_line_in(file, "items", index, key), what);
    return FALSE;
}

static char *nearest_id(const Rubric *rubric, const char *id)
{
    const char *ids[MAX_ITEMS];
    for (guint i = 0; i < rubric->items->len; i++)
        ids[i] = item_at(rubric, i)->id;
    const char *nearest = yaml_nearest(id, ids, rubric->items->len);
    return nearest != NULL ? g_strdup_printf(" (did you mean '%s'?)", nearest) : g_strdup("");
}

static gboolean check_needs_exist(const Rubric *rubric, const YamlFile *file, guint index,
                                  GError **error)
{
    const RubricItem *item = item_at(rubric, index);
    for (guint i = 0; i < item->needs->len; i++) {
        const char *need = g_ptr_array_index(item->needs, i);
        g_autofree char *hint = nearest_id(rubric, need);
        if (index_of(rubric, need) == rubric->items->len)
            return item_fault(error, file, index, "needs", "'%s' needs '%s', which is no item%s",
                              item->id, need, hint);
    }
    return TRUE;
}

static gboolean check_items_differ(const Rubric *rubric, const YamlFile *file, GError **error)
{
    for (guint i = 0; i < rubric->items->len; i++) {
        guint first = index_of(rubric, item_at(rubric, i)->id);
        if (first != i)
            return item_fault(error, file, i, "id", "'%s' is there twice, first in line %u",
                              item_at(rubric, i)->id,
                              yaml_file_line_in(file, "items", first, "id"));
    }
    return TRUE;
}

/* Can one come from item `from` to `to` by needs? `seen` are the items already looked at. */
static gboolean leads_to(const Rubric *rubric, guint from, guint to, gboolean *seen)
{
    const RubricItem *item = item_at(rubric, from);
    for (guint i = 0; i < item->needs->len; i++) {
        guint next = index_of(rubric, g_ptr_array_index(item->needs, i));
        if (next == to)
            return TRUE;
        if (seen[next])
            continue;
        seen[next] = TRUE;
        if (leads_to(rubric, next, to, seen))
            return TRUE;
    }
    return FALSE;
}

static gboolean check_items(const Rubric *rubric, const YamlFile *file, GError **error)
{
    if (!check_items_differ(rubric, file, error))
        return FALSE;
    for (guint i = 0; i < rubric->items->len; i++)
        if (!check_needs_exist(rubric, file, i, error))
            return FALSE;
    for (guint i = 0; i < rubric->items->len; i++) {
        gboolean seen[MAX_ITEMS] = {FALSE};
        if (leads_to(rubric, i, i, seen))
            return item_fault(error, file, i, "needs", "'%s' needs itself, through its needs",
                              item_at(rubric, i)->id);
    }
    if (rubric_total(rubric) <= 0)
        return item_fault(error, file, 0, NULL, "all of them are extra: no points make the total");
    return TRUE;
}

static gboolean check_files_differ(const Rubric *rubric, const YamlFile *file, GError **error)
{
    for (guint i = 0; i < rubric->files->len; i++) {
        guint first = i;
        const char *name = g_ptr_array_index(rubric->files, i);
        g_ptr_array_find_with_equal_func(rubric->files, name, g_str_equal, &first);
        if (first == i)
            continue;
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC, "%s:%u: files: '%s' is there twice",
                    file->path, yaml_file_line_in(file, "files", i, NULL), name);
        return FALSE;
    }
    return TRUE;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* "a b", "c" becomes "a", "b", "c". */
static void split_symbols(GPtrArray *allowed)
{
    guint n = allowed->len;
    for (guint i = 0; i < n; i++) {
        g_auto(GStrv) symbols = g_strsplit(g_ptr_array_index(allowed, i), " ", -1);
        for (char **symbol = symbols; *symbol != NULL; symbol++)
            if (**symbol != '\0')
                g_ptr_array_add(allowed, g_strdup(*symbol));
    }
    g_ptr_array_remove_range(allowed, 0, n);
}

Rubric *rubric_parse(const char *path, const char *bytes, gsize length, GError **error)
{
    g_autoptr(YamlFile) file = yaml_file_parse(path, bytes, length, error);
    if (file == NULL)
        return NULL;
    g_autoptr(Rubric) rubric = rubric_new(path);
    rubric->sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
    if (!yaml_fields_read(file, &rubric_shape, rubric, error) ||
        !check_files_differ(rubric, file, error) || !check_items(rubric, file, error))
        return NULL;
    for (guint i = 0; i < rubric->items->len; i++)
        item_at(rubric, i)->line = yaml_file_line_in(file, "items", i, NULL);
    split_symbols(rubric->allowed);
    complete_names(rubric);
    return g_steal_pointer(&rubric);
}

static Rubric *no_file(GError **error, const char *path, const char *why)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC, "%s: %s", path, why);
    return NULL;
}

Rubric *rubric_load(const char *path, GError **error)
{
    struct stat info;
    g_autofree char *bytes = NULL;
    gsize length;
    g_autoptr(GError) why = NULL;
    if (stat(path, &info) < 0)
        return no_file(error, path, g_strerror(errno));
    if (!S_ISREG(info.st_mode))
        return no_file(error, path, "is no regular file");
    if (info.st_size > MAX_BYTES)
        return no_file(error, path, "is larger than 256 KiB, which no rubric is");
    if (!g_file_get_contents(path, &bytes, &length, &why))
        return no_file(error, path, why->message);
    return rubric_parse(path, bytes, length, error);
}

void rubric_free(Rubric *rubric)
{
    if (rubric == NULL)
        return;
    g_free(rubric->path);
    g_free(rubric->sha256);
    g_free(rubric->assignment);
    g_free(rubric->title);
    g_ptr_array_unref(rubric->files);
    g_ptr_array_unref(rubric->items);
    g_ptr_array_unref(rubric->allowed);
    g_free(rubric->late.due);
    g_free(rubric);
}

/* ---- questions ------------------------------------------------------------------------------- */

const RubricItem *rubric_item(const Rubric *rubric, const char *id)
{
    guint index = index_of(rubric, id);
    return index < rubric->items->len ? item_at(rubric, index) : NULL;
}

double rubric_total(const Rubric *rubric)
{
    double total = 0;
    for (guint i = 0; i < rubric->items->len; i++)
        total += item_at(rubric, i)->extra ? 0 : item_at(rubric, i)->points;
    return total;
}

gboolean rubric_allows(const Rubric *rubric, const char *symbol)
{
    return g_ptr_array_find_with_equal_func(rubric->allowed, symbol, g_str_equal, NULL);
}

gboolean rubric_check_suites(const Rubric *rubric, const char *const *suites, const char *program,
                             GError **error)
{
    for (const char *const *suite = suites; *suite != NULL; suite++) {
        g_autofree char *hint = nearest_id(rubric, *suite);
        if (rubric_item(rubric, *suite) != NULL)
            continue;
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC,
                    "%s:%u: items: no item counts the tests of suite '%s' in '%s'%s", rubric->path,
                    item_at(rubric, 0)->line, *suite, program, hint);
        return FALSE;
    }
    for (guint i = 0; i < rubric->items->len; i++) {
        const RubricItem *item = item_at(rubric, i);
        if (g_strv_contains(suites, item->id))
            continue;
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_RUBRIC,
                    "%s:%u: items: '%s' has no test in '%s'", rubric->path, item->line, item->id,
                    program);
        return FALSE;
    }
    return TRUE;
}
