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

const char *words_test_title(const TestResult *test)
{
    return test->title != NULL ? test->title : test->name;
}

const char *words_item_title(const ItemResult *item)
{
    return item->title != NULL ? item->title : item->id;
}

const char *words_test_message(const TestResult *test)
{
    return test->message != NULL ? test->message : words_failure(test);
}

const char *words_reason(const Result *result)
{
    return result->reason != NULL ? result->reason : "no reason is known";
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

/* Missing functions come first among what is not written: see `failures`. */
gboolean words_has_only_stubs(const ItemResult *item)
{
    g_autoptr(GPtrArray) failed = words_failures(item);
    return item_is_unwritten(item) && failed->len > 0 &&
           strcmp(((const TestResult *)failed->pdata[0])->failure, "not_defined") != 0;
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

char *words_memory_and_place(const MemoryFinding *finding)
{
    g_autofree char *place = words_place(finding);
    return g_strjoin(", ", words_memory(finding), place, NULL);
}
