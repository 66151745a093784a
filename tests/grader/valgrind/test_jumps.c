/* test_jumps.c: where the code of a library itself leads, and who has jumped elsewhere. */
#include <criterion/criterion.h>

#include "gate/code.h"
#include "gate/load.h"
#include "gate/object.h"
#include "grade.h"
#include "valgrind/jumps.h"

#define REQUEST_LENGTH 19 /* of a client request, but for its last instruction, in bytes */

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

TestSuite(valgrind_jumps, .init = set_up, .fini = tear_down);

/* The place of the first client request in the worker. */
static guint64 find_request(void)
{
    const char *why = NULL;
    g_autoptr(GateObject) object = gate_object_load(worker, &why);
    cr_assert_not_null(object, "%s", why);
    g_autoptr(GArray) code = gate_object_code(object);
    for (guint i = 0; i < code->len; i++) {
        const GateCode *part = &g_array_index(code, GateCode, i);
        for (gsize at = 0; at < part->length; at++)
            if (gate_code_next(part->bytes, part->length, object->header.e_machine, &at) ==
                GATE_CODE_VALGRIND)
                return part->address + at;
    }
    cr_assert_fail("there is no request in the worker");
    return 0;
}

Test(valgrind_jumps, none_in_what_leads_to_a_request)
{
    guint64 place = find_request();
    for (guint i = 0; i < REQUEST_LENGTH; i++)
        cr_expect_not(valgrind_code_leads_to(worker, place + i), "%u", i);
    cr_expect_not(valgrind_code_leads_to(worker, place - 1));
}

/* Valgrind ends a superblock with a request. */
Test(valgrind_jumps, behind_a_request)
{
    cr_expect(valgrind_code_leads_to(worker, find_request() + REQUEST_LENGTH));
}

Test(valgrind_jumps, nobody_can_tell_of_what_is_not_there)
{
    cr_expect(valgrind_code_leads_to("/nonexistent/vgpreload.so", 0x1234));
}

/*
 * ---- superblocks ------------------------------------------------------------------------------
 */

#define AT "==== SB 1 (evchecks 1) [tid 1] "

/* A line about code of the worker, which lies at 0x400000. */
static char *line_about(guint64 offset)
{
    return g_strdup_printf(AT "0x%" G_GINT64_MODIFIER "x some_function+1 %s+0x%" G_GINT64_MODIFIER
                              "x",
                           0x400000 + offset, worker, offset);
}

/*
 * Is a superblock strange that begins so many bytes before a request, `later`, when one has begun
 * there, `before`, before student code could run?
 */
static gboolean is_strange(guint64 before, guint64 later)
{
    guint64 request = find_request();
    g_autofree char *first = line_about(request - before);
    g_autofree char *second = line_about(request - later);
    ValgrindJumps jumps;
    valgrind_jumps_init(&jumps, worker);
    valgrind_jumps_take(&jumps, first, FALSE);
    valgrind_jumps_take(&jumps, second, TRUE);
    gboolean strange = valgrind_jumps_strange(&jumps, NULL) != NULL;
    cr_expect_eq(valgrind_jumps_strange(&jumps, &jumps), NULL, "harmless code came there too");
    valgrind_jumps_clear(&jumps);
    return strange;
}

Test(valgrind_jumps, a_jump_to_a_request_is_strange)
{
    cr_expect(is_strange(0x400, 0), "to the request");
    cr_expect(is_strange(0x400, 7), "just before it");
    cr_expect_not(is_strange(0, 0), "where code came before student code could run");
    cr_expect_not(is_strange(7, 7), "where code came before student code could run");
    cr_expect_not(is_strange(0x400, 0x401), "far from it");
    cr_expect_not(is_strange(0x400, (guint64)-19), "behind it");
}
