/* test_entries.c: where the code of a library itself leads. */
#include <criterion/criterion.h>
#include <string.h>

#include "grade.h"
#include "valgrind/entries.h"

/* A client request as valgrind.h has it, but for its last instruction. */
static const char request[] = "\x48\xc1\xc7\x03\x48\xc1\xc7\x0d\x48\xc1\xc7\x3d\x48\xc1\xc7\x33";
#define REQUEST_LENGTH 19

static char *worker;

static void set_up(void)
{
    g_autoptr(Kit) kit = kit_find(NULL);
    cr_assert(kit != NULL);
    worker = g_build_filename(kit->libexec, "worker", NULL);
}

static void tear_down(void)
{
    g_free(worker);
}

TestSuite(memory_entries, .init = set_up, .fini = tear_down);

/* Where the first request in the worker's code is, which lies in memory as it does in the file. */
static guint64 find_request(void)
{
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(worker, &bytes, &length, NULL));
    const char *at = memmem(bytes, length, request, sizeof request - 1);
    cr_assert(at != NULL);
    return (guint64)(at - bytes);
}

Test(memory_entries, none_in_what_leads_to_a_request)
{
    guint64 place = find_request();
    for (guint i = 0; i < REQUEST_LENGTH; i++)
        cr_expect_not(memory_entries_has(worker, place + i), "%u", i);
    cr_expect_not(memory_entries_has(worker, place - 1));
}

/* Valgrind ends a superblock with a request. */
Test(memory_entries, behind_a_request)
{
    cr_expect(memory_entries_has(worker, find_request() + REQUEST_LENGTH));
}

Test(memory_entries, nobody_can_tell_of_what_is_not_there)
{
    cr_expect(memory_entries_has("/nonexistent/vgpreload.so", 0x1234));
}
