#include "gate/gate.h"

#include "gate/load.h"
#include "gate/rules.h"

void gate_judge(const Rubric *rubric, const char *object, Result *result)
{
    g_autofree char *folder = g_path_get_dirname(object);
    const char *file = rubric->files->pdata[0];
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autoptr(Source) source = source_load(path);
    const char *why = NULL;
    g_autoptr(GateObject) loaded = gate_object_load(object, &why);
    Gate gate = {rubric, loaded, source, file, result, 0};
    if (loaded == NULL) {
        gate_judge_unreadable(&gate, why);
        return;
    }
    gate_judge_segments(&gate);
    gate_judge_loading(&gate);
    gate_judge_symbols(&gate);
    gate_judge_code(&gate);
}
