#include "result_words.h"

#include <string.h>

/* ---- tests ----------------------------------------------------------------------------------- */

/* In the order in which they are worth looking at. */
static const struct {
    const char *failure, *words;
} failures[] = {
    {"crash", "the code crashed"},
    {"exit", "the code called exit()"},
    {"timeout", "the code took too long"},
    {"output", "the code printed too much"},
    {"forbidden", "the code asked the operating system for something forbidden"},
    {"protocol", "the code wrote to a descriptor that is not its own"},
    {"broken", "a fault of the grader"},
    {"not_defined", "a function is missing"},
    {"result", "the result is not a usable tensor"},
    {"shape", "wrong shape"},
    {"input_changed", "an input was changed"},
    {"row_sum", "rows of weights do not sum to 1"},
    {"masked", "weight where the mask forbids it"},
    {"value", "wrong values"},
    {"not_refused", "bad input was accepted"},
    {"not_implemented", "not implemented yet"},
};

const char *words_failure(const TestResult *test)
{
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++)
        if (g_strcmp0(test->failure, failures[i].failure) == 0)
            return failures[i].words;
    switch (test->status) {
    case TEST_CRASHED:
        return "the code crashed";
    case TEST_TIMED_OUT:
        return "the code took too long";
    case TEST_BROKEN:
        return "a fault of the grader";
    default:
        return "wrong answer";
    }
}

gboolean words_is_unwritten(const TestResult *test)
{
    return test->status == TEST_FAILED && (g_strcmp0(test->failure, "not_implemented") == 0 ||
                                           g_strcmp0(test->failure, "not_defined") == 0);
}

gboolean words_nothing_written(const ItemResult *item)
{
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = g_ptr_array_index(item->tests, i);
        if (test->status != TEST_FAILED || g_strcmp0(test->failure, "not_implemented") != 0)
            return FALSE;
    }
    return item->tests->len > 0;
}

gboolean words_is_failure(const TestResult *test)
{
    return test->status == TEST_FAILED || test->status == TEST_CRASHED ||
           test->status == TEST_TIMED_OUT;
}

static guint rank(const TestResult *test)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(failures) && g_strcmp0(test->failure, failures[i].failure) != 0)
        i++;
    return test->status == TEST_FAILED ? i + 1 : 0;
}

static int compare_ranks(gconstpointer a, gconstpointer b)
{
    guint first = rank(*(TestResult *const *)a), second = rank(*(TestResult *const *)b);
    return (first > second) - (first < second);
}

GPtrArray *words_failures(const ItemResult *item)
{
    GPtrArray *failed = g_ptr_array_new();
    for (guint i = 0; i < item->tests->len; i++)
        if (words_is_failure(g_ptr_array_index(item->tests, i)))
            g_ptr_array_add(failed, g_ptr_array_index(item->tests, i));
    g_ptr_array_sort(failed, compare_ranks);
    return failed;
}

guint words_count(const ItemResult *item, TestStatus status)
{
    guint count = 0;
    for (guint i = 0; i < item->tests->len; i++)
        count += ((const TestResult *)g_ptr_array_index(item->tests, i))->status == status;
    return count;
}

char *words_points(double points)
{
    char *text = g_strdup_printf("%.2f", points);
    gsize length = strlen(text);
    while (text[length - 1] == '0')
        text[--length] = '\0';
    if (text[length - 1] == '.')
        text[length - 1] = '\0';
    return text;
}

/* ---- memory ---------------------------------------------------------------------------------- */

char *words_place(const MemoryFinding *finding)
{
    if (finding->file == NULL)
        return finding->function != NULL ? g_strdup_printf("in %s", finding->function) : NULL;
    GString *place = g_string_new("at ");
    g_string_append(place, finding->file);
    if (finding->line > 0)
        g_string_append_printf(place, ":%u", finding->line);
    if (finding->function != NULL)
        g_string_append_printf(place, " in %s", finding->function);
    return g_string_free(place, FALSE);
}

const char *words_memory(const MemoryFinding *finding)
{
    static const struct {
        const char *kind, *words;
    } kinds[] = {
        {"leak", "memory that is never freed"},
        {"invalid_read", "read outside of a block of memory"},
        {"invalid_write", "write outside of a block of memory"},
        {"uninitialised", "use of a value that was never set"},
        {"invalid_free", "free() of what is not there to free"},
        {"overlap", "copy between blocks that overlap"},
        {"crash", "crash"},
        {"different_results", "different results under Valgrind"},
    };
    if (finding->message != NULL)
        return finding->message;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(finding->kind, kinds[i].kind) == 0)
            return kinds[i].words;
    return finding->kind;
}

/* ---- what to do next ------------------------------------------------------------------------- */

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

static const char *title_of(const TestResult *test)
{
    return test->title != NULL ? test->title : test->name;
}

static const char *item_title(const ItemResult *item)
{
    return item->title != NULL ? item->title : item->id;
}

/* ", attention.c:57" of the first finding of a kind, or of any for NULL; "" if it is not known. */
static char *memory_place(const ItemResult *item, const char *kind)
{
    for (guint i = 0; i < item->memory->len; i++) {
        const MemoryFinding *finding = g_ptr_array_index(item->memory, i);
        if (finding->file != NULL && (kind == NULL || strcmp(finding->kind, kind) == 0))
            return g_strdup_printf(", %s:%u", finding->file, finding->line);
    }
    return g_strdup("");
}

static char *next_of_test(const ItemResult *item, const TestResult *test)
{
    if (words_nothing_written(item))
        return g_strdup_printf("implement %s", item_title(item));
    if (words_is_unwritten(test))
        return g_strdup_printf("implement what \"%s\" needs (%s)", title_of(test),
                               item_title(item));
    if (test->status == TEST_FAILED)
        return g_strdup_printf("make \"%s\" pass (%s)", title_of(test), item_title(item));
    g_autofree char *place = memory_place(item, "crash");
    return g_strdup_printf("find out why \"%s\" %s%s (%s)", title_of(test),
                           test->status == TEST_CRASHED ? "ends your program" : "takes too long",
                           place, item_title(item));
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
        if (first != NULL && !words_is_unwritten(first) &&
            (!crashes || first->status != TEST_FAILED))
            return next_of_test(item, first);
    }
    return NULL;
}

/* What to begin with, of all that can be begun: the item with the fewest points is the easiest. */
static char *next_unwritten(const Result *result)
{
    const ItemResult *easiest = NULL;
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        const TestResult *first = first_failure(item);
        if (first != NULL && words_is_unwritten(first) &&
            (easiest == NULL || item->max_points < easiest->max_points))
            easiest = item;
    }
    return easiest != NULL ? next_of_test(easiest, first_failure(easiest)) : NULL;
}

static char *next_memory(const Result *result)
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        g_autofree char *place = memory_place(item, NULL);
        if (item->memory->len > 0)
            return g_strdup_printf("fix the memory error%s (%s)", place, item_title(item));
    }
    return NULL;
}

static char *next_item(const Result *result)
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        if (item->points < item->max_points && !item->extra)
            return g_strdup_printf("work on \"%s\"", item_title(item));
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

char *words_next(const Result *result)
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
