/* release.c: gather the files of the student repo; see release.h. */
#include "instructor/release/release.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "instructor/release/stub.h"

/* A folder or file of the kit, its place in the release, and what of it is left out. */
typedef struct {
    const char *from, *to, *without;
} Source;

static const Source sources[] = {
    {"LICENSE", "LICENSE", NULL},
    {"grader", "grader", "grader/instructor"},
    {"rubric.yaml", "rubric.yaml", NULL},
    {"starter", NULL, NULL},
    {"tests/public", "tests/public", NULL},
    {"tests/support", "tests/support", "tests/support/direct.c"},
};

/* The names that files of a release may have. */
static const char *const patterns[] = {
    "*.c",    "*.h",       "*.mk",     "*.sh",       "*.md",    "*.yml",    "*.yaml",
    "*.json", "*.weights", "Makefile", "Dockerfile", "LICENSE", "packages", ".gitignore",
};

typedef struct {
    const char *root;
    GPtrArray *files; /* ReleaseFile */
} Gathering;

static void release_file_free(ReleaseFile *file)
{
    g_free(file->name);
    g_bytes_unref(file->bytes);
    g_free(file);
}

static gboolean has_known_name(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (g_pattern_match_simple(patterns[i], name))
            return TRUE;
    return FALSE;
}

static gboolean refuse(GError **error, const char *from, const char *why)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SOLUTION, "'%s' cannot be in a release: %s", from,
                why);
    return FALSE;
}

static gboolean add_file(Gathering *gathering, const char *path, const char *from, const char *to,
                         int mode, GError **error)
{
    g_autofree char *base = g_path_get_basename(from);
    char *bytes;
    gsize length;
    if (!has_known_name(base))
        return refuse(error, from, "it has no name that students need; remove it");
    if (!g_file_get_contents(path, &bytes, &length, error))
        return FALSE;
    ReleaseFile *file = g_new(ReleaseFile, 1);
    file->name = g_strdup(to);
    file->mode = (mode & S_IXUSR) != 0 ? 0755 : 0644;
    file->bytes = g_bytes_new_take(bytes, length);
    g_ptr_array_add(gathering->files, file);
    return TRUE;
}

static gboolean add(Gathering *gathering, const char *from, const char *to, const char *without,
                    GError **error);

static gboolean add_folder(Gathering *gathering, const char *path, const char *from, const char *to,
                           const char *without, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);
    gboolean added = folder != NULL;
    for (const char *name; added && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *inner = g_build_filename(from, name, NULL);
        g_autofree char *target = to != NULL ? g_build_filename(to, name, NULL) : g_strdup(name);
        added = add(gathering, inner, target, without, error);
    }
    return added;
}

static gboolean add(Gathering *gathering, const char *from, const char *to, const char *without,
                    GError **error)
{
    g_autofree char *path = g_build_filename(gathering->root, from, NULL);
    struct stat status;
    if (g_strcmp0(from, without) == 0)
        return TRUE;
    if (lstat(path, &status) < 0) {
        grader_set_errno(error, "cannot read '%s'", path);
        return FALSE;
    }
    if (S_ISDIR(status.st_mode))
        return add_folder(gathering, path, from, to, without, error);
    if (!S_ISREG(status.st_mode))
        return refuse(error, from, "it is neither a file nor a folder");
    return add_file(gathering, path, from, to, (int)status.st_mode, error);
}

static gboolean check_starter(const char *root, GError **error)
{
    g_autofree char *solution = g_build_filename(root, "solution", "attention.c", NULL);
    g_autofree char *starter = g_build_filename(root, "starter", "attention.c", NULL);
    g_autofree char *text = NULL, *stubs = NULL;
    if (!g_file_get_contents(solution, &text, NULL, error) ||
        !g_file_get_contents(starter, &stubs, NULL, error))
        return FALSE;
    g_autofree char *expected = stub_generate(text, "solution/attention.c", error);
    if (expected == NULL)
        return FALSE;
    if (g_str_equal(expected, stubs))
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SOLUTION,
                "starter/attention.c is not what the solution gives: run 'make starter'");
    return FALSE;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    const ReleaseFile *const *first = a, *const *second = b;
    return strcmp((*first)->name, (*second)->name);
}

GPtrArray *release_gather(const char *root, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)release_file_free);
    Gathering gathering = {root, files};
    if (!check_starter(root, error))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        if (!add(&gathering, sources[i].from, sources[i].to, sources[i].without, error))
            return NULL;
    g_ptr_array_sort(files, compare_names);
    for (guint i = 1; i < files->len; i++) {
        const ReleaseFile *before = files->pdata[i - 1], *file = files->pdata[i];
        if (g_str_equal(before->name, file->name)) {
            refuse(error, file->name, "there are two of that name");
            return NULL;
        }
    }
    return g_steal_pointer(&files);
}
