/* open.c: make the parts of a sandbox, once for all that is started in it; see sandbox.h. */
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "sandbox/parts.h"

static gboolean make_filters(Sandbox *sandbox, GError **error)
{
    for (int profile = 0; profile < SANDBOX_PROFILES; profile++) {
        sandbox->filters[profile] = sandbox_filter_new((SandboxProfile)profile, error);
        if (sandbox->filters[profile] < 0)
            return FALSE;
    }
    sandbox->lockdown_filter = sandbox_filter_new_lockdown(error);
    return sandbox->lockdown_filter >= 0;
}

static gboolean find_programs(Sandbox *sandbox, const char *libexec, GError **error)
{
    g_autofree char *confine = g_build_filename(libexec, "confine", NULL);
    sandbox->confine = g_canonicalize_filename(confine, NULL);
    sandbox->bwrap = g_find_program_in_path("bwrap");
    if (g_file_test(sandbox->confine, G_FILE_TEST_IS_EXECUTABLE))
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL, "cannot run '%s': build the kit again",
                sandbox->confine);
    return FALSE;
}

static gboolean open_parts(Sandbox *sandbox, const char *libexec, GError **error)
{
    if (!find_programs(sandbox, libexec, error) || !make_filters(sandbox, error))
        return FALSE;
    if (pipe2(sandbox->lifeline, O_CLOEXEC) < 0) {
        grader_set_errno(error, "cannot make a pipe");
        return FALSE;
    }
    return sandbox_probe(sandbox, error);
}

Sandbox *sandbox_open(const char *libexec, const RubricLimits *limits, GError **error)
{
    Sandbox *sandbox = g_new0(Sandbox, 1);
    sandbox->limits = *limits;
    sandbox->lifeline[0] = sandbox->lifeline[1] = sandbox->lockdown_filter = -1;
    for (int profile = 0; profile < SANDBOX_PROFILES; profile++) {
        sandbox->filters[profile] = -1;
        sandbox->paths[profile] = sandbox_paths_new((SandboxProfile)profile);
    }
    sandbox->groups = sandbox_groups_find();
    if (open_parts(sandbox, libexec, error))
        return sandbox;
    sandbox_free(sandbox);
    return NULL;
}

void sandbox_free(Sandbox *sandbox)
{
    if (!sandbox)
        return;
    for (int profile = 0; profile < SANDBOX_PROFILES; profile++) {
        files_close(&sandbox->filters[profile]);
        g_ptr_array_unref(sandbox->paths[profile]);
    }
    for (int layer = 0; layer < LAYERS; layer++)
        sandbox_set_layer(sandbox, layer, LAYER_OFF, NULL, NULL);
    files_close(&sandbox->lockdown_filter);
    files_close(&sandbox->lifeline[0]);
    files_close(&sandbox->lifeline[1]);
    sandbox_groups_free(sandbox->groups);
    g_free(sandbox->confine);
    g_free(sandbox->bwrap);
    g_free(sandbox);
}

int sandbox_lockdown_filter(const Sandbox *sandbox, GError **error)
{
    int fd = fcntl(sandbox->lockdown_filter, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        grader_set_errno(error, "cannot copy the filter of the tests");
    return fd;
}
