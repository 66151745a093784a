/* files.c: checks the files of tests/mutants/ before anything is graded; see mutants.h. */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "instructor/proof/mutants.h"

#define GCC "/usr/bin/gcc"
enum { GCC_SECONDS = 600, OUTPUT_LIMIT = 1 << 20 };

/* ---- what it says ---------------------------------------------------------------------------- */

static void check_items(const Proof *proof, const Mutant *mutant, ProofCheck *check)
{
    for (guint i = 0; mutant->loses[i] != NULL; i++)
        if (rubric_item(proof->rubric, mutant->loses[i]) == NULL)
            proof_found(check, "%s:%u: rubric.yaml has no item '%s'", mutant->path,
                        mutant->loses_line, mutant->loses[i]);
}

static void check_tests(const Proof *proof, const Mutant *mutant, ProofCheck *check)
{
    for (guint i = 0; mutant->fails != NULL && mutant->fails[i] != NULL; i++)
        if (!run_has_test(proof->context->listed, mutant->fails[i], NULL))
            proof_found(check, "%s:%u: there is no hidden test '%s'", mutant->path,
                        mutant->fails_line, mutant->fails[i]);
}

/* All bytes of the hidden tests' program, in lower case: they contain every message. */
static char *all_words(const Proof *proof, gsize *length, GError **error)
{
    g_autofree char *bytes = NULL;
    if (!g_file_get_contents(proof->context->program, &bytes, length, error))
        return NULL;
    for (gsize i = 0; i < *length; i++)
        bytes[i] = g_ascii_tolower(bytes[i]);
    return g_steal_pointer(&bytes);
}

static void check_causes(const Mutant *mutant, const char *words, gsize length, ProofCheck *check)
{
    for (guint i = 0; mutant->causes != NULL && mutant->causes[i] != NULL; i++) {
        g_autofree char *word = g_ascii_strdown(mutant->causes[i], -1);
        if (memmem(words, length, word, strlen(word)) == NULL)
            proof_found(check, "%s:%u: no hidden test names a cause with '%s' in it", mutant->path,
                        mutant->causes_line, mutant->causes[i]);
    }
}

/* ---- what it makes --------------------------------------------------------------------------- */

static char *make_source(const Proof *proof, const Mutant *mutant, ProofCheck *check)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *base = g_build_filename(proof->kit->root, mutant->base, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(base, &text, NULL, NULL)) {
        proof_found(check, "%s:%u: there is no '%s', its base", mutant->path, mutant->base_line,
                    mutant->base);
        return NULL;
    }
    char *source = mutant_apply(mutant, text, &reason);
    if (source == NULL)
        proof_found(check, "%s", reason->message);
    return source;
}

static const Mutant *mutant_called(const Proof *proof, const char *name)
{
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        if (mutant->written != NULL && g_str_equal(mutant->written->name, name))
            return mutant->written;
    }
    return NULL;
}

/* A line of gcc, "NAME.c:12:5: error: what". */
static void read_gcc_line(const Proof *proof, const char *line, ProofCheck *check)
{
    const char *what = strstr(line, " error: "), *end = strstr(line, ".c:");
    if (what == NULL || end == NULL)
        return;
    g_autofree char *name = g_strndup(line, (gsize)(end - line));
    const Mutant *mutant = mutant_called(proof, name);
    if (mutant == NULL)
        return;
    const MutantEdit *first = mutant->edits->pdata[0];
    proof_found(check, "%s:%u: with this edit it does not compile: %s", mutant->path, first->line,
                what + strlen(" error: "));
}

/* Run gcc once for all mutants, with -fsyntax-only. */
static gboolean check_they_compile(const Proof *proof, ProofCheck *check, GError **error)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(error);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    const char *const first[] = {GCC, "-std=gnu17", "-fsyntax-only", "-w", "-fmax-errors=1", "-I"};
    for (guint i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(argv, g_strdup(first[i]));
    g_ptr_array_add(argv, g_strdup(proof->kit->include));
    for (guint i = 0; folder != NULL && i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        char *name = g_strconcat(mutant->trial->name, ".c", NULL);
        g_ptr_array_add(argv, name);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!g_file_set_contents(path, mutant->trial->source, -1, error))
            return FALSE;
    }
    g_ptr_array_add(argv, NULL);
    const ProcessSpec spec = {.argv = (const char *const *)argv->pdata,
                              .envp = (const char *[]){"PATH=/usr/bin:/bin", "LC_ALL=C", NULL},
                              .directory = folder,
                              .wall_seconds = GCC_SECONDS,
                              .output_limit = OUTPUT_LIMIT};
    g_autoptr(Process) gcc = folder != NULL ? process_start(&spec, error) : NULL;
    if (gcc == NULL)
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(process_wait(gcc)->err->str, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        read_gcc_line(proof, lines[i], check);
    return TRUE;
}

/* ---- all ------------------------------------------------------------------------------------- */

static void add_written(Proof *proof, const char *path, const char *words, gsize length,
                        ProofCheck *check)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(Mutant) written = mutant_load(path, &reason);
    if (written == NULL) {
        proof_found(check, "%s", reason->message);
        return;
    }
    check_items(proof, written, check);
    check_tests(proof, written, check);
    check_causes(written, words, length, check);
    g_autofree char *source = make_source(proof, written, check);
    if (source == NULL)
        return;
    ProofMutant *mutant = proof_add_mutant(proof, written->name, source);
    mutant->trial->memory = MEMORY_ALWAYS;
    mutant->written = g_steal_pointer(&written);
}

gboolean proof_add_written(Proof *proof, GError **error)
{
    ProofCheck *check = proof_begin(proof, "files of mutants");
    g_autofree char *folder = g_build_filename(proof->kit->root, "tests", "mutants", NULL);
    g_autoptr(GPtrArray) names = proof_list_files(folder, ".mutant", error);
    gsize length = 0;
    g_autofree char *words = names != NULL ? all_words(proof, &length, error) : NULL;
    if (words == NULL)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        add_written(proof, path, words, length, check);
    }
    if (proof->mutants->len > 0 && !check_they_compile(proof, check, error))
        return FALSE;
    proof_end(check, "all %u can be read, and compile", names->len);
    return TRUE;
}
