#include "rubric/disclose.h"

#include "result/words.h"

static void forget(char **text)
{
    g_clear_pointer(text, g_free);
}

static void hide_test(TestResult *test, RubricDisclosure show)
{
    const char *words = words_failure(test);
    gboolean failed = words_is_failure(test);
    forget(&test->printed);
    if (failed || test->status == TEST_BROKEN)
        forget(&test->message);
    if (failed && show == DISCLOSE_HINT)
        test->message = g_strdup(words);
    if (show == DISCLOSE_HINT)
        return;
    forget(&test->hint);
    forget(&test->cause);
    forget(&test->failure);
}

/* The place stays: it is in the student's own file. How many bytes tells of the hidden inputs. */
static void hide_finding(MemoryFinding *finding)
{
    forget(&finding->message);
    g_ptr_array_set_size(finding->tests, 0);
    finding->bytes = 0;
    finding->count = 0;
}

static void hide_item(ItemResult *item, RubricDisclosure show)
{
    if (show == DISCLOSE_POINTS) {
        g_ptr_array_set_size(item->tests, 0);
        g_ptr_array_set_size(item->memory, 0);
        return;
    }
    for (guint i = 0; i < item->tests->len; i++)
        hide_test(g_ptr_array_index(item->tests, i), show);
    for (guint i = 0; i < item->memory->len; i++)
        hide_finding(g_ptr_array_index(item->memory, i));
}

Result *disclose(const Result *result, RubricDisclosure show)
{
    Result *copy = result_copy(result);
    forget(&copy->path);
    for (guint i = 0; show != DISCLOSE_ALL && i < copy->items->len; i++)
        hide_item(g_ptr_array_index(copy->items, i), show);
    return copy;
}
