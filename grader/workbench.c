/* workbench.c: see workbench.h. */
#include "workbench.h"

Workbench *workbench_new(const char *rubric, GError **error)
{
    g_autoptr(Workbench) bench = g_new0(Workbench, 1);
    bench->kit = kit_find(error);
    if (bench->kit == NULL)
        return NULL;
    g_autofree char *own = g_build_filename(bench->kit->root, "rubric.yaml", NULL);
    bench->rubric = rubric_load(rubric != NULL ? rubric : own, error);
    return bench->rubric != NULL ? g_steal_pointer(&bench) : NULL;
}

gboolean workbench_prepare(Workbench *bench, const char *tests, GError **error)
{
    bench->sandbox = sandbox_open(bench->kit->libexec, &bench->rubric->limits, error);
    if (bench->sandbox == NULL || tests == NULL)
        return bench->sandbox != NULL;
    bench->context = grade_open(bench->kit, bench->rubric, bench->sandbox, tests, error);
    return bench->context != NULL;
}

Workbench *workbench_open(const char *rubric, const char *tests, GError **error)
{
    g_autoptr(Workbench) bench = workbench_new(rubric, error);
    return bench != NULL && workbench_prepare(bench, tests, error) ? g_steal_pointer(&bench) : NULL;
}

void workbench_free(Workbench *bench)
{
    if (bench == NULL)
        return;
    g_clear_pointer(&bench->context, grade_close);
    g_clear_pointer(&bench->sandbox, sandbox_free);
    g_clear_pointer(&bench->rubric, rubric_free);
    g_clear_pointer(&bench->kit, kit_free);
    g_free(bench);
}
