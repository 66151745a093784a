/* list.c: which tests a Criterion program has; see run.h. */
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/process.h"
#include "run/report.h"
#include "run/run.h"

/* What the test program itself says is not needed. */
#define PROGRAM_OUTPUT 4096

static void listed_test_free(ListedTest *test)
{
    g_free(test->suite);
    g_free(test->name);
    g_free(test->title);
    g_free(test);
}

GPtrArray *run_list_tests(const char *program, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("attention-list-XXXXXX", error);
    if (folder == NULL)
        return NULL;
    g_autofree char *path = g_build_filename(folder, "list.json", NULL);
    g_autofree char *report = g_strconcat("ATTENTION_REPORT=", path, NULL);
    const ProcessSpec spec = {.argv = (const char *[]){program, NULL},
                              .envp = (const char *[]){report, "ATTENTION_LIST=1", NULL},
                              .wall_seconds = 60,
                              .output_limit = PROGRAM_OUTPUT};
    g_autoptr(Process) process = process_start(&spec, error);
    g_autoptr(GPtrArray) reported = NULL;
    if (process != NULL) {
        process_wait(process);
        reported = run_report_load(path, error);
    }
    g_unlink(path);
    g_rmdir(folder);
    if (reported == NULL)
        return NULL;
    GPtrArray *tests = g_ptr_array_new_with_free_func((GDestroyNotify)listed_test_free);
    for (guint i = 0; i < reported->len; i++) {
        const ReportedTest *from = reported->pdata[i];
        ListedTest *test = g_new0(ListedTest, 1);
        test->suite = g_strdup(from->suite);
        test->name = g_strdup(from->name);
        test->title = g_strdup(from->title);
        g_ptr_array_add(tests, test);
    }
    return tests;
}

gboolean run_has_test(const GPtrArray *tests, const char *test, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < tests->len; i++) {
        const ListedTest *listed = tests->pdata[i];
        g_autofree char *name = g_strdup_printf("%s/%s", listed->suite, listed->name);
        if (g_strcmp0(test, name) == 0)
            return TRUE;
        g_string_append_printf(names, "\n  TEST=%s", name);
    }
    if (test == NULL)
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "which test:%s", names->str);
    else
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "there is no test '%s'; there are:%s",
                    test, names->str);
    return FALSE;
}
