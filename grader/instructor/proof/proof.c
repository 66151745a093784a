/* proof.c: see proof.h. */
#include "instructor/proof/proof.h"

#include <string.h>

/* Mutants always get the same inputs, so that the same ones survive each time. */
#define MUTANT_SEED 1

static void check_free(ProofCheck *check)
{
    g_free(check->name);
    g_free(check->says);
    g_ptr_array_unref(check->findings);
    g_free(check);
}

static void proof_mutant_free(ProofMutant *mutant)
{
    trial_free(mutant->trial);
    g_clear_pointer(&mutant->written, mutant_free);
    g_free(mutant);
}

Proof *proof_new(const Kit *kit, const Rubric *rubric, const GradeContext *context)
{
    Proof *proof = g_new0(Proof, 1);
    proof->kit = kit;
    proof->rubric = rubric;
    proof->context = context;
    proof->checks = g_ptr_array_new_with_free_func((GDestroyNotify)check_free);
    proof->mutants = g_ptr_array_new_with_free_func((GDestroyNotify)proof_mutant_free);
    proof->right = g_ptr_array_new_with_free_func((GDestroyNotify)trial_free);
    proof->lines = proof->branches = -1;
    return proof;
}

void proof_free(Proof *proof)
{
    if (proof == NULL)
        return;
    g_ptr_array_unref(proof->checks);
    g_ptr_array_unref(proof->mutants);
    g_ptr_array_unref(proof->right);
    g_clear_pointer(&proof->mutations, g_ptr_array_unref);
    g_clear_pointer(&proof->equivalent, g_ptr_array_unref);
    g_free(proof);
}

ProofCheck *proof_begin(Proof *proof, const char *name)
{
    ProofCheck *check = g_new0(ProofCheck, 1);
    check->name = g_strdup(name);
    check->findings = g_ptr_array_new_with_free_func(g_free);
    check->usec = -g_get_monotonic_time();
    g_ptr_array_add(proof->checks, check);
    return check;
}

void proof_end(ProofCheck *check, const char *says, ...)
{
    va_list arguments;
    va_start(arguments, says);
    check->says = g_strdup_vprintf(says, arguments);
    check->usec += g_get_monotonic_time();
    va_end(arguments);
}

void proof_found(ProofCheck *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(check->findings, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

gboolean proof_holds(const Proof *proof)
{
    for (guint i = 0; i < proof->checks->len; i++)
        if (((const ProofCheck *)proof->checks->pdata[i])->findings->len > 0)
            return FALSE;
    return TRUE;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *proof_list_files(const char *folder, const char *suffix, GError **error)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, error);
    if (directory == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(directory)) != NULL;)
        if (g_str_has_suffix(name, suffix))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

ProofMutant *proof_add_mutant(Proof *proof, const char *name, const char *source)
{
    ProofMutant *mutant = g_new0(ProofMutant, 1);
    mutant->trial = trial_new(name, source, MUTANT_SEED);
    mutant->trial->memory = MEMORY_IF_PASSED;
    g_ptr_array_add(proof->mutants, mutant);
    return mutant;
}

char *proof_mutant_says(const ProofMutant *mutant)
{
    const Mutation *mutation = mutant->systematic;
    if (mutation == NULL)
        return g_strdup(mutant->written->says);
    return g_strdup_printf("attention.c:%u:%u: %s: %s", mutation->line, mutation->column,
                           mutation->kind, mutation->change);
}

guint proof_kills(const Proof *proof, const ListedTest *test)
{
    guint kills = 0;
    for (guint i = 0; i < proof->mutants->len; i++) {
        const ProofMutant *mutant = proof->mutants->pdata[i];
        if (mutant->verdict == MUTANT_KILLED)
            kills += trial_failed(mutant->trial, test->suite, test->name) != FALSE;
    }
    return kills;
}
