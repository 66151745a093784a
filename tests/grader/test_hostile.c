/*
 * test_hostile.c: grade every submission of tests/hostile with the real pipeline, and hold the
 * grader to what the first comment of each says (tests/hostile/README.md).
 *
 * A test for each kind of attack, in a process of its own: so several are graded at once, and what
 * one leaves behind is its own. The superuser grades all of them a second time, as nobody.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "support/hostile.h"

#define TEST_SECONDS 900

/* What one Criterion test grades: the submissions whose names begin with `kind`. */
typedef struct {
    char kind[16];
    int as_user;
} Batch;

/* ---- one batch ------------------------------------------------------------------------------- */

static void grade_batch(const Workbench *bench, const void *data, GString *faults)
{
    const Batch *batch = data;
    g_autoptr(GPtrArray) names = hostile_names(bench, batch->kind);
    cr_assert(names->len > 0 || g_getenv("HOSTILE") != NULL, "there is no attack '%s'",
              batch->kind);
    for (guint i = 0; i < names->len; i++)
        hostile_judge(bench, names->pdata[i], faults);
}

/* Those that take long come first, so that no core is left with one of them at the end. */
static Batch batches[] = {
    {"run-", 0},     {"run-", 1},     {"memory-", 0},  {"memory-", 1}, {"escape-", 0},
    {"escape-", 1},  {"watched-", 0}, {"watched-", 1}, {"object-", 0}, {"object-", 1},
    {"result-", 0},  {"result-", 1},  {"forge-", 0},   {"forge-", 1},  {"compile-", 0},
    {"compile-", 1}, {"input-", 0},   {"input-", 1},   {"report-", 0}, {"report-", 1},
};

static gboolean is_in_a_batch(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(batches); i++)
        if (g_str_has_prefix(name, batches[i].kind))
            return TRUE;
    return FALSE;
}

Test(hostile_names, every_attack_is_in_a_batch)
{
    g_autoptr(GDir) attacks = g_dir_open("tests/hostile", 0, NULL);
    cr_assert(attacks != NULL);
    for (const char *name; (name = g_dir_read_name(attacks)) != NULL;)
        cr_expect(is_in_a_batch(name) || strchr(name, '.') != NULL,
                  "nobody grades tests/hostile/%s", name);
}

ParameterizedTestParameters(hostile, attacks)
{
    return cr_make_param_array(Batch, batches, G_N_ELEMENTS(batches));
}

ParameterizedTest(Batch *batch, hostile, attacks, .timeout = TEST_SECONDS)
{
    hostile_run(batch->as_user, grade_batch, batch);
}
