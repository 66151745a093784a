/* words.c: Valgrind's errors in words for students; see words.h. */
#include "memory/words.h"

#include <stdio.h>
#include <string.h>

/* An address below this is a null pointer plus the offset of a member or element. */
#define NULL_PAGE 4096

#define HINT_INDEX "an index is outside the tensor: n elements have the indices 0 to n - 1"
#define HINT_AXES "an index has one number for each axis, each from 0 to the size of the axis - 1"
#define HINT_FREED "free a tensor only after its last use"
#define HINT_NULL                                                                                  \
    "check for NULL before you use a pointer; tensor functions return NULL on bad input"
#define HINT_UNDEFINED                                                                             \
    "set it before you use it: float sum = 0.0f; malloc() does not clear memory, tensor_create() " \
    "does"
#define HINT_LEAK_TENSOR "free it on every path, also when an error returns early: tensor_free()"
#define HINT_LEAK_BLOCK "free it on every path, also when an error returns early: free()"
#define HINT_STACK "does a function call itself without end, or have a very large local array?"
#define HINT_RETAINED "free what a call does not return before it ends, or use the same block again"

static const char *plural(guint64 n)
{
    return n == 1 ? "" : "s";
}

/* ---- reading and writing --------------------------------------------------------------------- */

static MemoryFinding *find_access(const char *kind, const char *verb, guint64 bytes,
                                  const ValgrindEvent *event)
{
    ValgrindAddress address = valgrind_event_address(event);
    const char *hint = HINT_INDEX;
    char *message;
    g_autofree char *what =
        g_strdup_printf("%s %" G_GUINT64_FORMAT " byte%s", verb, bytes, plural(bytes));
    g_autofree char *block =
        g_strdup_printf("a block of %llu byte%s", address.size, plural(address.size));
    if (address.freed) {
        message = g_strdup_printf("%s of %s that was already freed", what, block);
        hint = HINT_FREED;
    } else if (g_str_equal(address.relation, "after") && address.offset > 0) {
        message = g_strdup_printf("%s, %llu byte%s past the end of %s", what, address.offset,
                                  plural(address.offset), block);
    } else if (g_str_equal(address.relation, "after")) {
        message = g_strdup_printf("%s past the end of %s", what, block);
    } else if (g_str_equal(address.relation, "before")) {
        message = g_strdup_printf("%s before the start of %s", what, block);
    } else if (address.known && address.at < NULL_PAGE) {
        message = g_strdup_printf("%s through a null pointer", what);
        hint = HINT_NULL;
    } else if (address.stack) {
        message = g_strdup_printf("%s outside of every local variable", what);
    } else {
        message = g_strdup_printf("%s at an address that belongs to nothing", what);
    }
    MemoryFinding *finding = memory_finding_about(kind, NULL, message, hint);
    finding->bytes = bytes;
    return finding;
}

/* The size at the end of "Invalid read of size 4". */
static guint64 read_size(const ValgrindEvent *event)
{
    const char *what = valgrind_event_stack(event)->what;
    const char *size = what != NULL ? strstr(what, "of size ") : NULL;
    return size != NULL ? g_ascii_strtoull(size + strlen("of size "), NULL, 10) : 0;
}

/* ---- freeing --------------------------------------------------------------------------------- */

static MemoryFinding *find_free(const ValgrindEvent *event)
{
    ValgrindAddress address = valgrind_event_address(event);
    const char *hint = "free only what malloc() or tensor_create() returned";
    char *message;
    if (address.freed) {
        message = g_strdup_printf("frees a block of %llu byte%s that was already freed",
                                  address.size, plural(address.size));
        hint = "free each block once, in one place";
    } else if (g_str_equal(address.relation, "inside") && address.offset > 0) {
        message = g_strdup_printf("frees a pointer into the middle of a block of %llu bytes",
                                  address.size);
        hint = "free the pointer that malloc() or tensor_create() returned, unchanged";
    } else {
        message = g_strdup("frees something that is no block of memory from malloc()");
    }
    MemoryFinding *finding = memory_finding_about("invalid_free", NULL, message, hint);
    finding->bytes = address.size;
    return finding;
}

/* Has a tensor function allocated the block? Then tensor_free() is what frees it. */
static gboolean is_tensor(const ValgrindEvent *event)
{
    const ValgrindStack *stack = valgrind_event_stack(event);
    for (guint i = 0; stack != NULL && i < stack->frames->len; i++) {
        const ValgrindFrame *frame = stack->frames->pdata[i];
        if (g_strcmp0(frame->file, "tensor.c") == 0)
            return TRUE;
    }
    return FALSE;
}

char *memory_words_leak(guint64 bytes, guint blocks)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT " byte%s in %u block%s %s never freed", bytes,
                           plural(bytes), blocks, plural(blocks), bytes == 1 ? "is" : "are");
}

static MemoryFinding *find_leak(const ValgrindEvent *event)
{
    ValgrindGrowth growth = valgrind_event_growth(event);
    guint64 bytes = (guint64)MAX(growth.bytes, 0);
    guint blocks = (guint)CLAMP(growth.blocks, 0, G_MAXUINT);
    MemoryFinding *finding =
        memory_finding_about("leak", NULL, memory_words_leak(bytes, blocks),
                             is_tensor(event) ? HINT_LEAK_TENSOR : HINT_LEAK_BLOCK);
    finding->bytes = bytes;
    finding->count = blocks;
    return finding;
}

static MemoryFinding *find_retained(void)
{
    return memory_finding_about(
        "kept", NULL, g_strdup("keeps memory and never frees it, though a variable points there"),
        HINT_RETAINED);
}

/* ---- the others ------------------------------------------------------------------------------ */

static MemoryFinding *find_undefined(const char *message)
{
    return memory_finding_about("uninitialised", NULL, g_strdup(message), HINT_UNDEFINED);
}

static MemoryFinding *find_system_call(const ValgrindEvent *event)
{
    const char *what = valgrind_event_stack(event)->what;
    if (what != NULL && strstr(what, "uninitialised") != NULL)
        return find_undefined("prints bytes that were never set");
    return find_access("invalid_read", "gives the system", 0, event);
}

/*
 * Valgrind says only in its log that the stack is full. It puts the stack at the same place for
 * each program; nothing else is as near below its start.
 */
static gboolean is_on_stack(const char *address)
{
    const guint64 start = G_GUINT64_CONSTANT(0x1fff001000), room = 64u << 20;
    guint64 at = address != NULL ? g_ascii_strtoull(address, NULL, 16) : 0;
    return at >= start - room && at < start;
}

static MemoryFinding *find_signal(const char *name, const char *address)
{
    static const struct {
        const char *name, *message, *hint;
    } signals[] = {
        {"SIGSEGV", "crashes: it uses memory that is not there (SIGSEGV)", HINT_NULL},
        {"SIGBUS", "crashes: it uses memory that is not there (SIGBUS)", HINT_NULL},
        {"SIGFPE", "crashes: it divides an integer by zero (SIGFPE)", NULL},
        {"SIGABRT", "is stopped with abort(), as tensor_get() does for an index outside the shape",
         HINT_AXES},
    };
    if (g_str_equal(name, "SIGSEGV") && is_on_stack(address))
        return memory_finding_about("crash", NULL, g_strdup("crashes: the stack is full"),
                                    HINT_STACK);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        if (g_str_equal(name, signals[i].name))
            return memory_finding_about("crash", NULL, g_strdup(signals[i].message),
                                        signals[i].hint);
    return memory_finding_about(
        "crash", NULL, g_strdup_printf("is stopped by %s", *name != '\0' ? name : "a signal"),
        NULL);
}

static MemoryFinding *find_overlap(const ValgrindEvent *event)
{
    char function[32] = "memcpy";
    const char *what = valgrind_event_stack(event)->what;
    const char *in = what != NULL ? strstr(what, "overlap in ") : NULL;
    if (in != NULL)
        (void)sscanf(in, "overlap in %31[a-z_]", function);
    return memory_finding_about(
        "overlap", NULL, g_strdup_printf("%s() copies between blocks that overlap", function),
        "copy with memmove(), or between different blocks");
}

MemoryFinding *memory_finding_about(const char *kind, const char *function, char *message,
                                    const char *hint)
{
    MemoryFinding *finding = memory_finding_new(kind);
    finding->function = g_strdup(function);
    finding->message = message;
    finding->hint = g_strdup(hint);
    finding->count = 1;
    return finding;
}

MemoryFinding *memory_finding_without_place(const ValgrindEvent *event)
{
    const char *kind = event->kind != NULL ? event->kind : "";
    if (event->type == VALGRIND_FATAL_SIGNAL)
        return find_signal(kind, event->text);
    if (event->type != VALGRIND_ERROR || event->stacks->len == 0)
        return NULL;
    if (g_str_equal(kind, "InvalidRead"))
        return find_access("invalid_read", "reads", read_size(event), event);
    if (g_str_equal(kind, "InvalidWrite"))
        return find_access("invalid_write", "writes", read_size(event), event);
    if (g_str_equal(kind, "UninitCondition"))
        return find_undefined("decides by a value that was never set");
    if (g_str_equal(kind, "UninitValue"))
        return find_undefined("uses a value that was never set");
    if (g_str_equal(kind, "ClientCheck"))
        return find_undefined("returns elements that were never set");
    if (g_str_equal(kind, "SyscallParam"))
        return find_system_call(event);
    if (g_str_equal(kind, "InvalidFree") || g_str_equal(kind, "MismatchedFree"))
        return find_free(event);
    if (g_str_equal(kind, "Overlap"))
        return find_overlap(event);
    if (g_str_equal(kind, "Leak_DefinitelyLost"))
        return find_leak(event);
    if (valgrind_event_is_retained(event))
        return find_retained();
    if (g_str_has_prefix(kind, "Leak_"))
        return NULL;
    return memory_finding_about("crash", NULL, g_strdup_printf("does what Valgrind calls %s", kind),
                                NULL);
}
