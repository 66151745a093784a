/* words.c: Valgrind's errors in words for students; see words.h. */
#include "memory/words.h"

#include <stdio.h>
#include <string.h>

/* Below this an address is a null pointer plus the offset of a member or element. */
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

#define HINT_KEPT "free what a call does not return before it ends, or use the same block again"

/* What Valgrind says about the address of an error. */
typedef struct {
    gboolean known;            /* there is such a sentence */
    unsigned long long at;     /* the address */
    char relation[12];         /* "after", "before" or "inside" a block; else empty */
    unsigned long long offset; /* how far */
    unsigned long long size;   /* of the block */
    gboolean freed;            /* the block is free */
    gboolean stack;            /* it lies on the stack */
} Address;

/* Large numbers have commas: 1,024. */
static char *without_commas(const char *text)
{
    GString *plain = g_string_new(NULL);
    for (const char *c = text; *c != '\0'; c++)
        if (*c != ',')
            g_string_append_c(plain, *c);
    return g_string_free(plain, FALSE);
}

static Address read_address(const ValgrindEvent *event)
{
    Address address = {0};
    const ValgrindStack *second = event->stacks->len > 1 ? event->stacks->pdata[1] : NULL;
    if (second == NULL || second->what == NULL)
        return address;
    g_autofree char *text = without_commas(second->what);
    if (sscanf(text, "Address 0x%llx is", &address.at) != 1)
        return address;
    address.known = TRUE;
    address.freed = g_str_has_suffix(text, "free'd") && strstr(text, " of size ") != NULL;
    address.stack = strstr(text, "stack") != NULL && strstr(text, "stack'd") == NULL;
    const char *size = strstr(text, " of size ");
    if (size == NULL || sscanf(size, " of size %llu", &address.size) != 1 ||
        sscanf(text, "Address 0x%*x is %llu bytes %11s", &address.offset, address.relation) != 2)
        address.relation[0] = '\0';
    return address;
}

static const char *plural(guint64 n)
{
    return n == 1 ? "" : "s";
}

/* ---- reading and writing --------------------------------------------------------------------- */

static MemoryWords words_of_access(const char *kind, const char *verb, guint64 bytes,
                                   const ValgrindEvent *event)
{
    Address address = read_address(event);
    MemoryWords words = {.kind = kind, .hint = HINT_INDEX, .bytes = bytes, .count = 1};
    g_autofree char *what =
        g_strdup_printf("%s %" G_GUINT64_FORMAT " byte%s", verb, bytes, plural(bytes));
    g_autofree char *block =
        g_strdup_printf("a block of %llu byte%s", address.size, plural(address.size));
    if (address.freed) {
        words.message = g_strdup_printf("%s of %s that was already freed", what, block);
        words.hint = HINT_FREED;
    } else if (g_str_equal(address.relation, "after") && address.offset > 0) {
        words.message = g_strdup_printf("%s, %llu byte%s past the end of %s", what, address.offset,
                                        plural(address.offset), block);
    } else if (g_str_equal(address.relation, "after")) {
        words.message = g_strdup_printf("%s past the end of %s", what, block);
    } else if (g_str_equal(address.relation, "before")) {
        words.message = g_strdup_printf("%s before the start of %s", what, block);
    } else if (address.known && address.at < NULL_PAGE) {
        words.message = g_strdup_printf("%s through a null pointer", what);
        words.hint = HINT_NULL;
    } else if (address.stack) {
        words.message = g_strdup_printf("%s outside of every local variable", what);
    } else {
        words.message = g_strdup_printf("%s at an address that belongs to nothing", what);
    }
    return words;
}

static guint64 size_of_access(const char *what)
{
    const char *size = what != NULL ? strstr(what, "of size ") : NULL;
    return size != NULL ? g_ascii_strtoull(size + strlen("of size "), NULL, 10) : 0;
}

/* ---- the others ------------------------------------------------------------------------------ */

static MemoryWords words_of_free(const ValgrindEvent *event)
{
    Address address = read_address(event);
    MemoryWords words = {.kind = "invalid_free", .bytes = address.size, .count = 1};
    if (address.freed) {
        words.message = g_strdup_printf("frees a block of %llu byte%s that was already freed",
                                        address.size, plural(address.size));
        words.hint = "free each block once, in one place";
    } else if (g_str_equal(address.relation, "inside") && address.offset > 0) {
        words.message = g_strdup_printf("frees a pointer into the middle of a block of %llu bytes",
                                        address.size);
        words.hint = "free the pointer that malloc() or tensor_create() returned, unchanged";
    } else {
        words.message = g_strdup("frees something that is no block of memory from malloc()");
        words.hint = "free only what malloc() or tensor_create() returned";
    }
    return words;
}

/* True if a tensor function allocated it: then tensor_free() is what frees it. */
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

/* The number in the first brackets from `text` on, or the first number: how much is new. */
static gint64 added(const char *text)
{
    const char *change = strstr(text, " (");
    const char *word = strstr(text, " b"); /* "bytes" or "blocks" ends the phrase */
    if (change == NULL || word == NULL || change > word)
        return g_ascii_strtoll(text, NULL, 10);
    return g_ascii_strtoll(change + strlen(" ("), NULL, 10);
}

/*
 * "56 (+56) (16 (+16) direct, 40 (+40) indirect) bytes in 1 (+1) blocks are definitely lost in
 * loss record 2 of 2". The (+n) is there if an earlier leak check saw the same place.
 */
MemoryGrowth memory_words_growth(const ValgrindEvent *event)
{
    const ValgrindStack *stack = valgrind_event_stack(event);
    if (stack == NULL)
        return (MemoryGrowth){0};
    g_autofree char *text = without_commas(stack->what != NULL ? stack->what : "");
    const char *blocks = strstr(text, "bytes in ");
    return (MemoryGrowth){
        .bytes = added(text),
        .blocks = blocks != NULL ? added(blocks + strlen("bytes in ")) : 1,
    };
}

static MemoryWords words_of_leak(const ValgrindEvent *event)
{
    MemoryGrowth growth = memory_words_growth(event);
    guint64 bytes = (guint64)MAX(growth.bytes, 0);
    guint blocks = (guint)CLAMP(growth.blocks, 0, G_MAXUINT);
    return (MemoryWords){.kind = "leak",
                         .bytes = bytes,
                         .count = blocks,
                         .message = memory_words_leak(bytes, blocks),
                         .hint = is_tensor(event) ? HINT_LEAK_TENSOR : HINT_LEAK_BLOCK};
}

static MemoryWords words_of_kept(void)
{
    return (MemoryWords){.kind = "kept",
                         .count = 1,
                         .message = g_strdup("keeps memory and never frees it, though a variable "
                                             "points there"),
                         .hint = HINT_KEPT};
}

static MemoryWords words_of_undefined(const char *message)
{
    return (MemoryWords){
        .kind = "uninitialised", .message = g_strdup(message), .hint = HINT_UNDEFINED, .count = 1};
}

static MemoryWords words_of_system_call(const ValgrindEvent *event)
{
    const char *what = valgrind_event_stack(event)->what;
    if (what != NULL && strstr(what, "uninitialised") != NULL)
        return words_of_undefined("prints bytes that were never set");
    return words_of_access("invalid_read", "gives the system", 0, event);
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

static MemoryWords words_of_signal(const char *name, const char *address)
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
    MemoryWords words = {.kind = "crash", .count = 1};
    if (g_strcmp0(name, "SIGSEGV") == 0 && is_on_stack(address)) {
        words.message = g_strdup("crashes: the stack is full");
        words.hint = "does a function call itself without end, or have a very large local array?";
        return words;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        if (g_strcmp0(name, signals[i].name) != 0)
            continue;
        words.message = g_strdup(signals[i].message);
        words.hint = signals[i].hint;
        return words;
    }
    words.message = g_strdup_printf("is stopped by %s", name != NULL ? name : "a signal");
    return words;
}

static MemoryWords words_of_overlap(const ValgrindEvent *event)
{
    char function[32] = "memcpy";
    const char *what = valgrind_event_stack(event)->what;
    const char *in = what != NULL ? strstr(what, "overlap in ") : NULL;
    if (in != NULL)
        (void)sscanf(in, "overlap in %31[a-z_]", function);
    return (MemoryWords){.kind = "overlap",
                         .message =
                             g_strdup_printf("%s() copies between blocks that overlap", function),
                         .hint = "copy with memmove(), or between different blocks",
                         .count = 1};
}

MemoryWords memory_words(const ValgrindEvent *event)
{
    const char *kind = event->kind != NULL ? event->kind : "";
    const ValgrindStack *stack = valgrind_event_stack(event);
    if (event->type == VALGRIND_FATAL_SIGNAL)
        return words_of_signal(kind, event->text);
    if (event->type != VALGRIND_ERROR || stack == NULL)
        return (MemoryWords){0};
    if (g_str_equal(kind, "InvalidRead"))
        return words_of_access("invalid_read", "reads", size_of_access(stack->what), event);
    if (g_str_equal(kind, "InvalidWrite"))
        return words_of_access("invalid_write", "writes", size_of_access(stack->what), event);
    if (g_str_equal(kind, "UninitCondition"))
        return words_of_undefined("decides by a value that was never set");
    if (g_str_equal(kind, "UninitValue"))
        return words_of_undefined("uses a value that was never set");
    if (g_str_equal(kind, "ClientCheck"))
        return words_of_undefined("returns elements that were never set");
    if (g_str_equal(kind, "SyscallParam"))
        return words_of_system_call(event);
    if (g_str_equal(kind, "InvalidFree") || g_str_equal(kind, "MismatchedFree"))
        return words_of_free(event);
    if (g_str_equal(kind, "Overlap"))
        return words_of_overlap(event);
    if (g_str_equal(kind, "Leak_DefinitelyLost"))
        return words_of_leak(event);
    if (valgrind_event_is_kept(event))
        return words_of_kept();
    if (g_str_has_prefix(kind, "Leak_"))
        return (MemoryWords){0};
    return (MemoryWords){.kind = "crash",
                         .message = g_strdup_printf("does what Valgrind calls %s", kind),
                         .count = 1};
}
