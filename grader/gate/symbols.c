#include "gate/rules.h"

#include <string.h>

#include "base/escape.h"
#include "gate/names.h"
#include "wire/api.h"

enum { NAME_LIMIT = 80 };

static char *escaped(const char *name)
{
    return escape_text(name, -1, NAME_LIMIT, FALSE);
}

/* ---- what it needs --------------------------------------------------------------------------- */

static void refuse_needed(Gate *gate, const char *name)
{
    g_autofree char *label = escaped(name);
    guint line = source_find(gate->source, name);
    if (api_has(api_attention, name))
        gate_refuse(gate, "symbol", line, "write it, or start again from the starter's attention.c",
                    "'%s' is used but not defined", label);
    else if (gate_is_in_libc(name))
        gate_refuse(gate, "symbol", line, gate_advice(name),
                    "'%s' is not available to student code", label);
    else if (g_str_has_prefix(name, "__atomic_"))
        gate_refuse(gate, "symbol", source_find(gate->source, "_Atomic"),
                    "leave out _Atomic: there is one thread, and nothing to guard from another",
                    "this use of _Atomic needs '%s', which is not available", label);
    else if (g_str_has_prefix(name, "omp_"))
        gate_refuse(gate, "symbol", line,
                    "it is compiled without -fopenmp: put the call within #ifdef _OPENMP",
                    "'%s' is not available to student code", label);
    else
        gate_refuse(gate, "symbol", line,
                    "check its name; if it is declared `inline`, make it `static inline`",
                    "'%s' is used but defined nowhere", label);
}

/* Each use of malloc is __wrap_malloc by now; a plain one came through the linker's back door. */
static void refuse_back_door(Gate *gate, const char *symbol)
{
    g_autofree char *name = g_strconcat("__real_", symbol, NULL);
    g_autofree char *hint = g_strdup_printf("call %s() by its own name", symbol);
    gate_refuse(gate, "symbol", source_find(gate->source, name), hint, "'%s' is the grader's own",
                name);
}

static void judge_needed(Gate *gate, const char *symbol)
{
    if (api_has(api_tensor, symbol) || gate_is_compilers_own(symbol))
        return;
    g_autofree char *plain = gate_plain_name(symbol);
    gboolean wrapped = g_str_has_prefix(symbol, API_WRAP_PREFIX);
    if (api_has(api_wrapped, symbol))
        refuse_back_door(gate, symbol);
    else if ((wrapped && !api_has(api_wrapped, plain)) || !rubric_allows(gate->rubric, plain))
        refuse_needed(gate, plain);
}

/* ---- what it defines ------------------------------------------------------------------------- */

static void judge_exported(Gate *gate, const GElf_Sym *symbol, const char *name)
{
    g_autofree char *label = escaped(name);
    guint line = source_find(gate->source, name);
    if (!api_has(api_attention, name))
        gate_refuse(gate, "defines", line, "make it static", "'%s' is visible outside of the file",
                    label);
    else if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx >= SHN_LORESERVE ||
             !gate_object_is_code(gate->object, symbol->st_value))
        gate_refuse(gate, "defines", line, "define it as attention.h declares it",
                    "'%s' is not a function", label);
}

static void visit_dynamic(const GElf_Sym *symbol, const char *name, gpointer data)
{
    Gate *gate = data;
    if (gate_has_enough(gate))
        return;
    if (GELF_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC) {
        g_autofree char *label = escaped(name);
        gate_refuse(gate, "ifunc", source_find(gate->source, name), "write one plain function",
                    "'%s' is chosen at load time (IFUNC)", label);
    } else if (symbol->st_shndx == SHN_UNDEF) {
        judge_needed(gate, name);
    } else if (GELF_ST_BIND(symbol->st_info) != STB_LOCAL) {
        judge_exported(gate, symbol, name);
    }
}

static guint count_refusals(const Result *result)
{
    guint refusals = 0;
    while (refusals < result->diagnostics->len &&
           g_str_equal(((const Diagnostic *)result->diagnostics->pdata[refusals])->severity,
                       "refused"))
        refusals++;
    return refusals;
}

/*
 * Of the refusals from this one on, those of what the student has written come first: some linkers
 * add other names of the same variable.
 */
static void put_written_first(Result *result, guint from)
{
    GPtrArray *all = result->diagnostics;
    guint end = count_refusals(result), front = from;
    for (guint i = from; i < end; i++)
        if (((const Diagnostic *)all->pdata[i])->line > 0)
            g_ptr_array_insert(all, (gint)front++, g_ptr_array_steal_index(all, i));
    if (from > 0 || end == 0)
        return;
    g_free(result->reason);
    result->reason = g_strdup(((const Diagnostic *)all->pdata[0])->message);
}

/* Valgrind writes the names of functions into its log as they are, and that is read by lines. */
static void refuse_unprintable(Gate *gate, const char *name)
{
    gboolean plain = TRUE;
    for (const char *at = name; *at != '\0'; at++)
        plain &= !g_ascii_iscntrl(*at);
    if (plain || gate_has_enough(gate))
        return;
    g_autofree char *label = escaped(name);
    gate_refuse(gate, "symbol", 0, "use letters, digits and _",
                "'%s' has characters that no name in C has", label);
}

/* Symbols that the linker made local. Nobody can call them from outside, but the name misleads. */
static void visit_any(const GElf_Sym *symbol, const char *name, gpointer data)
{
    Gate *gate = data;
    guint type = GELF_ST_TYPE(symbol->st_info);
    refuse_unprintable(gate, name);
    if (gate_has_enough(gate) || symbol->st_shndx == SHN_UNDEF ||
        (type != STT_FUNC && type != STT_NOTYPE) || !gate_is_reserved(name))
        return;
    g_autofree char *label = escaped(name);
    gate_refuse(gate, "defines", source_find(gate->source, name),
                "use the one that is given, or choose another name",
                "'%s' is a name of the C library or of the kit", label);
}

static void visit_ifunc(const GElf_Sym *symbol, const char *name, gpointer data)
{
    if (GELF_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
        visit_dynamic(symbol, name, data);
}

void gate_judge_symbols(Gate *gate)
{
    guint before = count_refusals(gate->result);
    gate_object_each_symbol(gate->object, SHT_DYNSYM, visit_dynamic, gate);
    put_written_first(gate->result, before);
    gate_object_each_symbol(gate->object, SHT_SYMTAB, visit_any, gate);
    gate_object_each_symbol(gate->object, SHT_SYMTAB, visit_ifunc, gate);
}
