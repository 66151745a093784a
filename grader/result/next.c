/* next.c: see next.h. */
#include "result/next.h"

#include <string.h>

#include "result/words.h"

static const Diagnostic *first_diagnostic(const Result *result, const char *severity)
{
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = g_ptr_array_index(result->diagnostics, i);
        if (strcmp(diagnostic->severity, severity) == 0)
            return diagnostic;
    }
    return NULL;
}

static char *at_diagnostic(const Result *result, const char *severity, const char *what)
{
    const Diagnostic *first = first_diagnostic(result, severity);
    if (first == NULL || first->file == NULL || first->line == 0)
        return g_strdup(what);
    return g_strdup_printf("%s, %s:%u", what, first->file, first->line);
}

/* Where the names of tests are not disclosed, it may have been seen in any of the item. */
static gboolean is_seen_in(const MemoryFinding *finding, const TestResult *test)
{
    for (guint i = 0; i < finding->tests->len; i++)
        if (strcmp(g_ptr_array_index(finding->tests, i), test->name) == 0)
            return TRUE;
    return finding->tests->len == 0;
}

/* The first error with a place in the file that can be why the test fails: a leak cannot. */
static const MemoryFinding *memory_reason(const ItemResult *item, const TestResult *test)
{
    for (guint i = 0; i < item->memory->len; i++) {
        const MemoryFinding *finding = g_ptr_array_index(item->memory, i);
        if (finding->file != NULL && strcmp(finding->kind, "leak") != 0 &&
            is_seen_in(finding, test))
            return finding;
    }
    return NULL;
}

/* What the test does, or the code in it. */
static const char *ending(const TestResult *test)
{
    static const struct {
        const char *failure, *words;
    } endings[] = {
        {"output", "prints so much"},
        {"exit", "calls exit()"},
        {"forbidden", "asks for what is forbidden"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_strcmp0(test->failure, endings[i].failure) == 0)
            return endings[i].words;
    if (test->status == TEST_FAILED)
        return "fails";
    return test->status == TEST_CRASHED ? "ends your program" : "takes too long";
}

/* What gcc warns of, and what then goes wrong. */
static const Diagnostic *fatal_warning(const Result *result)
{
    static const char *const parts[] = {"reaches end of non-void",   "uninitialized",
                                        "address of local variable", "after 'free'",
                                        "array subscript",           "null pointer"};
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = g_ptr_array_index(result->diagnostics, i);
        for (gsize k = 0; k < G_N_ELEMENTS(parts); k++)
            if (diagnostic->file != NULL && strcmp(diagnostic->severity, "warning") == 0 &&
                strstr(diagnostic->message, parts[k]) != NULL)
                return diagnostic;
    }
    return NULL;
}

/* What to do about a test that failed or ended, if what it needs is written. */
static char *next_of_failure(const Result *result, const ItemResult *item, const TestResult *test)
{
    const char *title = words_test_title(test), *ends = ending(test),
               *where = words_item_title(item);
    const MemoryFinding *reason = memory_reason(item, test);
    const Diagnostic *warning = fatal_warning(result);
    /* gcc sees where something begins to go wrong, Valgrind what became of it. */
    if (warning != NULL)
        return g_strdup_printf("fix the warning, %s:%u; it may be why \"%s\" %s (%s)",
                               warning->file, warning->line, title, ends, where);
    if (reason != NULL && test->status == TEST_FAILED)
        return g_strdup_printf("fix the memory error, %s:%u; it may be why \"%s\" %s (%s)",
                               reason->file, reason->line, title, ends, where);
    if (reason != NULL)
        return g_strdup_printf("find out why \"%s\" %s, %s:%u (%s)", title, ends, reason->file,
                               reason->line, where);
    if (test->status == TEST_FAILED)
        return g_strdup_printf("make \"%s\" pass (%s)", title, where);
    return g_strdup_printf("find out why \"%s\" %s (%s)", title, ends, where);
}

static char *next_of_test(const Result *result, const ItemResult *item, const TestResult *test)
{
    if (words_has_only_stubs(item))
        return g_strdup_printf("implement %s", words_item_title(item));
    if (test_is_unwritten(test))
        return g_strdup_printf("implement what \"%s\" needs (%s)", words_test_title(test),
                               words_item_title(item));
    return next_of_failure(result, item, test);
}

static const TestResult *first_failure(const ItemResult *item)
{
    g_autoptr(GPtrArray) failed = words_failures(item);
    return failed->len > 0 ? g_ptr_array_index(failed, 0) : NULL;
}

/* What to do about the first mistake; with `crashes`, only about one that ended the program. */
static char *next_failure(const Result *result, gboolean crashes)
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        const TestResult *first = first_failure(item);
        if (first != NULL && !test_is_unwritten(first) &&
            (!crashes || first->status != TEST_FAILED))
            return next_of_test(result, item, first);
    }
    return NULL;
}

/* Is it better to go on with `a` than with `b`? What was begun comes first, then what is easy. */
static gboolean is_easier(const ItemResult *a, const ItemResult *b)
{
    gboolean begun = !words_has_only_stubs(a);
    if (b == NULL || begun != !words_has_only_stubs(b))
        return b == NULL || begun;
    return a->max_points < b->max_points;
}

static char *next_unwritten(const Result *result)
{
    const ItemResult *easiest = NULL;
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        const TestResult *first = first_failure(item);
        if (first != NULL && test_is_unwritten(first) && is_easier(item, easiest))
            easiest = item;
    }
    return easiest != NULL ? next_of_test(result, easiest, first_failure(easiest)) : NULL;
}

/* ", attention.c:57" of the first finding that has a place, or "". */
static char *memory_place(const ItemResult *item)
{
    for (guint i = 0; i < item->memory->len; i++) {
        const MemoryFinding *finding = g_ptr_array_index(item->memory, i);
        if (finding->file != NULL)
            return g_strdup_printf(", %s:%u", finding->file, finding->line);
    }
    return g_strdup("");
}

static char *next_memory(const Result *result)
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        g_autofree char *place = memory_place(item);
        if (item->memory->len > 0)
            return g_strdup_printf("fix the memory error%s (%s)", place, words_item_title(item));
    }
    return NULL;
}

static char *next_item(const Result *result)
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        if (item->points < item->max_points && !item->extra)
            return g_strdup_printf("work on \"%s\"", words_item_title(item));
    }
    return NULL;
}

static char *next_graded(const Result *result)
{
    char *next = next_failure(result, TRUE);
    if (next == NULL)
        next = next_failure(result, FALSE);
    if (next == NULL)
        next = next_memory(result);
    if (next == NULL)
        next = next_unwritten(result);
    if (next == NULL)
        next = next_item(result);
    if (next == NULL && result_is_partial(result))
        next = g_strdup("run all of the tests");
    if (next == NULL && g_strcmp0(result->tests, "public") == 0)
        next = g_strdup(g_strcmp0(result->memory_state, "checked") == 0
                            ? "hand it in"
                            : "have the memory checked, which your grade depends on too");
    return next;
}

char *next_step(const Result *result)
{
    switch (result->status) {
    case SUBMISSION_UNGRADED:
        return g_strdup("run it again; if that does not help, show this to your instructor");
    case SUBMISSION_NOT_COMPILED:
        return at_diagnostic(result, "error", "fix the first error of the compiler");
    case SUBMISSION_REFUSED:
        return at_diagnostic(result, "refused", "change what was refused");
    case SUBMISSION_MISSING:
        return g_strdup("hand in what is missing");
    case SUBMISSION_GRADED:
        return next_graded(result);
    }
    g_assert_not_reached();
}
