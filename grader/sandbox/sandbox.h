/*
 * sandbox.h: where student code runs, and gcc on student code.
 *
 * Layers, from the outside in: a cgroup (memory, pids) where the user may have one; namespaces by
 * bubblewrap (no network, own pids and ipc, a file system that holds only what is listed here);
 * rlimits; Landlock; a seccomp allow list by libseccomp. The last three are put on by `confine`, a
 * small program of the kit that runs inside bubblewrap (or alone, where there are no namespaces)
 * and starts the program asked for. Student code runs in the lockdown, a second, stricter filter.
 *
 * sandbox_open() tries each layer once, with the real operation, and remembers what held; reports
 * say so. A Sandbox is immutable after that and shared by all threads. Its parts are in parts.h.
 */
#pragma once

#include "base/process.h"
#include "rubric/rubric.h"

typedef enum {
    SANDBOX_COMPILER, /* gcc: the toolchain, one writable folder */
    SANDBOX_WORKER,   /* the student's code: libc and libm, nothing writable */
    SANDBOX_MEMCHECK, /* the same under Valgrind, which writes its XML into one folder */
} SandboxProfile;

/*
 * What to run. `box` is a folder of ours made for this run: inside it is the working directory, and
 * with the profile's system files it is all that the program sees. Arguments name what is in it by
 * relative paths, so they are right with and without namespaces.
 */
typedef struct {
    SandboxProfile profile;
    const char *box; /* absolute path, here; inside it is /box, and the working directory */
    gboolean box_writable;
    const char *const *argv; /* argv[0] is an absolute system path or relative to the box */
    const ProcessFd *fds;    /* descriptors that it gets, see base/process.h */
    guint n_fds;
    guint wall_seconds; /* for the whole of it */
    guint cpu_seconds;  /* for all of its processes together; 0: no limit besides the profile's */
    gsize output_limit; /* of what is kept of its standard output and error */
} SandboxSpec;

typedef struct Sandbox Sandbox;

/*
 * `libexec` holds the kit's built programs (confine). Layers that are named in the environment
 * variable ATTENTION_SANDBOX_OFF ("namespaces,landlock") stay off.
 */
Sandbox *sandbox_open(const char *libexec, const RubricLimits *limits, GError **error);
void sandbox_free(Sandbox *sandbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sandbox, sandbox_free)

/*
 * Start a program inside. CPU, memory and file limits come from the profile and the rubric. When it
 * returns, every layer is on and the program runs: what goes wrong before that is an error and can
 * not be mistaken for something that the program did. A death by signal is a death by signal in
 * the outcome's wait_status, with and without namespaces. If the grader goes, the sandbox goes.
 *
 * What is in the box must be readable for everybody: the superuser's grader runs it as nobody, and
 * gives the folder itself (not what is in it) to nobody.
 */
Process *sandbox_start(const Sandbox *sandbox, const SandboxSpec *spec, GError **error);

/*
 * The filter of the lockdown as a new descriptor, -1 on an error: pass it to the fork server as one
 * of spec->fds. Each of its workers puts the filter on before student code runs.
 */
int sandbox_lockdown_filter(const Sandbox *sandbox, GError **error);

/* What holds, as SandboxLayer * (result/result.h); a new array. */
GPtrArray *sandbox_layers(const Sandbox *sandbox);

/* Refuse to go on below `required`; the message ends with the one command that helps here. */
gboolean sandbox_require(const Sandbox *sandbox, RubricSandbox required, GError **error);

/* The one command that makes a layer available that is not, or NULL. */
const char *sandbox_fix(const Sandbox *sandbox);
