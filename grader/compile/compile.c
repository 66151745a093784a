#include "compile/compile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/files.h"
#include "compile/diagnostics.h"
#include "gate/code.h"
#include "wire/api.h"

#define GCC "/usr/bin/gcc"
#define EXPORTS "attention.map" /* version script: what the object exports */
#define CONTROL "control.c"     /* a source that always compiles */
#define CONTROL_OBJECT "control.so"

/*
 * A source that gcc cannot finish ends by the CPU limit, which compiler, assembler and linker have
 * each for itself. Only a machine that gives them less than a fifth of a core ends it by the clock,
 * which is no fault of the source.
 */
#define PASSES 3
#define WALL_FACTOR (5 * PASSES)

/*
 * Of gcc's messages; more is cut. There is no -fmax-errors: when gcc 12 stops because of it, it
 * drops the JSON, and with it every message.
 */
enum { OUTPUT_LIMIT = 4 * 1024 * 1024 };

static const char *const compile_flags[] = {
    "-std=gnu17", "-O1", "-g", "-fPIC", "-pipe", "-Iinclude", "-Wall", "-Wextra", "-Wtrampolines",
    "-fdiagnostics-format=json",
    /* Frames in Valgrind's reports must be the student's functions, so nothing is inlined and no call
       becomes a jump; gnu89-inline then gives a plain `inline` function a body, as it has at -O2. */
    "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fno-inline", "-fgnu89-inline",
    /* gcc would leave out an allocation that is never used, and with it the leak. */
    "-fno-builtin-malloc", "-fno-builtin-calloc", "-fno-builtin-realloc",
    "-fno-builtin-aligned_alloc", "-fno-builtin-strdup",
    /* Results must not depend on the processor: no contraction to fma. Fortified functions of libc
       would end the program where Valgrind has more to say. */
    "-ffp-contract=off", "-U_FORTIFY_SOURCE", "-fstack-protector-strong"};

/*
 * No link-time optimisation: a submission could bring bytecode along, and gcc would compile that.
 * -Bsymbolic: calls within attention.c stay there, whatever the worker defines. Code lies in a
 * segment of its own, so that the gate's scan of code never meets a student's constants. Whether
 * the stack is executable is left to the object: the gate has to see that it asks for it.
 */
static const char *const link_flags[] = {
    "-shared", "-nostartfiles", "-fno-lto", "-fno-use-linker-plugin", "-Wl,-Bsymbolic",
    "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,text", "-Wl,-z,separate-code", "-Wl,--build-id=none",
    /* libc defines these two in an archive that wants more than -nostartfiles gives; wrapped, they
       reach the gate, which has a better message. */
    "-Wl,--wrap=atexit", "-Wl,--wrap=at_quick_exit"};

/*
 * The distance of a jump may by chance contain the bytes of a system call, which the gate refuses.
 * Another layout has other distances, while an instruction that is really there stays. No further
 * one is tried for a source that has used up gcc's time with the first: chance does not do that.
 */
static const char *const layouts[][3] = {
    {NULL},
    {"-falign-functions=64", NULL},
    {"-falign-functions=32", "-falign-jumps=16", NULL},
    {"-falign-functions=128", "-falign-labels=8", NULL},
};

typedef struct {
    const Rubric *rubric;
    const Sandbox *sandbox;
    const char *box;
    CompilePurpose purpose;
    Result *result;
} Build;

/* ---- running gcc ----------------------------------------------------------------------------- */

static void add_flags(GPtrArray *argv, const char *const *flags, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(argv, g_strdup(flags[i]));
}

/* gcc's arguments for these sources; names with another end than .c are headers. */
static GPtrArray *gcc_arguments(const Build *build, GPtrArray *sources, const char *object,
                                const char *const *layout)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(GCC));
    add_flags(argv, compile_flags, G_N_ELEMENTS(compile_flags));
    if (build->purpose == COMPILE_TO_DEBUG)
        g_ptr_array_add(argv, g_strdup("-O0"));
    add_flags(argv, layout, g_strv_length((char **)layout));
    add_flags(argv, link_flags, G_N_ELEMENTS(link_flags));
    g_ptr_array_add(argv, g_strdup("-Wl,--version-script=" EXPORTS));
    for (gsize i = 0; api_wrapped[i] != NULL; i++)
        g_ptr_array_add(argv, g_strconcat("-Wl,--wrap=", api_wrapped[i], NULL));
    g_ptr_array_add(argv, g_strdup("-o"));
    g_ptr_array_add(argv, g_strdup(object));
    for (guint i = 0; i < sources->len; i++)
        if (g_str_has_suffix(sources->pdata[i], ".c"))
            g_ptr_array_add(argv, g_strdup(sources->pdata[i]));
    g_ptr_array_add(argv, g_strdup("-lm"));
    g_ptr_array_add(argv, NULL);
    return argv;
}

static Process *start_gcc(const Build *build, GPtrArray *argv, GError **error)
{
    SandboxSpec spec = {
        .profile = SANDBOX_COMPILER,
        .box = build->box,
        .box_writable = TRUE,
        .argv = (const char *const *)argv->pdata,
        .wall_seconds = build->rubric->limits.compile_seconds * WALL_FACTOR,
        .output_limit = OUTPUT_LIMIT,
    };
    return sandbox_start(build->sandbox, &spec, error);
}

static gboolean succeeded(const Build *build, const ProcessOutcome *outcome, const char *object)
{
    g_autofree char *path = g_build_filename(build->box, object, NULL);
    GStatBuf info;
    return !outcome->timed_out && WIFEXITED(outcome->wait_status) &&
           WEXITSTATUS(outcome->wait_status) == 0 && g_lstat(path, &info) == 0 &&
           S_ISREG(info.st_mode);
}

/* ---- the files that the kit adds ------------------------------------------------------------- */

static gboolean write_file(const Build *build, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(build->box, name, NULL);
    return files_write_for_all(path, text, strlen(text), error);
}

static void remove_file(const Build *build, const char *name)
{
    g_autofree char *path = g_build_filename(build->box, name, NULL);
    g_unlink(path);
}

static gboolean write_exports(const Build *build, GError **error)
{
    g_autofree char *names = g_strjoinv("; ", (char **)api_attention);
    g_autofree char *text = g_strdup_printf("{ global: %s; local: *; };\n", names);
    return write_file(build, EXPORTS, text, error);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

/*
 * "Does not compile" is only said if the same gcc, in the same sandbox, compiles what is known to
 * be good; otherwise the fault is ours.
 */
static gboolean control_compiles(const Build *build, GError **error)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_ptr_array_add(sources, (char *)CONTROL);
    g_autoptr(GPtrArray) argv = gcc_arguments(build, sources, CONTROL_OBJECT, layouts[0]);
    if (!write_file(build, CONTROL, "#include <stdio.h>\n#include \"attention.h\"\n", error))
        return FALSE;

    g_autoptr(Process) process = start_gcc(build, argv, error);
    if (process == NULL)
        return FALSE;
    const ProcessOutcome *outcome = process_wait(process);
    gboolean ok = succeeded(build, outcome, CONTROL_OBJECT);
    if (!ok) {
        g_autofree char *said = g_utf8_make_valid(outcome->err->str, (gssize)outcome->err->len);
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "gcc does not work in the sandbox: it fails on an empty source (%.200s)",
                    g_strdelimit(g_strchomp(said), "\n", ' '));
    }
    remove_file(build, CONTROL);
    remove_file(build, CONTROL_OBJECT);
    return ok;
}

static char *reason_for_failure(const Build *build, const ProcessOutcome *outcome, guint n_errors)
{
    if (n_errors == 0)
        return g_strdup("it does not compile: gcc crashed; an array, a macro or an expression of "
                        "absurd size?");
    const Diagnostic *first = build->result->diagnostics->pdata[0];
    if (first->line == 0)
        return g_strdup_printf("it does not compile: %s", first->message);
    return g_strdup_printf("it does not compile: %s%u error%s, the first in line %u",
                           outcome->err_cut ? "more than " : "", n_errors, n_errors == 1 ? "" : "s",
                           first->line);
}

static gboolean judge_failure(const Build *build, const ProcessOutcome *outcome, guint n_errors,
                              GError **error)
{
    if (!control_compiles(build, error))
        return FALSE;
    build->result->status = SUBMISSION_NOT_COMPILED;
    g_free(build->result->reason);
    build->result->reason = reason_for_failure(build, outcome, n_errors);
    return TRUE;
}

/* ---- the build ------------------------------------------------------------------------------- */

static guint read_diagnostics(const Build *build, const ProcessOutcome *outcome)
{
    const char *file = build->rubric->files->pdata[0];
    g_autofree char *path = g_build_filename(build->box, file, NULL);
    g_autoptr(Source) source = source_load(path);
    g_ptr_array_set_size(build->result->diagnostics, 0);
    return diagnostics_read(outcome->err->str, outcome->err->len, file, source, build->result);
}

/* Compile with one layout. `good` is set if there is an object that needs no other layout. */
static gboolean compile(const Build *build, const char *const *layout, gboolean *good,
                        GError **error)
{
    g_autoptr(GPtrArray) argv = gcc_arguments(build, build->rubric->files, COMPILE_OBJECT, layout);
    g_autoptr(Process) process = start_gcc(build, argv, error);
    if (process == NULL)
        return FALSE;
    const ProcessOutcome *outcome = process_wait(process);
    build->result->cpu_usec += outcome->cpu_usec;
    if (outcome->timed_out) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SANDBOX,
                    "gcc did not end within %u seconds: the machine is too busy, grade again",
                    build->rubric->limits.compile_seconds * WALL_FACTOR);
        return FALSE;
    }
    guint n_errors = read_diagnostics(build, outcome);
    if (!succeeded(build, outcome, COMPILE_OBJECT))
        return judge_failure(build, outcome, n_errors, error);
    g_autofree char *object = g_build_filename(build->box, COMPILE_OBJECT, NULL);
    *good = !gate_code_file_has_calls(object);
    return TRUE;
}

gboolean compile_submission(const Rubric *rubric, const Sandbox *sandbox, const char *box,
                            CompilePurpose purpose, Result *result, GError **error)
{
    Build build = {rubric, sandbox, box, purpose, result};
    if (!g_file_test(GCC, G_FILE_TEST_IS_EXECUTABLE)) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "there is no " GCC ": run `make setup`");
        return FALSE;
    }
    if (!write_exports(&build, error))
        return FALSE;
    gint64 most = (gint64)rubric->limits.compile_seconds * G_TIME_SPAN_SECOND;
    gboolean ok = TRUE, good = FALSE;
    for (gsize i = 0; ok && !good && i < G_N_ELEMENTS(layouts); i++) {
        ok = compile(&build, layouts[i], &good, error);
        if (result->status != SUBMISSION_GRADED || result->cpu_usec > most)
            break;
    }
    remove_file(&build, EXPORTS);
    return ok;
}
