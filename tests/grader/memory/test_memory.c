/* test_memory.c: mistakes with memory, and what the memory verdict says about them. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/source.h"
#include "support/memory_case.h"

static void add_mask(Case *c, int n)
{
    static const char *const items[] = {"masking", "integration", "self_attention"};
    g_autofree char *name = g_strdup_printf("mask_%d", n);
    case_add(c, items[n % 3], name, call_mask(n), 0);
}

/* Findings of a test, in any item. */
static GPtrArray *findings_of(const Case *c, const char *test)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < c->result->items->len; i++) {
        const ItemResult *item = c->result->items->pdata[i];
        for (guint k = 0; k < item->memory->len; k++) {
            MemoryFinding *finding = item->memory->pdata[k];
            if (g_ptr_array_find_with_equal_func(finding->tests, test, g_str_equal, NULL))
                g_ptr_array_add(found, finding);
        }
    }
    return found;
}

/* The number of the line of the student's file that has this name in a comment; 0 if none has. */
static guint line_named(const Case *c, const char *name)
{
    g_autofree char *path = g_build_filename(c->box, "attention.c", NULL);
    g_autofree char *comment = g_strdup_printf("/* %s */", name);
    g_autoptr(Source) source = source_load(path);
    for (guint line = 1;; line++) {
        g_autofree char *text = source_line(source, line);
        if (text == NULL)
            return 0;
        if (strstr(text, comment) != NULL)
            return line;
    }
}

/* The only finding of a test, at the line that has its name; NULL (and a failure) if it is not. */
static const MemoryFinding *expect_one(const Case *c, const char *test, const char *name)
{
    g_autoptr(GPtrArray) found = findings_of(c, test);
    cr_expect_eq(found->len, 1, "%s (%s) has %u findings", test, name, found->len);
    if (found->len == 0)
        return NULL;
    const MemoryFinding *finding = found->pdata[0];
    cr_expect_str_eq(finding->file, "attention.c", "%s is in %s", name, finding->file);
    cr_expect_eq(finding->line, line_named(c, name), "%s is in line %u", name, finding->line);
    return finding;
}

typedef struct {
    int n;
    const char *name, *kind, *message, *second; /* second: where it happened before, or NULL */
} Mistake;

static const Mistake mistakes[] = {
    {2, "leak", "leak", "76 bytes in 1 block are never freed", "called from"},
    {3, "leak_data", "leak", "40 bytes in 1 block are never freed", NULL},
    {4, "leak_two", "leak", "40 bytes in 2 blocks are never freed", NULL},
    {5, "read_past", "invalid_read", "reads 4 bytes past the end of a block of 16 bytes", NULL},
    {32, "read_far", "invalid_read", "reads 4 bytes, 240 bytes past the end of a block of 16 bytes",
     NULL},
    {6, "write_before", "invalid_write", "writes 4 bytes before the start of a block of 16 bytes",
     NULL},
    {7, "use_after_free", "invalid_read",
     "reads 4 bytes of a block of 32 bytes that was already freed", "freed at"},
    {8, "after_realloc", "invalid_read",
     "reads 4 bytes of a block of 16 bytes that was already freed", "freed at"},
    {9, "double_free", "invalid_free", "frees a block of 32 bytes that was already freed",
     "freed at"},
    {10, "free_middle", "invalid_free", "frees a pointer into the middle of a block of 32 bytes",
     NULL},
    {11, "free_static", "invalid_free", "frees something that is no block of memory from malloc()",
     NULL},
    {12, "uninitialised", "uninitialised", "decides by a value that was never set", NULL},
    {13, "undefined_result", "uninitialised", "returns elements that were never set", NULL},
    {14, "overlap", "overlap", "strncpy() copies between blocks that overlap", NULL},
    {15, "null_pointer", "invalid_read", "reads 8 bytes through a null pointer", NULL},
    {16, "outside", "crash",
     "is stopped with abort(), as tensor_get() does for an index outside the shape", NULL},
    {20, "print_undefined", "uninitialised", "decides by a value that was never set", NULL},
};

static void expect_mistake(const Case *c, const Mistake *mistake)
{
    g_autofree char *test = g_strdup_printf("mask_%d", mistake->n);
    const MemoryFinding *finding = expect_one(c, test, mistake->name);
    if (finding == NULL)
        return;
    cr_expect_str_eq(finding->kind, mistake->kind, "%s is %s", mistake->name, finding->kind);
    cr_expect_str_eq(finding->message, mistake->message, "%s: %s", mistake->name, finding->message);
    if (mistake->second == NULL)
        return;
    g_autofree char *name = g_strconcat(mistake->name, "2", NULL);
    g_autofree char *second =
        g_strdup_printf("%s attention.c:%u in ", mistake->second, line_named(c, name));
    cr_expect(finding->detail != NULL && g_str_has_prefix(finding->detail, second),
              "%s: %s instead of %s", mistake->name, finding->detail, second);
}

static void expect_nothing(const Case *c, const char *test)
{
    g_autoptr(GPtrArray) found = findings_of(c, test);
    cr_expect_eq(found->len, 0, "%s: %s", test,
                 found->len > 0 ? ((const MemoryFinding *)found->pdata[0])->message : "");
}

Test(memory, each_mistake_is_found_where_it_is)
{
    g_auto(Case) c = case_new("mistakes");
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        add_mask(&c, mistakes[i].n);
    case_check(&c);
    cr_expect_str_eq(c.result->memory_state, "checked", "%s", c.result->memory_state);
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        expect_mistake(&c, &mistakes[i]);
}

Test(memory, honest_code_has_no_findings)
{
    g_auto(Case) c = case_new("mistakes");
    static const int honest[] = {1, 17, 18, 19, 21};
    for (gsize i = 0; i < G_N_ELEMENTS(honest); i++)
        add_mask(&c, honest[i]);
    /* Again: a variable that counts calls is as new in each test. */
    case_add(&c, "integration", "counted", call_mask(19), 0);
    case_add(&c, "integration", "refused", call_mask(99), 0);
    case_check(&c);
    cr_expect_str_eq(c.result->memory_state, "checked", "%s", c.result->memory_state);
    for (guint i = 0; i < c.result->items->len; i++) {
        const ItemResult *item = c.result->items->pdata[i];
        cr_expect_eq(item->memory->len, 0, "%s: %u findings", item->id, item->memory->len);
    }
}

/* Valgrind shows an error once for each place; the verdict is by item, and so by test. */
Test(memory, the_same_mistake_is_found_in_each_test)
{
    g_auto(Case) c = case_new("mistakes");
    static const int repeated[] = {2, 5, 13, 20};
    for (gsize i = 0; i < G_N_ELEMENTS(repeated); i++) {
        g_autofree char *once = g_strdup_printf("once_%d", repeated[i]);
        g_autofree char *twice = g_strdup_printf("twice_%d", repeated[i]);
        case_add(&c, "masking", once, call_mask(repeated[i]), 0);
        case_add(&c, "integration", "clean", call_mask(1), 0);
        case_add(&c, "integration", twice, call_mask(repeated[i]), 0);
    }
    case_check(&c);
    expect_nothing(&c, "clean");
    static const char *const names[] = {"leak", "read_past", "undefined_result", "print_undefined"};
    for (gsize i = 0; i < G_N_ELEMENTS(repeated); i++) {
        g_autofree char *once = g_strdup_printf("once_%d", repeated[i]);
        g_autofree char *twice = g_strdup_printf("twice_%d", repeated[i]);
        expect_one(&c, once, names[i]);
        expect_one(&c, twice, names[i]);
    }
}

Test(memory, a_leak_where_memory_runs_out_and_a_read_past_an_input)
{
    g_auto(Case) c = case_new("mistakes");
    case_add(&c, "integration", "no_memory", call_attention(), 3);
    case_check(&c);
    g_autoptr(GPtrArray) found = findings_of(&c, "no_memory");
    cr_assert_eq(found->len, 2, "%u findings, %s", found->len,
                 found->len > 0 ? ((const MemoryFinding *)found->pdata[0])->message : "");
    const MemoryFinding *read = found->pdata[0], *leak = found->pdata[1];
    cr_expect_eq(read->line, line_named(&c, "read_input"), "line %u", read->line);
    cr_expect_str_eq(read->detail, "the block was passed in by the test", "%s", read->detail);
    cr_expect_eq(leak->line, line_named(&c, "leak_on_error"), "line %u", leak->line);
}

/* ---- submissions that notice Valgrind -------------------------------------------------------- */

static void expect_kind(const Case *c, const char *test, const char *kind, const char *part)
{
    g_autoptr(GPtrArray) found = findings_of(c, test);
    cr_assert_eq(found->len, 1, "%s has %u findings", test, found->len);
    const MemoryFinding *finding = found->pdata[0];
    cr_expect_str_eq(finding->kind, kind, "%s is %s", test, finding->kind);
    cr_expect(strstr(finding->message, part) != NULL, "%s: %s", test, finding->message);
}

Test(memory, a_test_that_ends_the_run_does_not_spoil_the_others)
{
    g_auto(Case) c = case_new("mistakes");
    static const int numbers[] = {1, 22, 2, 23, 7, 24, 26, 30};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        add_mask(&c, numbers[i]);
    case_check(&c);
    cr_expect_str_eq(c.result->memory_state, "checked", "%s", c.result->memory_state);
    expect_nothing(&c, "mask_1");
    expect_kind(&c, "mask_22", "crash", "ends the program under Valgrind");
    expect_one(&c, "mask_2", "leak");
    expect_one(&c, "mask_23", "crash_if_watched");
    expect_one(&c, "mask_7", "use_after_free");
    expect_kind(&c, "mask_24", "different_results", "element 3 of the mask was 1 and is 0.5");
    expect_kind(&c, "mask_26", "crash", "the stack is full");
    expect_kind(&c, "mask_30", "different_results", "it freed 0 blocks and frees 1");
}

Test(memory, a_test_that_is_too_slow_is_not_checked)
{
    g_auto(Case) c = case_new("mistakes");
    c.rubric->limits.memory_seconds = 2;
    sandbox_free(c.sandbox);
    c.sandbox = sandbox_open(c.kit->libexec, &c.rubric->limits, NULL);
    add_mask(&c, 2);
    add_mask(&c, 25);
    add_mask(&c, 1);
    case_check(&c);
    cr_expect_str_eq(c.result->memory_state, "not checked: 1 test, see there", "%s",
                     c.result->memory_state);
    expect_one(&c, "mask_2", "leak");
    expect_nothing(&c, "mask_1");
    expect_kind(&c, "mask_25", "not_checked", "too much of the 2 seconds");
}

Test(memory, an_item_that_is_too_slow_does_not_spoil_the_others)
{
    g_auto(Case) c = case_new("mistakes");
    c.rubric->limits.memory_seconds = 2;
    sandbox_free(c.sandbox);
    c.sandbox = sandbox_open(c.kit->libexec, &c.rubric->limits, NULL);
    case_add(&c, "masking", "slow", call_mask(25), 0);
    case_add(&c, "masking", "slow_again", call_mask(25), 0);
    case_add(&c, "integration", "clean", call_mask(1), 0);
    case_add(&c, "integration", "leaky", call_mask(2), 0);
    case_check(&c);
    cr_expect_str_eq(c.result->memory_state, "not checked: 2 tests, see there", "%s",
                     c.result->memory_state);
    expect_nothing(&c, "clean");
    expect_one(&c, "leaky", "leak");
}

/* The limit of CPU time is for all of them, not for each that is in a process of its own. */
Test(memory, tests_that_end_the_run_have_no_more_time_than_others)
{
    g_auto(Case) c = case_new("mistakes");
    c.rubric->limits.memory_seconds = 3;
    sandbox_free(c.sandbox);
    c.sandbox = sandbox_open(c.kit->libexec, &c.rubric->limits, NULL);
    case_add(&c, "masking", "first", call_mask(31), 0);
    case_add(&c, "masking", "second", call_mask(31), 0);
    case_add(&c, "masking", "third", call_mask(31), 0);
    case_check(&c);
    expect_kind(&c, "first", "not_checked", "under Valgrind");
    expect_kind(&c, "third", "not_checked", "under Valgrind");
    cr_expect_leq(c.result->cpu_usec, 12 * G_TIME_SPAN_SECOND);
}

/* The gate refuses such an object before it runs; this is what holds if it did not. */
Test(memory, silence_is_no_proof)
{
    static const int numbers[] = {27, 28};
    static const char *const reasons[] = {"did not report the errors that the grader planted",
                                          "messages that are not the grader's"};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_auto(Case) c = case_new("mistakes");
        g_autofree char *name = g_strdup_printf("mask_%d", numbers[i]);
        case_add(&c, "masking", name, call_mask(numbers[i]), 0);
        case_add(&c, "integration", "innocent", call_mask(1), 0);
        case_check(&c);
        cr_expect(g_str_has_prefix(c.result->memory_state, "tampered: "), "%s",
                  c.result->memory_state);
        expect_kind(&c, name, "tampered", reasons[i]);
        expect_kind(&c, "innocent", "tampered", reasons[i]);
    }
}

/* A run that leaves no sign of a beginning is the submission's doing, if one without it works. */
Test(memory, code_that_wipes_out_the_run_is_not_our_fault)
{
    g_auto(Case) c = case_new("mistakes");
    add_mask(&c, 29);
    case_add(&c, "integration", "innocent", call_mask(1), 0);
    case_check(&c);
    cr_expect(g_str_has_prefix(c.result->memory_state, "tampered: "), "%s", c.result->memory_state);
    expect_kind(&c, "mask_29", "tampered", "could not be checked: ");
    expect_kind(&c, "innocent", "tampered", "could not be checked: ");
}

/* If not even harmless code is believed, as with a Valgrind that says what we do not know. */
Test(memory, a_run_that_is_never_believed_is_our_fault)
{
    g_auto(Case) c = case_new("mistakes");
    add_mask(&c, 28);
    g_autoptr(GError) error = NULL;
    g_autofree char *library = g_build_filename(c.box, "attention.so", NULL);
    g_autofree char *control = g_build_filename(c.box, "control.so", NULL);
    cr_assert(files_copy(library, control, 0755, &error));
    cr_expect_not(memory_check(c.rubric, c.sandbox, c.box, c.scratch, c.result, &error));
    cr_assert_not_null(error);
    cr_expect(strstr(error->message, "with harmless code neither") != NULL, "%s", error->message);
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_INSTALL));
}

Test(memory, a_run_that_never_works_is_our_fault)
{
    g_auto(Case) c = case_new("mistakes");
    add_mask(&c, 1);
    g_autofree char *worker = g_build_filename(c.box, "worker", NULL);
    cr_assert(g_file_set_contents_full(worker, "#!/nonexistent\n", -1, G_FILE_SET_CONTENTS_NONE,
                                       0755, NULL));
    g_autoptr(GError) error = NULL;
    cr_expect_not(memory_check(c.rubric, c.sandbox, c.box, c.scratch, c.result, &error));
    cr_assert_not_null(error);
    cr_expect(strstr(error->message, "valgrind does not start") != NULL, "%s", error->message);
}
