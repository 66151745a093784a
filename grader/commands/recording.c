/* recording.c: see recording.h. */
#include "commands/recording.h"

#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "compile/compile.h"
#include "run/run.h"

/* ---- making one ------------------------------------------------------------------------------ */

void recording_free(Recording *recording)
{
    if (recording == NULL)
        return;
    g_clear_pointer(&recording->kit, kit_free);
    g_clear_pointer(&recording->result, result_free);
    g_clear_pointer(&recording->scratch, files_scratch_free);
    g_clear_pointer(&recording->calls, call_log_free);
    g_free(recording->test);
    g_free(recording->path);
    g_free(recording->object);
    g_free(recording);
}

static gboolean run_test(Recording *recording, const GradeContext *context, const char *folder,
                         guint32 seed, CompilePurpose purpose, GError **error)
{
    recording->result = grade_record(context, folder, seed, purpose, recording->scratch, error);
    if (recording->result == NULL)
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(recording->test, "/", 2);
    recording->path = run_call_log_path(recording->scratch, parts[0], parts[1]);
    recording->object = g_build_filename(recording->scratch, "box", COMPILE_OBJECT, NULL);
    if (g_file_test(recording->path, G_FILE_TEST_EXISTS))
        recording->calls = call_log_read(recording->path, error);
    return recording->calls != NULL || !g_file_test(recording->path, G_FILE_TEST_EXISTS);
}

Recording *recording_new(const GradeOptions *options, const char *folder, const char *test,
                         CompilePurpose purpose, GError **error)
{
    g_autoptr(Recording) recording = g_new0(Recording, 1);
    g_autoptr(Workbench) bench = workbench_open(options->rubric, "public", error);
    if (bench == NULL || !run_has_test(bench->context->listed, test, error) ||
        (recording->scratch = files_scratch_new(error)) == NULL)
        return NULL;
    recording->test = g_strdup(test);
    bench->context->filter = g_strdup(test);
    if (!run_test(recording, bench->context, folder, options_seed(options), purpose, error))
        return NULL;
    recording->kit = g_steal_pointer(&bench->kit);
    return g_steal_pointer(&recording);
}

/* ---- what is in it --------------------------------------------------------------------------- */

const TestResult *recording_test(const Recording *recording)
{
    for (guint i = 0; i < recording->result->items->len; i++) {
        const ItemResult *item = recording->result->items->pdata[i];
        if (item->tests->len > 0)
            return item->tests->pdata[0];
    }
    return NULL;
}

static gboolean is_side_matter(guint kind)
{
    return kind == API_self_attention_create || kind == API_self_attention_free;
}

const char **recording_functions(const Recording *recording)
{
    const GArray *calls = recording->calls->calls;
    GPtrArray *functions = g_ptr_array_new();
    for (int side_matter = 0; side_matter <= 1 && functions->len == 0; side_matter++) {
        for (guint i = 0; i < calls->len; i++) {
            guint kind = g_array_index(calls, LoggedCall, i).request.kind;
            char *name = (char *)api_name(kind);
            if (name != NULL && is_side_matter(kind) == side_matter &&
                !g_ptr_array_find(functions, name, NULL))
                g_ptr_array_add(functions, name);
        }
    }
    g_ptr_array_add(functions, NULL);
    return (const char **)g_ptr_array_free(functions, FALSE);
}

/* ---- a program at the terminal --------------------------------------------------------------- */

/* A handler and not SIG_IGN, which the program would inherit. */
static void pass_over(int signal)
{
    (void)signal;
}

gboolean recording_run(const char *folder, const char *const *argv, int *status, GError **error)
{
    struct sigaction handler = {.sa_handler = pass_over, .sa_flags = SA_RESTART}, before;
    sigaction(SIGINT, &handler, &before);
    gboolean ran = g_spawn_sync(folder, (char **)argv, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL,
                                NULL, NULL, status, error);
    sigaction(SIGINT, &before, NULL);
    return ran;
}
