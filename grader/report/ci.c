/* ci.c: see ci.h. */
#include "report/ci.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/files.h"
#include "base/source.h"
#include "report/github.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "result/json.h"

static gboolean write_file(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return files_write(path, text, error);
}

gboolean report_ci_write(const Result *result, const char *folder, GError **error)
{
    g_autofree char *json = result_to_json(result);
    g_autofree char *junit = report_junit(result);
    g_autofree char *summary = report_markdown(result, DISCLOSE_ALL);
    if (g_mkdir_with_parents(folder, 0755) < 0) {
        grader_set_errno(error, "cannot make the folder '%s'", folder);
        return FALSE;
    }
    return write_file(folder, "result.json", json, error) &&
           write_file(folder, "junit.xml", junit, error) &&
           write_file(folder, "summary.md", summary, error);
}

gboolean report_ci_is_github(void)
{
    return g_strcmp0(g_getenv("GITHUB_ACTIONS"), "true") == 0;
}

/* Append to the file that a variable of the environment names, if it names one. */
static gboolean append(const char *variable, const char *before, const char *text, GError **error)
{
    const char *path = g_getenv(variable);
    if (path == NULL || *path == '\0')
        return TRUE;
    FILE *file = fopen(path, "ae");
    gboolean written = file != NULL && fprintf(file, "%s%s\n", before, text) >= 0;
    if (file != NULL && fclose(file) != 0)
        written = FALSE;
    if (!written)
        grader_set_errno(error, "cannot write to %s, '%s'", variable, path);
    return written;
}

/* A path of the repository, for annotations; NULL for its top. */
static const char *inside_repository(const char *folder)
{
    return g_path_is_absolute(folder) || g_str_equal(folder, ".") ? NULL : folder;
}

gboolean report_ci_github(const Result *result, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "attention.c", NULL);
    g_autoptr(Source) source = source_load(path);
    g_autofree char *annotations =
        report_github_annotations(result, inside_repository(folder), source);
    g_autofree char *summary = report_markdown(result, DISCLOSE_ALL);
    g_autofree char *classroom = report_github_classroom(result);
    if (fputs(annotations, stdout) == EOF || fflush(stdout) == EOF) {
        grader_set_errno(error, "cannot write the annotations");
        return FALSE;
    }
    return append("GITHUB_STEP_SUMMARY", "", summary, error) &&
           append("GITHUB_OUTPUT", "result=", classroom, error);
}
