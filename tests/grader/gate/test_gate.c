/* Tests of gate/gate.h: each rule with an object that breaks it, made by the real build. */
#include <criterion/criterion.h>
#include <string.h>

#include "compile/compile.h"
#include "gate/code.h"
#include "gate/gate.h"
#include "gate/names.h"
#include "support/specimen.h"

#define STUB "#include \"attention.h\"\n"

/* Refused by this rule, with this in the message, pointing at this line (0: at none). */
static void expect_refused(const char *text, const char *rule, const char *part, guint line)
{
    g_autoptr(Specimen) s = specimen_new(text);
    specimen_judge(s);
    g_autofree char *named = g_strdup_printf("(rule: %s)", rule);
    cr_assert_eq(s->result->status, SUBMISSION_REFUSED, "not refused by %s: %s", rule, text);
    const Diagnostic *refusal = specimen_find(s, "refused", named);
    cr_assert_not_null(refusal, "%s is not %s", s->result->reason, named);
    cr_expect(strstr(refusal->message, part) != NULL, "message: %s", refusal->message);
    cr_expect_eq(refusal->line, line, "line %u of: %s", refusal->line, text);
    cr_expect_not_null(refusal->hint);
    cr_expect((refusal->source != NULL) == (line > 0));
}

static void expect_accepted(const char *text)
{
    g_autoptr(Specimen) s = specimen_new(text);
    specimen_judge(s);
    cr_expect_eq(s->result->status, SUBMISSION_GRADED, "%s: %s", s->result->reason, text);
}

/* What gate_advice() says of this name says this. */
static void expect_advice(const char *name, const char *part)
{
    cr_expect(strstr(gate_advice(name), part) != NULL, "%s: %s", name, gate_advice(name));
}

Test(gate, says_what_to_do_instead)
{
    expect_advice("posix_memalign", "_mm_malloc()");
    expect_advice("strndup", "strdup()");
    expect_advice("longjmp", "goto");
    expect_advice("asprintf", "snprintf()");
    expect_advice("dprintf", "printf()");
    expect_advice("getenv", "#define DEBUG");
    expect_advice("setlocale", "remove it");
    expect_advice("malloc_usable_size", "remember the size");
    expect_advice("j0", "write the few lines yourself");
}

/* ---- ordinary code ------------------------------------------------------------------------------
 */

Test(gate, lets_the_solution_and_the_starter_pass)
{
    static const char *const files[] = {"solution/attention.c", "starter/attention.c"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(files[i], &text, NULL, NULL))
            expect_accepted(text);
    }
}

Test(gate, lets_ordinary_code_pass)
{
    static const char *const sources[] = {
        /* prints, assertions, errno, ctype, classification of numbers */
        "#include <assert.h>\n#include <ctype.h>\n#include <errno.h>\n#include <math.h>\n"
        "#include <stdio.h>\n" STUB
        "Tensor *create_causal_mask(int n) { assert(n > 0); printf(\"%d\\n\", errno);\n"
        "  fprintf(stderr, \"%d\", isalpha(n) + tolower(n)); return isnan(n + 0.5) ? NULL : NULL; "
        "}",
        /* helpers of any linkage, and names that are ordinary words */
        STUB "void softmax(float *x) { *x = 1; }\nint max(int a, int b) { return a > b ? a : b; }\n"
             "inline int least(int a) { return a; }\nstatic int counter;\nint main(void) { return "
             "least(counter++); }",
        /* every kind of variable, and calls through pointers */
        "#include <math.h>\n#include <stdlib.h>\n#include <string.h>\n" STUB
        "static _Thread_local int depth; float (*curve)(float) = expf;\n"
        "static int order(const void *a, const void *b) { return *(const int *)a - *(const int "
        "*)b; }\n"
        "Tensor *create_causal_mask(int n) { int v[n]; memset(v, 0, sizeof v); depth++;\n"
        "  qsort(v, (size_t)n, sizeof *v, order); static float big[1 << 20]; big[n] = curve(1);\n"
        "  return tensor_create(2, (int[]){n, n}); }",
        /* calls that gcc invents: sincosf, memcpy, __mulsc3 */
        "#include <complex.h>\n#include <math.h>\n" STUB
        "struct wide { int a[100]; }; struct wide copy(struct wide w) { return w; }\n"
        "float both(float x) { return sinf(x) + cosf(x); }\n"
        "float _Complex times(float _Complex a, float _Complex b) { return a * b; }",
        /* every way to allocate */
        "#include <stdlib.h>\n#include <string.h>\n" STUB
        "void *all(char *s) { free(malloc(1)); free(calloc(1, 2)); free(aligned_alloc(64, 64));\n"
        "  free(strdup(s)); return realloc(s, 3); }",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        expect_accepted(sources[i]);
}

/* ---- symbols ------------------------------------------------------------------------------------
 */

Test(gate, refuses_what_the_rubric_does_not_allow)
{
    expect_refused(STUB "#include <stdlib.h>\nint f(void)\n{\n    return system(\"ls\");\n}\n",
                   "symbol", "'system' is not available", 5);
    expect_refused("#include <stdio.h>\nint f(int *x) { return scanf(\"%d\", x); }\n", "symbol",
                   "'scanf' is not available", 2);
    expect_refused("int fork(void) __attribute__((weak));\nint f(void) { return fork(); }\n",
                   "symbol", "'fork' is not available", 1);
    expect_refused("int innocent(const char *) __asm__(\"system\");\n"
                   "int f(void) { return innocent(\"\"); }\n",
                   "symbol", "'system' is not available", 1);
    expect_refused(
        "int omp_get_max_threads(void);\nint f(void) {\n return omp_get_max_threads(); }\n",
        "symbol", "'omp_get_max_threads' is not available", 1);
    expect_refused("#include <stdlib.h>\nvoid g(void) {}\nvoid f(void) { atexit(g); }\n", "symbol",
                   "'atexit' is not available", 3);
    expect_refused("extern char **environ;\nchar *f(void) { return *environ; }\n", "symbol",
                   "'environ' is not available", 1);
}

Test(gate, refuses_what_nobody_defines)
{
    expect_refused(STUB "int wire_write_all(void);\nint f(void) { return wire_write_all(); }\n",
                   "symbol", "'wire_write_all' is used but defined nowhere", 2);
    expect_refused("static _Atomic double total;\nvoid f(void) { total += 1; }\n", "symbol",
                   "this use of _Atomic needs '__atomic_feraiseexcept'", 1);
    expect_refused(STUB "Tensor *f(void) { return create_causal_mask(3); }\n", "symbol",
                   "'create_causal_mask' is used but not defined", 2);
}

Test(gate, refuses_the_back_door_of_wrapped_allocations)
{
    expect_refused(
        "void *__real_malloc(unsigned long);\nvoid *f(void) { return __real_malloc(1); }\n",
        "symbol", "'__real_malloc' is the grader's own", 1);
    expect_refused("void *__wrap_malloc(unsigned long n) { return (void *)n; }\n", "defines",
                   "'__wrap_malloc'", 1);
}

/* Some linkers add other names of a variable, which would be told of before its own. */
Test(gate, tells_first_of_what_is_written)
{
    expect_refused(
        "__asm__(\".macro use first, second\\n.quad \\\\first\\\\second\\n.endm\\n.data\\n\"\n"
        "        \"use na, me\\nuse lab, el\\nuse wo, rd\\nuse ti, tle\\n.text\");\n"
        "extern char **environ;\nchar *f(void) { return *environ; }\n",
        "symbol", "'environ' is not available", 3);
}

Test(gate, refuses_definitions_of_names_that_are_taken)
{
    expect_refused("void free(void *p) { (void)p; }\n", "defines", "'free'", 1);
    expect_refused("void criterion_send_assert(void) {}\n", "defines", "'criterion_send_assert'",
                   1);
    expect_refused("int tensor_create(int n) { return n; }\n", "defines", "'tensor_create'", 1);
    expect_refused("void mine(void) __asm__(\"exit\");\nvoid mine(void) {}\n", "defines", "'exit'",
                   1);
}

Test(gate, an_exported_name_must_be_a_function)
{
    expect_refused("int create_causal_mask = 3;\n", "defines",
                   "'create_causal_mask' is not a function", 1);
    expect_refused("__asm__(\".globl create_causal_mask\\n.type create_causal_mask, @function\\n"
                   "create_causal_mask = 4096\\n\");\n",
                   "defines", "'create_causal_mask' is not a function", 1);
}

/* ---- what runs before the tests -----------------------------------------------------------------
 */

Test(gate, refuses_constructors_in_every_disguise)
{
    static const char *const sources[] = {
        "volatile int x; __attribute__((constructor)) static void f(void) { x++; }\n",
        "volatile int x; __attribute__((destructor)) static void f(void) { x++; }\n",
        "void _init(void) {}\n",
        "static void f(void) {} __attribute__((section(\".ctors\"), used)) static void (*p)(void) "
        "= f;\n",
        "__asm__(\".section .init_array,\\\"aw\\\"\\n.quad 0\\n.text\");\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        expect_refused(sources[i], "constructor", "before or after the tests", 1);
}

Test(gate, refuses_ifuncs)
{
    expect_refused(
        "static int real(void) { return 1; }\nstatic int (*pick(void))(void) { return real; }\n"
        "int create_causal_mask(void) __attribute__((ifunc(\"pick\")));\n",
        "ifunc", "'create_causal_mask' is chosen at load time", 3);
}

/* ---- memory -------------------------------------------------------------------------------------
 */

Test(gate, refuses_huge_static_data)
{
    expect_refused("char a[1L << 40];\n", "size", "1048576 MiB", 0);
    expect_refused("static _Thread_local char a[1L << 33];\nchar *f(void) { return a; }\n", "size",
                   "MiB", 0);
}

Test(gate, refuses_writable_code_and_executable_stacks)
{
    expect_refused("__asm__(\".section .x,\\\"awx\\\",@progbits\\n.quad 1\\n.text\");\n", "segment",
                   "writable and executable", 1);
    expect_refused("__asm__(\".section .note.GNU-stack,\\\"x\\\",@progbits\\n.text\");\n", "stack",
                   "can be executed", 1);
}

Test(gate, says_what_is_wrong_with_initial_exec)
{
    expect_refused("static int *last;\nstatic _Thread_local int calls "
                   "__attribute__((tls_model(\"initial-exec\")));\n"
                   "int f(int x) { last = &calls; return calls += x; }\n",
                   "object", "its thread-local variables ask for a place", 2);
}

/* ---- instructions -------------------------------------------------------------------------------
 */

#ifdef __x86_64__
Test(gate, refuses_system_calls_and_valgrind_requests)
{
    expect_refused("int f(void)\n{\n    __asm__(\"syscall\");\n    return 0;\n}\n", "instruction",
                   "the code of 'f' contains a system call", 3);
    expect_refused("int f(void)\n{\n    int x;\n    __asm__(\"mov $0x050f, %0\" : \"=r\"(x));\n"
                   "    return x;\n}\n",
                   "instruction", "the code of 'f' contains a system call", 4);
    expect_refused("int g(int x)\n{\n    return x;\n}\n\nint f(void)\n{\n    return g(1295);\n}\n",
                   "instruction", "the code of 'f' contains a system call", 8);
    expect_refused("static const short f[] __attribute__((section(\".text#\"))) = {0x050f, 1};\n"
                   "int g(int x) { return f[x]; }\n",
                   "instruction", "what lies beside the functions contains a system call", 1);
    expect_refused(
        "#include <stdint.h>\nvoid f(void)\n{\n    __asm__(\"rol $3, %rdi\\n rol $13, %rdi\\n"
        "rol $61, %rdi\\n rol $51, %rdi\\n xchg %rbx, %rbx\");\n}\n",
        "valgrind", "the code of 'f' speaks to Valgrind", 4);
}

/*
 * A call over 0x50f bytes reads like a system call and is none: the build finds a layout without it.
 * Where the padding makes it just that far depends a little on the compiler.
 */
Test(gate, distances_that_look_like_a_system_call_pass)
{
    for (guint padding = 1280; padding < 1288; padding++) {
        g_autofree char *text = g_strdup_printf(
            STUB
            "int first(int);\n"
            "Tensor *create_causal_mask(int n) { n = first(n); return tensor_create(1, &n); }\n"
            "int first(int n) { Tensor *t = create_causal_mask(n - 1);\n"
            "__asm__(\".fill %u, 1, 0x90\"); return t != NULL; }\n",
            padding);
        expect_accepted(text);
    }
}
#endif

/* ---- files that are no objects ------------------------------------------------------------------
 */

static void judge_bytes(Specimen *s, const char *bytes, gsize length)
{
    g_autofree char *path = g_build_filename(s->box, COMPILE_OBJECT, NULL);
    cr_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    gate_judge(s->rubric, path, s->result);
}

Test(gate, refuses_what_is_no_object)
{
    g_autofree char *zeros = g_malloc0(4096);
    g_autoptr(Specimen) s = specimen_new(NULL);
    judge_bytes(s, zeros, 4096);
    cr_expect_eq(s->result->status, SUBMISSION_REFUSED);
    cr_expect_not_null(specimen_find(s, "refused", "it is no object file (rule: object)"));

    g_autoptr(Specimen) missing = specimen_new(NULL);
    gate_judge(missing->rubric, "/nonexistent/attention.so", missing->result);
    cr_expect_eq(missing->result->status, SUBMISSION_REFUSED);
}

/* The loader goes by the dynamic table, libelf by sections: they may not say different things. */
Test(gate, refuses_an_object_of_two_minds)
{
    g_autoptr(Specimen) s = specimen_new("int create_causal_mask(void) { return 1; }\n");
    specimen_judge(s);
    cr_assert_eq(s->result->status, SUBMISSION_GRADED);
    g_autofree char *path = g_build_filename(s->box, COMPILE_OBJECT, NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)bytes;
    Elf64_Shdr *sections = (Elf64_Shdr *)(void *)(bytes + header->e_shoff);
    for (guint i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM)
            sections[i].sh_size = sizeof(Elf64_Sym);
    judge_bytes(s, bytes, length - 1);
    cr_expect_eq(s->result->status, SUBMISSION_REFUSED);

    for (guint i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM)
            sections[i].sh_offset += sizeof(Elf64_Sym);
    g_autoptr(Specimen) moved = specimen_new(NULL);
    judge_bytes(moved, bytes, length);
    cr_expect_not_null(specimen_find(moved, "refused", "its tables contradict each other"));
}

/* An accepted object with a pointer that the loader fills in, as bytes to be changed. */
static char *accepted_bytes(Specimen *s, gsize *length)
{
    specimen_judge(s);
    cr_assert_eq(s->result->status, SUBMISSION_GRADED, "%s", s->result->reason);
    g_autofree char *path = g_build_filename(s->box, COMPILE_OBJECT, NULL);
    char *bytes = NULL;
    cr_assert(g_file_get_contents(path, &bytes, length, NULL));
    return bytes;
}

static Elf64_Shdr *section_of(char *bytes, Elf64_Word type)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)bytes;
    Elf64_Shdr *sections = (Elf64_Shdr *)(void *)(bytes + header->e_shoff);
    for (guint i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == type)
            return &sections[i];
    cr_assert_fail("there is no section of type %u", type);
    return NULL;
}

#define WITH_POINTER "int f(void);\nint (*pointer)(void) = f;\nint f(void) { return pointer(); }\n"

/* The loader takes the last entry of a kind. */
Test(gate, refuses_a_second_entry_for_the_loader)
{
    g_autoptr(Specimen) s = specimen_new(WITH_POINTER);
    gsize length = 0;
    g_autofree char *bytes = accepted_bytes(s, &length);
    Elf64_Shdr *section = section_of(bytes, SHT_DYNAMIC);
    Elf64_Dyn *entry = (Elf64_Dyn *)(void *)(bytes + section->sh_offset);
    guint last = 0;
    while (entry[last].d_tag != DT_NULL)
        last++;
    cr_assert_lt((last + 1) * sizeof *entry, section->sh_size, "ld leaves room in the table");
    entry[last] = (Elf64_Dyn){.d_tag = DT_RELASZ};
    g_autoptr(Specimen) twice = specimen_new(NULL);
    judge_bytes(twice, bytes, length);
    cr_expect_not_null(specimen_find(twice, "refused", "its tables contradict each other"));

    entry[last] = (Elf64_Dyn){.d_tag = DT_NEEDED, .d_un.d_val = 0};
    for (guint i = 0; i < last; i++)
        if (entry[i].d_tag == DT_NEEDED)
            entry[last] = entry[i];
    g_autoptr(Specimen) libraries = specimen_new(NULL);
    judge_bytes(libraries, bytes, length);
    cr_expect_null(specimen_find(libraries, "refused", "its tables contradict each other"));
}

/* `where` is the address that the loader would fill in. */
static void expect_no_target(const char *original, gsize length, Elf64_Addr where)
{
    g_autofree char *bytes = g_memdup2(original, length);
    Elf64_Shdr *section = section_of(bytes, SHT_RELA);
    Elf64_Rela *relocation = (Elf64_Rela *)(void *)(bytes + section->sh_offset);
    relocation->r_offset = where;
    g_autoptr(Specimen) s = specimen_new(NULL);
    judge_bytes(s, bytes, length);
    cr_expect_not_null(specimen_find(s, "refused", "to change what is none of its variables"),
                       "0x%lx: %s", (unsigned long)where, s->result->reason);
}

Test(gate, refuses_relocations_of_what_is_no_variable)
{
    g_autoptr(Specimen) s = specimen_new(WITH_POINTER);
    gsize length = 0;
    g_autofree char *bytes = accepted_bytes(s, &length);
    Elf64_Addr dynamic = section_of(bytes, SHT_DYNAMIC)->sh_addr;
    expect_no_target(bytes, length, section_of(bytes, SHT_DYNSYM)->sh_addr);
    expect_no_target(bytes, length, dynamic);
    expect_no_target(bytes, length, dynamic - 1);
    expect_no_target(bytes, length, 1u << 30);
    expect_no_target(bytes, length, (Elf64_Addr)-4);
}

static Elf64_Dyn *entry_of(char *bytes, Elf64_Sxword tag)
{
    Elf64_Dyn *entry = (Elf64_Dyn *)(void *)(bytes + section_of(bytes, SHT_DYNAMIC)->sh_offset);
    while (entry->d_tag != tag && entry->d_tag != DT_NULL)
        entry++;
    cr_assert_eq(entry->d_tag, tag, "no entry 0x%lx", (unsigned long)tag);
    return entry;
}

static void expect_contradiction(const char *bytes, gsize length, const char *what)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    judge_bytes(s, bytes, length);
    cr_expect_not_null(specimen_find(s, "refused", "its tables contradict each other"), "%s", what);
}

/* What the loader takes for relocations and symbols, and libelf does not show. */
Test(gate, refuses_relocations_that_only_the_loader_sees)
{
    g_autoptr(Specimen) s = specimen_new(WITH_POINTER);
    gsize length = 0;
    g_autofree char *original = accepted_bytes(s, &length);

    g_autofree char *symbol = g_memdup2(original, length);
    Elf64_Shdr *section = section_of(symbol, SHT_RELA);
    Elf64_Rela *relocation = (Elf64_Rela *)(void *)(symbol + section->sh_offset);
    relocation->r_info = ELF64_R_INFO(1000, ELF64_R_TYPE(relocation->r_info));
    expect_contradiction(symbol, length, "a symbol behind the table");

    g_autofree char *half = g_memdup2(original, length);
    section_of(half, SHT_RELA)->sh_size -= 8;
    entry_of(half, DT_RELASZ)->d_un.d_val -= 8;
    expect_contradiction(half, length, "half a relocation");

    g_autofree char *count = g_memdup2(original, length);
    entry_of(count, DT_RELACOUNT)->d_un.d_val++;
    expect_contradiction(count, length, "more relative relocations than there are");
}

/* ---- names --------------------------------------------------------------------------------------
 */

Test(gate, names_as_students_know_them)
{
    static const char *const pairs[][2] = {{"__isoc99_sscanf", "sscanf"},
                                           {"__isoc23_strtol", "strtol"},
                                           {"__wrap_malloc", "malloc"},
                                           {"__printf_chk", "printf"},
                                           {"expf", "expf"},
                                           {"__chk", "__chk"},
                                           {"___chk", "___chk"},
                                           {"", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *plain = gate_plain_name(pairs[i][0]);
        cr_expect_str_eq(plain, pairs[i][1]);
    }
}
