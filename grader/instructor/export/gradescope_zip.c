/* gradescope_zip.c: the kit as an autograder for Gradescope; see export.h. */
#include "instructor/export/export.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/error.h"

/* The parts of the kit that grading needs; the solution is not among them. */
static const char *const parts[] = {"Makefile",     "rubric.yaml",  "grader",       "starter",
                                    "tests/public", "tests/hidden", "tests/support"};

static const char setup[] =
    "#!/bin/sh\n"
    "# Gradescope runs this once, when it builds the image: install, and build the grader.\n"
    "set -eu\n"
    "cd \"${AUTOGRADER:-/autograder}/source\"\n"
    "grader/setup.sh\n"
    "make all\n";

/* Gradescope reads results.json in any case, so the script always writes one. */
static const char run_autograder[] =
    "#!/bin/sh\n"
    "# Gradescope runs this for each submission.\n"
    "set -u\n"
    "autograder=${AUTOGRADER:-/autograder}\n"
    "cd \"$autograder/source\" || exit 1\n"
    "mkdir -p \"$autograder/results\"\n"
    "results=$autograder/results/results.json\n"
    "build/grader grade --format=json \"$autograder/submission\" >result.json 2>grader.log\n"
    "build/grader export gradescope --result=result.json >results.json 2>>grader.log &&\n"
    "    mv results.json \"$results\" && exit 0\n"
    "# No score: Gradescope then says that the autograder failed, and nobody gets a zero.\n"
    "printf '%s\\n' '{\"output\": \"The autograder failed. This is no fault of yours; tell your"
    " instructor.\"}' >\"$results\"\n"
    "cat grader.log >&2\n";

typedef struct archive Zip;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Zip, archive_write_free)

static gboolean zip_fault(Zip *zip, const char *path, GError **error)
{
    const char *why = archive_error_string(zip);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "cannot write '%s': %s", path,
                why != NULL ? why : "no reason is known");
    return FALSE;
}

static gboolean add_bytes(Zip *zip, const char *name, const char *bytes, gsize length,
                          gboolean executable, GError **error)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, executable ? 0755 : 0644);
    archive_entry_set_size(entry, (la_int64_t)length);
    archive_entry_set_mtime(entry, 1767225600, 0); /* the same bytes each time */
    gboolean good = archive_write_header(zip, entry) == ARCHIVE_OK &&
                    archive_write_data(zip, bytes, length) == (la_ssize_t)length;
    archive_entry_free(entry);
    return good || zip_fault(zip, name, error);
}

static gint compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean add_tree(Zip *zip, const char *root, const char *name, GError **error);

static gboolean add_folder(Zip *zip, const char *root, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);
    if (folder == NULL)
        return FALSE;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *each;
    while ((each = g_dir_read_name(folder)) != NULL)
        if (*each != '.' && !g_str_has_suffix(each, ".o"))
            g_ptr_array_add(names, g_strconcat(name, "/", each, NULL));
    g_ptr_array_sort(names, compare_text);
    for (guint i = 0; i < names->len; i++)
        if (!add_tree(zip, root, names->pdata[i], error))
            return FALSE;
    return TRUE;
}

static gboolean add_tree(Zip *zip, const char *root, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return add_folder(zip, root, name, error);
    return g_file_get_contents(path, &bytes, &length, error) &&
           add_bytes(zip, name, bytes, length, g_str_has_suffix(name, ".sh"), error);
}

gboolean export_gradescope_zip(const Kit *kit, const char *path, GError **error)
{
    g_autoptr(Zip) zip = archive_write_new();
    archive_write_set_format_zip(zip);
    if (archive_write_open_filename(zip, path) != ARCHIVE_OK)
        return zip_fault(zip, path, error);
    if (!add_bytes(zip, "setup.sh", setup, strlen(setup), TRUE, error) ||
        !add_bytes(zip, "run_autograder", run_autograder, strlen(run_autograder), TRUE, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!add_tree(zip, kit->root, parts[i], error))
            return FALSE;
    return archive_write_close(zip) == ARCHIVE_OK || zip_fault(zip, path, error);
}
