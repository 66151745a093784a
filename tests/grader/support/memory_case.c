/* memory_case.c: see memory_case.h. */
#include "support/memory_case.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>

#include "base/files.h"
#include "compile/compile.h"
#include "inside/worker/replay.h"
#include "run/run.h"

/* ---- a submission in a box ------------------------------------------------------------------- */

/* A place of the error, which is set while the other argument is evaluated. */
static void must(gboolean held, GError *const *error)
{
    cr_assert(held, "%s", *error != NULL ? (*error)->message : "failed without a reason");
}

static void copy_in(const Case *c, const char *folder, const char *name, const char *to, int mode)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *source = g_build_filename(folder, name, NULL);
    g_autofree char *target = g_build_filename(c->box, to, NULL);
    must(files_copy(source, target, mode, &error), &error);
}

Case case_new(const char *student)
{
    g_autoptr(GError) error = NULL;
    Case c = {0};
    must((c.kit = kit_find(&error)) != NULL, &error);
    g_autofree char *rubric = g_build_filename(c.kit->root, "rubric.yaml", NULL);
    must((c.rubric = rubric_load(rubric, &error)) != NULL, &error);
    c.sandbox = sandbox_open(c.kit->libexec, &c.rubric->limits, &error);
    must(c.sandbox != NULL, &error);
    must((c.scratch = files_scratch_new(&error)) != NULL, &error);
    c.box = g_build_filename(c.scratch, "box", NULL);
    g_autofree char *include = g_build_filename(c.box, "include", NULL);
    cr_assert_eq(g_mkdir_with_parents(include, 0755), 0, "cannot make %s", include);
    g_autofree char *logs = g_build_filename(c.scratch, "calls", NULL);
    cr_assert_eq(g_mkdir(logs, 0755), 0, "cannot make %s", logs);
    copy_in(&c, c.kit->include, "attention.h", "include/attention.h", 0644);
    copy_in(&c, c.kit->include, "tensor.h", "include/tensor.h", 0644);
    copy_in(&c, c.kit->libexec, "worker", "worker", 0755);
    g_autofree char *folder =
        g_build_filename(c.kit->root, "tests/grader/memory/data", student, NULL);
    copy_in(&c, folder, "attention.c", "attention.c", 0644);
    c.result = result_new(student, folder);
    for (guint i = 0; i < c.rubric->items->len; i++) {
        const RubricItem *item = c.rubric->items->pdata[i];
        g_ptr_array_add(c.result->items,
                        item_result_new(item->id, item->grade_id, item->title, item->points));
    }
    must(compile_submission(c.rubric, c.sandbox, c.box, COMPILE_TO_GRADE, c.result, &error),
         &error);
    cr_assert_eq(c.result->status, SUBMISSION_GRADED, "%s", c.result->reason);
    return c;
}

void case_clear(Case *c)
{
    result_free(c->result);
    sandbox_free(c->sandbox);
    rubric_free(c->rubric);
    kit_free(c->kit);
    files_scratch_free(c->scratch);
    g_free(c->box);
}

/* ---- calls, and what they give without Valgrind ---------------------------------------------- */

Call call_mask(int n)
{
    Call call = {.kind = API_create_causal_mask};
    wire_put_i32(&call.payload, n);
    return call;
}

Call call_attention(void)
{
    Call call = {.kind = API_scaled_dot_product_attention};
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
    g_autofree char *command = g_strdup_printf("exec ./worker replay '%s' ./" COMPILE_OBJECT
                                               " " G_STRINGIFY(REPLAY_RESULTS_FD) ">'%s'",
                                               script, results);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    cr_assert(g_spawn_sync(c->box, (char **)argv, NULL,
                           G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                           NULL, NULL, NULL, NULL));
    char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(results, &text, &length, NULL))
        text = g_strdup("");
    return g_bytes_new_take(text, length);
}

void case_add(Case *c, const char *item, const char *name, Call call, guint32 fail_at)
{
    WireHeader request = request_of(&call, fail_at);
    g_autoptr(GBytes) answer = answer_natively(c, &call, &request);
    gsize length;
    const guint8 *reply = g_bytes_get_data(answer, &length);
    g_autoptr(GByteArray) log = g_byte_array_new();
    g_byte_array_append(log, (const guint8 *)&request, sizeof request);
    g_byte_array_append(log, call.payload.bytes, request.length);
    if (length > 0)
        g_byte_array_append(log, reply + sizeof(ReplayResult),
                            (guint)(length - sizeof(ReplayResult)));
    TestResult *test = test_result_new(name, name);
    test->status = length > 0 ? TEST_PASSED : TEST_CRASHED;
    g_ptr_array_add(result_item(c->result, item)->tests, test);
    g_autofree char *path = run_call_log_path(c->scratch, item, name);
    cr_assert(g_file_set_contents(path, (const char *)log->data, log->len, NULL));
    wire_buffer_release(&call.payload);
}

void case_check(Case *c)
{
    g_autoptr(GError) error = NULL;
    must(memory_check(c->rubric, c->sandbox, c->kit->libexec, c->scratch, c->result, &error),
         &error);
}
