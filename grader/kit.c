/* kit.c: see kit.h. */
#include "kit.h"

#include "base/error.h"

const char *const kit_libexec[] = {"worker", "confine", "control.so", NULL};

static gboolean has(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The nearest folder, from `start` upwards, in which there is `name`; NULL if there is none. */
static char *find_upwards(const char *start, const char *name)
{
    char *folder = g_strdup(start);
    while (!has(folder, name)) {
        char *parent = g_path_get_dirname(folder);
        gboolean at_top = g_str_equal(parent, folder);
        g_free(folder);
        folder = parent;
        if (at_top) {
            g_free(folder);
            return NULL;
        }
    }
    return folder;
}

Kit *kit_find(GError **error)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", error);
    if (program == NULL)
        return NULL;
    g_autofree char *folder = g_path_get_dirname(program);
    g_autofree char *build = find_upwards(folder, "libexec/worker");
    g_autofree char *root = find_upwards(folder, "rubric.yaml");
    if (build == NULL || root == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "the kit around '%s' is not complete (no %s): run 'make' in it", program,
                    root == NULL ? "rubric.yaml" : "worker");
        return NULL;
    }
    g_autofree char *starter = g_build_filename(root, "starter", NULL);
    Kit *kit = g_new0(Kit, 1);
    kit->include = g_strdup(has(starter, "attention.h") ? starter : root);
    kit->libexec = g_build_filename(build, "libexec", NULL);
    kit->tests = g_build_filename(build, "tests", NULL);
    kit->root = g_steal_pointer(&root);
    return kit;
}

void kit_free(Kit *kit)
{
    if (kit == NULL)
        return;
    g_free(kit->root);
    g_free(kit->include);
    g_free(kit->libexec);
    g_free(kit->tests);
    g_free(kit);
}
