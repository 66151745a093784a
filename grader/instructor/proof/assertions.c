/* assertions.c: see assertions.h. */
#include "instructor/proof/assertions.h"

#define FILE_NAME "tests/hidden/assertions.ini"

static void compare(ProofCheck *check, GKeyFile *written, const char *suite, const TestResult *test)
{
    g_autoptr(GError) error = NULL;
    guint64 expected = g_key_file_get_uint64(written, suite, test->name, &error);
    if (error != NULL)
        proof_found(check, "%s/%s is not in %s: add '%s=%u' below [%s]", suite, test->name,
                    FILE_NAME, test->name, test->assertions, suite);
    else if (test->assertions < expected)
        proof_found(check,
                    "%s/%s makes %u assertions, %s says %" G_GUINT64_FORMAT
                    ": was one taken out? If you mean it, write %u there",
                    suite, test->name, test->assertions, FILE_NAME, expected, test->assertions);
    else if (test->assertions > expected)
        proof_found(check,
                    "%s/%s makes %u assertions, %s says %" G_GUINT64_FORMAT ": write %u there",
                    suite, test->name, test->assertions, FILE_NAME, expected, test->assertions);
}

/* A test that is written down but does not exist was removed or renamed. */
static void find_missing(ProofCheck *check, GKeyFile *written, const Result *solution)
{
    g_auto(GStrv) suites = g_key_file_get_groups(written, NULL);
    for (char **suite = suites; *suite != NULL; suite++) {
        const ItemResult *item = result_item(solution, *suite);
        g_auto(GStrv) names = g_key_file_get_keys(written, *suite, NULL, NULL);
        for (char **name = names; *name != NULL; name++)
            if (item == NULL || item_test(item, *name) == NULL)
                proof_found(check, "%s/%s of %s is no hidden test", *suite, *name, FILE_NAME);
    }
}

void proof_check_assertions(Proof *proof, const Result *solution)
{
    ProofCheck *check = proof_begin(proof, "assertions");
    g_autofree char *path = g_build_filename(proof->kit->root, FILE_NAME, NULL);
    g_autoptr(GKeyFile) written = g_key_file_new();
    g_autoptr(GError) error = NULL;
    guint tests = 0;
    if (!g_key_file_load_from_file(written, path, G_KEY_FILE_NONE, &error))
        proof_found(check, "%s cannot be read: %s", FILE_NAME, error->message);
    for (guint i = 0; error == NULL && i < solution->items->len; i++) {
        const ItemResult *item = solution->items->pdata[i];
        for (guint k = 0; k < item->tests->len; k++, tests++)
            compare(check, written, item->id, item->tests->pdata[k]);
    }
    if (error == NULL)
        find_missing(check, written, solution);
    proof_end(check, "each of %u hidden tests makes as many as are written down", tests);
}
