/* test_memory.c: mistakes with memory, and what the memory verdict says about them. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "build.h"
#include "files.h"
#include "grade.h"
#include "memory.h"
#include "memory_record.h"
#include "replay.h"
#include "sandbox.h"
#include "source.h"

/* ---- a submission in a box ------------------------------------------------------------------- */

typedef struct {
    Kit *kit;
    Rubric *rubric;
    Sandbox *sandbox;
    char *scratch, *box;
    Result *result;
    GPtrArray *tests; /* MemoryTest */
} Case;

static void must(gboolean held, const GError *error)
{
    cr_assert(held, "%s", error != NULL ? error->message : "failed without a reason");
}

static void copy_in(const Case *c, const char *folder, const char *name, const char *to, int mode)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *source = g_build_filename(folder, name, NULL);
    g_autofree char *target = g_build_filename(c->box, to, NULL);
    must(files_copy(source, target, mode, &error), error);
}

static Case case_new(const char *student)
{
    g_autoptr(GError) error = NULL;
    Case c = {.tests = g_ptr_array_new()};
    must((c.kit = kit_find(&error)) != NULL, error);
    g_autofree char *rubric = g_build_filename(c.kit->root, "rubric.yaml", NULL);
    must((c.rubric = rubric_load(rubric, &error)) != NULL, error);
    c.sandbox = sandbox_open(c.kit->libexec, &c.rubric->limits, &error);
    must(c.sandbox != NULL, error);
    must((c.scratch = files_scratch_new(&error)) != NULL, error);
    c.box = g_build_filename(c.scratch, "box", NULL);
    g_autofree char *include = g_build_filename(c.box, "include", NULL);
    cr_assert_eq(g_mkdir_with_parents(include, 0755), 0, "cannot make %s", include);
    copy_in(&c, c.kit->include, "attention.h", "include/attention.h", 0644);
    copy_in(&c, c.kit->include, "tensor.h", "include/tensor.h", 0644);
    copy_in(&c, c.kit->libexec, "worker", "worker", 0755);
    g_autofree char *folder = g_build_filename(c.kit->root, "tests/grader/data", student, NULL);
    copy_in(&c, folder, "attention.c", "attention.c", 0644);
    c.result = result_new(student, folder);
    for (guint i = 0; i < c.rubric->items->len; i++) {
        const RubricItem *item = c.rubric->items->pdata[i];
        g_ptr_array_add(c.result->items,
                        item_result_new(item->id, item->grade_id, item->title, item->points));
    }
    must(build_submission(c.rubric, c.sandbox, c.box, c.result, &error), error);
    cr_assert_eq(c.result->status, SUBMISSION_GRADED, "%s", c.result->reason);
    return c;
}

static void case_clear(Case *c)
{
    g_ptr_array_unref(c->tests);
    result_free(c->result);
    sandbox_free(c->sandbox);
    rubric_free(c->rubric);
    kit_free(c->kit);
    files_scratch_free(c->scratch);
    g_free(c->box);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

/* ---- calls, and what they give without Valgrind ---------------------------------------------- */

typedef struct {
    WireKind kind;
    WireBuffer payload;
} Call;

static Call call_mask(int n)
{
    Call call = {.kind = WIRE_CAUSAL};
    wire_put_i32(&call.payload, n);
    return call;
}

static Call call_attention(void)
{
    Call call = {.kind = WIRE_ATTENTION};
    Tensor *x = tensor_create(2, (int[]){2, 3});
    for (int i = 0; i < 3; i++)
        wire_put_tensor(&call.payload, x);
    wire_put_tensor(&call.payload, NULL);
    tensor_free(x);
    return call;
}

static WireHeader request_of(const Call *call, guint32 fail_at)
{
    return (WireHeader){.magic = WIRE_MAGIC,
                        .kind = (uint16_t)call->kind,
                        .sequence = 1,
                        .length = (uint32_t)call->payload.length,
                        .fail_at = fail_at};
}

static char *in_scratch(const Case *c, const char *name)
{
    return g_build_filename(c->scratch, name, NULL);
}

/* Make the call with the worker alone. Returns what it wrote: a ReplayResult and a reply, or "". */
static GBytes *answer_natively(const Case *c, const Call *call, const WireHeader *request)
{
    g_autofree char *script = in_scratch(c, "script"), *results = in_scratch(c, "results");
    ReplayScript head = {.magic = REPLAY_MAGIC, .tests = 1, .lost_bytes = 1, .read_bytes = 1};
    ReplayTest test = {.calls = 1};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)&head, sizeof head);
    g_byte_array_append(bytes, (const guint8 *)&test, sizeof test);
    g_byte_array_append(bytes, (const guint8 *)request, sizeof *request);
    g_byte_array_append(bytes, call->payload.bytes, request->length);
    cr_assert(g_file_set_contents(script, (const char *)bytes->data, bytes->len, NULL));
    g_unlink(results);
    const char *argv[] = {"./worker", "replay", script, results, "./" BUILD_OBJECT, NULL};
    cr_assert(g_spawn_sync(c->box, (char **)argv, NULL,
                           G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                           NULL, NULL, NULL, NULL));
    char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(results, &text, &length, NULL))
        text = g_strdup("");
    return g_bytes_new_take(text, length);
}

/* Record a test of one call. Returns the record's name, which is also the test's. */
static void add_test(Case *c, const char *item, const char *name, Call call, guint32 fail_at)
{
    WireHeader request = request_of(&call, fail_at);
    g_autoptr(GBytes) answer = answer_natively(c, &call, &request);
    gsize length;
    const guint8 *reply = g_bytes_get_data(answer, &length);
    g_autoptr(GByteArray) record = g_byte_array_new();
    g_byte_array_append(record, (const guint8 *)&request, sizeof request);
    g_byte_array_append(record, call.payload.bytes, request.length);
    if (length > 0)
        g_byte_array_append(record, reply + sizeof(ReplayResult),
                            (guint)(length - sizeof(ReplayResult)));
    MemoryTest *test = g_new0(MemoryTest, 1);
    test->item = item;
    test->test = g_intern_string(name);
    test->record = in_scratch(c, name);
    test->died = length == 0;
    cr_assert(g_file_set_contents(test->record, (const char *)record->data, record->len, NULL));
    g_ptr_array_add(c->tests, test);
    wire_buffer_release(&call.payload);
}

static void add_mask(Case *c, int n)
{
    static const char *const items[] = {"masking", "integration", "self_attention"};
    g_autofree char *name = g_strdup_printf("mask_%d", n);
    add_test(c, items[n % 3], name, call_mask(n), 0);
}

static void check(Case *c)
{
    g_autoptr(GError) error = NULL;
    must(memory_check(c->rubric, c->sandbox, c->box, c->tests, c->result, &error), error);
}

/* ---- what came out --------------------------------------------------------------------------- */

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

Test(memory, each_mistake_is_found_where_it_is, .timeout = 60)
{
    g_auto(Case) c = case_new("mistakes");
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        add_mask(&c, mistakes[i].n);
    check(&c);
    cr_expect_str_eq(c.result->memory_state, "checked", "%s", c.result->memory_state);
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        expect_mistake(&c, &mistakes[i]);
}

Test(memory, honest_code_has_no_findings, .timeout = 60)
{
    g_auto(Case) c = case_new("mistakes");
    static const int honest[] = {1, 17, 18, 19, 21};
    for (gsize i = 0; i < G_N_ELEMENTS(honest); i++)
        add_mask(&c, honest[i]);
    /* Again: a cache that is kept, and a variable that counts calls, are as new in each test. */
    add_test(&c, "integration", "kept", call_mask(17), 0);
    add_test(&c, "integration", "counted", call_mask(19), 0);
    add_test(&c, "integration", "refused", call_mask(99), 0);
    check(&c);
    cr_expect_str_eq(c.result->memory_state, "checked", "%s", c.result->memory_state);
    for (guint i = 0; i < c.tests->len; i++)
        expect_nothing(&c, ((const MemoryTest *)c.tests->pdata[i])->test);
}

/* Valgrind shows an error once for each place; the verdict is by item, and so by test. */
Test(memory, the_same_mistake_is_found_in_each_test, .timeout = 60)
{
    g_auto(Case) c = case_new("mistakes");
    static const int repeated[] = {2, 5, 13, 20};
    for (gsize i = 0; i < G_N_ELEMENTS(repeated); i++) {
        g_autofree char *once = g_strdup_printf("once_%d", repeated[i]);
        g_autofree char *twice = g_strdup_printf("twice_%d", repeated[i]);
        add_test(&c, "masking", once, call_mask(repeated[i]), 0);
        add_test(&c, "integration", "clean", call_mask(1), 0);
        add_test(&c, "integration", twice, call_mask(repeated[i]), 0);
    }
    check(&c);
    expect_nothing(&c, "clean");
    static const char *const names[] = {"leak", "read_past", "undefined_result", "print_undefined"};
    for (gsize i = 0; i < G_N_ELEMENTS(repeated); i++) {
        g_autofree char *once = g_strdup_printf("once_%d", repeated[i]);
        g_autofree char *twice = g_strdup_printf("twice_%d", repeated[i]);
        expect_one(&c, once, names[i]);
        expect_one(&c, twice, names[i]);
    }
}

Test(memory, a_leak_where_memory_runs_out_and_a_read_past_an_input, .timeout = 60)
{
    g_auto(Case) c = case_new("mistakes");
    add_test(&c, "integration", "no_memory", call_attention(), 3);
    check(&c);
    g_autoptr(GPtrArray) found = findings_of(&c, "no_memory");
    cr_assert_eq(found->len, 2, "%u findings", found->len);
    const MemoryFinding *read = found->pdata[0], *leak = found->pdata[1];
    cr_expect_eq(read->line, line_named(&c, "read_input"), "line %u", read->line);
    cr_expect_str_eq(read->detail, "the block was passed in by the test", "%s", read->detail);
    cr_expect_eq(leak->line, line_named(&c, "leak_on_error"), "line %u", leak->line);
}
