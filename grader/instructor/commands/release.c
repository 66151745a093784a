/* release.c: `grader release`: the student repo as a folder and a tarball, audited. */
#include <stdio.h>

#include "base/error.h"
#include "commands/command.h"
#include "commands/options.h"
#include "instructor/release/audit.h"
#include "instructor/release/release.h"
#include "run/run.h"

static GPtrArray *list_tests(const Kit *kit, const char *program, GError **error)
{
    g_autofree char *path = g_build_filename(kit->tests, program, NULL);
    return run_list_tests(path, error);
}

/* FALSE if students would get a secret; every finding is then on standard error. */
static gboolean audit(const Kit *kit, const GPtrArray *files, GError **error)
{
    g_autoptr(GPtrArray) public = list_tests(kit, "public", error);
    g_autoptr(GPtrArray) hidden = public != NULL ? list_tests(kit, "hidden", error) : NULL;
    g_autoptr(GPtrArray) findings =
        hidden != NULL ? release_audit(kit->root, files, public, hidden, error) : NULL;
    if (findings == NULL)
        return FALSE;
    for (guint i = 0; i < findings->len; i++)
        fprintf(stderr, "%s\n", (const char *)findings->pdata[i]);
    if (findings->len == 0)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SOLUTION,
                "nothing is released: students would get the %u thing%s above", findings->len,
                findings->len == 1 ? "" : "s");
    return FALSE;
}

static int run_release(int argc, char **argv, GError **error)
{
    g_auto(GradeOptions) options = {0};
    if (!options_parse(&options, "OUTPUT", "Write what students receive into the folder OUTPUT.",
                       NULL, &argc, &argv, error))
        return EXIT_USAGE;
    if (argc != 2) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "release takes one folder: %s",
                    "grader release build/release");
        return EXIT_USAGE;
    }
    g_autoptr(Workbench) bench = workbench_new(options.rubric, error);
    g_autoptr(GPtrArray) files = bench != NULL ? release_gather(bench->kit->root, error) : NULL;
    if (files == NULL || !audit(bench->kit, files, error) ||
        !release_write(files, argv[1], bench->rubric->assignment, error))
        return EXIT_OWN_FAULT;
    const char *name = bench->rubric->assignment;
    printf("%s/%s         %u files, audited\n%s/%s.tar.gz\n", argv[1], name, files->len, argv[1],
           name);
    return EXIT_FULL_MARKS;
}

const Command command_release = {"release", "OUTPUT", "write what students receive, audited",
                                 run_release};
