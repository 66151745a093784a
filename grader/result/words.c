#include "result/words.h"

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
    {"result", "the result is not a usable tensor"},
    {"shape", "wrong shape"},
    {"input_changed", "an input was changed"},
    {"row_sum", "rows of weights do not sum to 1"},
    {"masked", "weight where the mask forbids it"},
    {"value", "wrong values"},
    {"not_refused", "bad input was accepted"},
    {"not_defined", "a function is missing"},
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
        {"kept", "memory that is kept at each call"},
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
