#include "gate/rules.h"

#include "base/escape.h"
#include "gate/code.h"
#include "wire/api.h"

enum {
    NAME_LIMIT = 80,
    ALIGNMENT_LIMIT = 2 * 1024 * 1024,
    STATIC_SHARE = 4, /* static data may take a fourth of the memory limit */
    CODE_LIMIT = 20,  /* places in the code of one segment that are refused */
};

/* The first line that has one of these words. */
static guint find_any(const Gate *gate, const char *const *words)
{
    for (; *words != NULL; words++) {
        guint line = source_find(gate->source, *words);
        if (line > 0)
            return line;
    }
    return 0;
}

static guint find_assembly(const Gate *gate)
{
    static const char *const words[] = {"asm", "__asm__", "__asm", "section", "__section__", NULL};
    return find_any(gate, words);
}

static gboolean is_one_of(gint64 number, const gint64 *known, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (number == known[i])
            return TRUE;
    return FALSE;
}

void gate_judge_unreadable(Gate *gate, const char *why)
{
    gate_refuse(gate, "object", find_assembly(gate), "compile it with the kit",
                "what gcc made of it cannot be used: %s", why);
}

/* ---- segments -------------------------------------------------------------------------------- */

static gboolean is_known_segment(GElf_Word type)
{
    static const gint64 known[] = {PT_NULL,      PT_LOAD,        PT_DYNAMIC,   PT_NOTE,
                                   PT_PHDR,      PT_TLS,         PT_GNU_STACK, PT_GNU_EH_FRAME,
                                   PT_GNU_RELRO, PT_GNU_PROPERTY};
    return is_one_of(type, known, G_N_ELEMENTS(known));
}

static void judge_segment(Gate *gate, const GElf_Phdr *segment)
{
    guint line = find_assembly(gate);
    gboolean writable = (segment->p_flags & PF_W) != 0, code = (segment->p_flags & PF_X) != 0;
    if (!is_known_segment(segment->p_type))
        gate_refuse(gate, "object", line, "remove the assembly or the section attribute",
                    "it has a segment of a type that C does not need (0x%x)", segment->p_type);
    if (segment->p_type == PT_LOAD && writable && code)
        gate_refuse(gate, "segment", line, "remove the assembly or the section attribute",
                    "a part of it would be writable and executable");
    if (segment->p_type == PT_GNU_STACK && code)
        gate_refuse(gate, "stack", line,
                    "define every function at the top level, not within another one",
                    "it asks for a stack that can be executed");
}

static void judge_size(Gate *gate)
{
    guint64 limit = (guint64)gate->rubric->limits.memory_mib * 1024 * 1024 / STATIC_SHARE;
    guint64 total = 0, alignment = 0;
    for (guint i = 0; i < gate->object->segments->len; i++) {
        const GElf_Phdr *segment = &g_array_index(gate->object->segments, GElf_Phdr, i);
        if (segment->p_type != PT_LOAD && segment->p_type != PT_TLS)
            continue;
        /* Not the sum of the sizes: a gap between two segments takes address space as well. */
        total = MAX(total, segment->p_vaddr + segment->p_memsz);
        alignment = MAX(alignment, segment->p_align);
    }
    if (total > limit || alignment > ALIGNMENT_LIMIT)
        gate_refuse(gate, "size", 0,
                    "allocate with malloc() or tensor_create() what you need, when you need it",
                    "its static variables take %" G_GUINT64_FORMAT " MiB, %" G_GUINT64_FORMAT
                    " MiB are allowed",
                    MAX(total, alignment) >> 20, limit >> 20);
}

void gate_judge_segments(Gate *gate)
{
    guint n_code = 0, n_stack = 0;
    for (guint i = 0; i < gate->object->segments->len; i++) {
        const GElf_Phdr *segment = &g_array_index(gate->object->segments, GElf_Phdr, i);
        judge_segment(gate, segment);
        n_code += segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0;
        n_stack += segment->p_type == PT_GNU_STACK;
    }
    if (n_stack != 1)
        gate_refuse(gate, "stack", 0, "compile it with the kit",
                    "it does not say that its stack is not to be executed");
    if (n_code > 1)
        gate_refuse(gate, "object", find_assembly(gate), "remove the section attribute",
                    "its code lies in %u segments", n_code);
    judge_size(gate);
}

/*
 * The initial-exec model: the loader would have to find room for the variables beside those of the
 * program, of which there is little, and none for the copies under Valgrind.
 */
static void refuse_thread_local(Gate *gate)
{
    static const char *const words[] = {"tls_model", "asm", "__asm__", "__asm", NULL};
    gate_refuse(gate, "object", find_any(gate, words),
                "remove the attribute tls_model: _Thread_local alone does what it is for",
                "its thread-local variables ask for a place that only a program's own have");
}

/* ---- the dynamic table ----------------------------------------------------------------------- */

static void judge_needed_library(Gate *gate, const char *name)
{
    static const char *const known[] = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2",
                                        "ld-linux-aarch64.so.1", NULL};
    if (api_has(known, name))
        return;
    g_autofree char *label = escape_text(name, -1, NAME_LIMIT, FALSE);
    gate_refuse(gate, "object", 0, "use only the C library", "it needs the library '%s'", label);
}

static void judge_constructor(Gate *gate)
{
    static const char *const words[] = {
        "constructor", "__constructor__", "destructor", "__destructor__", "_init", "_fini",
        "section",     "__section__",     "asm",        "__asm__",        NULL};
    gate_refuse(
        gate, "constructor", find_any(gate, words),
        "remove the constructor or destructor (target_clones and __builtin_cpu_supports() bring "
        "one along); set up what a function needs in the function",
        "it has code that runs before or after the tests");
}

/* Tags that ld writes for plain C with our flags. */
static gboolean is_known_tag(GElf_Sxword tag)
{
    static const gint64 known[] = {
        DT_HASH,   DT_GNU_HASH, DT_STRTAB,     DT_SYMTAB,   DT_STRSZ,    DT_SYMENT,  DT_PLTGOT,
        DT_PLTREL, DT_PLTRELSZ, DT_JMPREL,     DT_RELA,     DT_RELASZ,   DT_RELAENT, DT_RELACOUNT,
        DT_VERSYM, DT_VERNEED,  DT_VERNEEDNUM, DT_SYMBOLIC, DT_BIND_NOW,
    };
    return is_one_of(tag, known, G_N_ELEMENTS(known));
}

static void judge_dynamic(Gate *gate, const GElf_Dyn *entry)
{
    switch (entry->d_tag) {
    case DT_NEEDED:
        judge_needed_library(gate, gate_object_dynamic_string(gate->object, entry->d_un.d_val));
        return;
    case DT_INIT:
    case DT_FINI:
    case DT_INIT_ARRAY:
    case DT_INIT_ARRAYSZ:
    case DT_FINI_ARRAY:
    case DT_FINI_ARRAYSZ:
    case DT_PREINIT_ARRAY:
    case DT_PREINIT_ARRAYSZ:
        judge_constructor(gate);
        return;
    case DT_FLAGS:
        if ((entry->d_un.d_val & ~(GElf_Xword)(DF_SYMBOLIC | DF_BIND_NOW)) == 0)
            return;
        if ((entry->d_un.d_val & ~(GElf_Xword)(DF_SYMBOLIC | DF_BIND_NOW | DF_STATIC_TLS)) != 0)
            break;
        refuse_thread_local(gate);
        return;
    case DT_FLAGS_1:
        if ((entry->d_un.d_val & ~(GElf_Xword)DF_1_NOW) == 0)
            return;
        break;
    default:
        if (is_known_tag(entry->d_tag))
            return;
    }
    gate_refuse(gate, "object", find_assembly(gate), "remove the assembly",
                "it asks the loader for something that C does not need (0x%" G_GINT64_MODIFIER "x)",
                (guint64)entry->d_tag);
}

/* ---- relocations ----------------------------------------------------------------------------- */

static gboolean is_known_relocation(guint machine, GElf_Xword type)
{
    static const gint64 x86[] = {R_X86_64_NONE,      R_X86_64_64,       R_X86_64_GLOB_DAT,
                                 R_X86_64_JUMP_SLOT, R_X86_64_RELATIVE, R_X86_64_DTPMOD64,
                                 R_X86_64_DTPOFF64};
    static const gint64 arm[] = {R_AARCH64_NONE,       R_AARCH64_ABS64,    R_AARCH64_GLOB_DAT,
                                 R_AARCH64_JUMP_SLOT,  R_AARCH64_RELATIVE, R_AARCH64_TLS_DTPMOD,
                                 R_AARCH64_TLS_DTPREL, R_AARCH64_TLSDESC};
    return machine == EM_AARCH64 ? is_one_of((gint64)type, arm, G_N_ELEMENTS(arm))
                                 : is_one_of((gint64)type, x86, G_N_ELEMENTS(x86));
}

static void visit_relocation(const GElf_Rela *relocation, gpointer data)
{
    Gate *gate = data;
    GElf_Xword type = GELF_R_TYPE(relocation->r_info);
    if (gate_has_enough(gate))
        return;
    /* Number 0 is R_X86_64_NONE and R_AARCH64_NONE, which changes nothing. */
    if (type != 0 && !gate_object_is_variable(gate->object, relocation->r_offset))
        gate_refuse(gate, "object", find_assembly(gate), "remove the assembly",
                    "it asks the loader to change what is none of its variables");
    if (type == (gate->object->header.e_machine == EM_AARCH64 ? (guint)R_AARCH64_TLS_TPREL
                                                              : (guint)R_X86_64_TPOFF64))
        refuse_thread_local(gate);
    else if (!is_known_relocation(gate->object->header.e_machine, type))
        gate_refuse(gate, "ifunc", find_assembly(gate), "write one plain function",
                    "it asks the loader to compute an address (relocation %" G_GUINT64_FORMAT ")",
                    type);
}

void gate_judge_loading(Gate *gate)
{
    for (guint i = 0; i < gate->object->dynamic->len; i++)
        judge_dynamic(gate, &g_array_index(gate->object->dynamic, GElf_Dyn, i));
    gate_object_each_relocation(gate->object, visit_relocation, gate);
}

/* ---- code ------------------------------------------------------------------------------------ */

/* The constants that contain the bytes of a system call: 0f 05, 0f 34 and cd 80. */
static guint find_constant(const Gate *gate)
{
    static const char *const words[] = {"1295",   "0x50f",  "0x50F", "0x050f", "0x050F", "13327",
                                        "0x340f", "0x340F", "32973", "0x80cd", "0x80CD", NULL};
    return find_any(gate, words);
}

/* Where there is no function, a section attribute has put data among the code, or assembly has. */
static void refuse_code(Gate *gate, GateCodeKind kind, GElf_Addr address)
{
    const char *function = gate_object_function_at(gate->object, address);
    g_autofree char *label = function != NULL ? escape_text(function, -1, NAME_LIMIT, FALSE) : NULL;
    g_autofree char *where = label != NULL ? g_strdup_printf("the code of '%s'", label)
                                           : g_strdup("what lies beside the functions");
    guint line = find_assembly(gate);
    if (kind == GATE_CODE_VALGRIND)
        gate_refuse(gate, "valgrind", line,
                    "remove valgrind.h's macros and the assembly: the memory check is the grader's",
                    "%s speaks to Valgrind", where);
    else if (label == NULL)
        gate_refuse(gate, "instruction", line,
                    "remove the section attribute or the assembly: tables need neither",
                    "%s contains a system call instruction", where);
    else
        gate_refuse(gate, "instruction", line > 0 ? line : find_constant(gate),
                    "call the C library instead; without assembly, look for a constant like 1295 "
                    "(0x50f) and compute it",
                    "%s contains a system call instruction", where);
}

void gate_judge_code(Gate *gate)
{
    guint machine = gate->object->header.e_machine;
    gsize step = machine == EM_AARCH64 ? 4 : 1;
    g_autoptr(GArray) all = gate_object_code(gate->object);
    for (guint i = 0; i < all->len; i++) {
        const GateCode *code = &g_array_index(all, GateCode, i);
        guint found = 0;
        for (gsize at = 0; at < code->length && found < CODE_LIMIT; at += step, found++) {
            GateCodeKind kind = gate_code_next(code->bytes, code->length, machine, &at);
            if (kind != GATE_CODE_CLEAN)
                refuse_code(gate, kind, code->address + at);
        }
    }
}
