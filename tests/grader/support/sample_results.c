#include "support/sample_results.h"

static ItemResult *item_at(Result *result, guint index)
{
    return g_ptr_array_index(result->items, index);
}

static TestResult *test_at(Result *result, guint item, guint test)
{
    return g_ptr_array_index(item_at(result, item)->tests, test);
}

static void add_item(Result *result, const char *id, const char *grade_id, const char *title,
                     double points, const char *const *titles)
{
    ItemResult *item = item_result_new(id, grade_id, title, points);
    item->points = points;
    for (; *titles != NULL; titles++) {
        g_autofree char *name = g_strdelimit(g_strdup(*titles), " ", '_');
        TestResult *test = test_result_new(name, *titles);
        test->assertions = 3;
        g_ptr_array_add(item->tests, test);
    }
    g_ptr_array_add(result->items, item);
    result->score += points;
    result->max_score += points;
}

Result *sample_full(void)
{
    Result *result = result_new("starter", "/home/ann/kit/starter");
    result->assignment = g_strdup("attention");
    result->tests = g_strdup("public");
    result->seed = 20240607;
    result->memory_state = g_strdup("checked");
    result->graded_at = g_strdup("2024-06-07T08:09:10Z");
    result->cpu_usec = 812345;
    g_ptr_array_add(result->files, submitted_file_new("attention.c", "0f3a", 5210));
    add_item(result, "scaled_dot_product_attention", "test-attention-immediate",
             "scaled dot-product attention", 10,
             (const char *const[]){"two keys by hand", "causal weights", "unit normal input",
                                   "rows sum to one", NULL});
    add_item(result, "masking", "test-masking-immediate", "attention masks", 5,
             (const char *const[]){"causal mask", "padding mask", NULL});
    g_ptr_array_add(result->sandbox, sandbox_layer_new("namespaces", "enforced", NULL));
    g_ptr_array_add(result->sandbox, sandbox_layer_new("seccomp", "enforced", NULL));
    g_ptr_array_add(result->sandbox,
                    sandbox_layer_new("landlock", "unavailable", "this kernel has none"));
    return result;
}

static void lose(Result *result, guint item)
{
    result->score -= item_at(result, item)->points;
    item_at(result, item)->points = 0;
}

static void fail(TestResult *test, TestStatus status, const char *failure, const char *message,
                 const char *hint)
{
    test->status = status;
    test->failure = g_strdup(failure);
    test->message = g_strdup(message);
    test->hint = g_strdup(hint);
}

Result *sample_stubs(void)
{
    Result *result = sample_full();
    lose(result, 0);
    lose(result, 1);
    for (guint i = 0; i < 4; i++)
        fail(test_at(result, 0, i), TEST_FAILED, "not_implemented",
             "scaled_dot_product_attention returned {NULL, NULL}",
             "begin with the scores: tensor_matmul(Q, swapped K)");
    for (guint i = 0; i < 2; i++)
        fail(test_at(result, 1, i), TEST_SKIPPED, "not_implemented",
             "scaled_dot_product_attention is not implemented yet", NULL);
    return result;
}

Result *sample_scale_forgotten(void)
{
    static const char hint[] = "divide the scores by sqrtf((float)d_k) before the softmax";
    Result *result = sample_full();
    lose(result, 0);
    fail(test_at(result, 0, 0), TEST_FAILED, "value", "weights[0][0] is 0.88, expected 0.8044",
         hint);
    test_at(result, 0, 0)->cause = g_strdup("the scores are not divided by sqrt(d_k)");
    fail(test_at(result, 0, 1), TEST_FAILED, "value",
         "weights[1][2] is 0.3318, expected 0 (7 of 16 differ, worst 3.3e-01), Q (4, 8), K (4, 8), "
         "V (4, 8), causal mask",
         hint);
    test_at(result, 0, 1)->cause = g_strdup("the scores are not divided by sqrt(d_k)");
    fail(test_at(result, 0, 2), TEST_FAILED, "value",
         "output[0][0] is -0.91, expected -0.62 (32 of 32 differ)", hint);
    return result;
}

static MemoryFinding *sample_finding(void)
{
    MemoryFinding *finding = memory_finding_new("leak");
    finding->message = g_strdup("40 bytes lost in 1 block");
    finding->hint = g_strdup("free each tensor that you do not return");
    finding->bytes = 40;
    finding->function = g_strdup("scaled_dot_product_attention");
    finding->file = g_strdup("attention.c");
    finding->line = 57;
    finding->source = g_strdup("    Tensor *scores = tensor_matmul(Q, K_T);");
    finding->count = 3;
    g_ptr_array_add(finding->tests, g_strdup("causal_weights"));
    return finding;
}

Result *sample_leak(void)
{
    Result *result = sample_full();
    for (guint i = 0; i < 2; i++) {
        ItemResult *item = item_at(result, i);
        item->penalty = 0.2 * item->max_points;
        item->points -= item->penalty;
        result->score -= item->penalty;
        g_ptr_array_add(item->memory, sample_finding());
    }
    return result;
}

Result *sample_crash(void)
{
    Result *result = sample_full();
    lose(result, 1);
    TestResult *test = test_at(result, 1, 1);
    fail(test, TEST_CRASHED, "crash",
         "create_padding_mask crashed: it used memory that is not there (SIGSEGV)",
         "is there an index beyond the last element?");
    test->printed = g_strdup("batch 0\nbatch 1\nbatch 2\nbatch 3\nbatch 4\nbatch 5\nbatch 6\n"
                             "batch 7\nbatch 8\nbatch 9\n");
    MemoryFinding *finding = memory_finding_new("crash");
    finding->message = g_strdup("write of 4 bytes at address 0");
    finding->file = g_strdup("attention.c");
    finding->function = g_strdup("create_padding_mask");
    finding->line = 88;
    finding->source = g_strdup("    mask->data[i] = 1.0f;");
    g_ptr_array_add(item_at(result, 1)->memory, finding);
    return result;
}

static void empty(Result *result)
{
    for (guint i = 0; i < result->items->len; i++) {
        lose(result, i);
        g_ptr_array_set_size(item_at(result, i)->tests, 0);
    }
    g_clear_pointer(&result->memory_state, g_free);
}

Result *sample_not_compiled(void)
{
    Result *result = sample_full();
    empty(result);
    result->status = SUBMISSION_NOT_COMPILED;
    result->reason = g_strdup("gcc found 7 errors");
    for (guint i = 0; i < 7; i++) {
        Diagnostic *error = diagnostic_new("error", "'scores' undeclared (first use in this "
                                                    "function); did you mean 'score'?");
        error->file = g_strdup("attention.c");
        error->line = 57 + i;
        error->column = 5;
        error->source = g_strdup("    scores = tensor_matmul(Q, K_T);");
        g_ptr_array_add(result->diagnostics, error);
    }
    return result;
}

Result *sample_refused(void)
{
    Result *result = sample_full();
    empty(result);
    result->status = SUBMISSION_REFUSED;
    result->reason = g_strdup("attention.c uses what is not allowed");
    Diagnostic *refused = diagnostic_new("refused", "forbidden function: system() may not be used");
    refused->file = g_strdup("attention.c");
    refused->line = 12;
    refused->source = g_strdup("    system(\"ls\");");
    refused->hint = g_strdup("nothing in this assignment needs another program");
    g_ptr_array_add(result->diagnostics, refused);
    return result;
}

Result *sample_ungraded(void)
{
    Result *result = sample_full();
    empty(result);
    result->status = SUBMISSION_UNGRADED;
    result->reason = g_strdup("cannot write '/tmp/box/attention.c': No space left on device");
    return result;
}

Result *sample_everything(void)
{
    Result *result = sample_crash();
    ItemResult *item = item_at(result, 1);
    TestResult *test = test_at(result, 1, 1);
    MemoryFinding *finding = g_ptr_array_index(item->memory, 0);
    Diagnostic *warning = diagnostic_new("warning", "unused variable 'i'");
    warning->file = g_strdup("attention.c");
    warning->line = 31;
    warning->column = 9;
    warning->source = g_strdup("    int i;");
    warning->hint = g_strdup("delete it");
    g_ptr_array_add(result->diagnostics, warning);
    result->reason = g_strdup("a reason");
    result->extra = 1.25;
    result->seed = G_MAXUINT32;
    item->extra = TRUE;
    item->penalty = 0.33;
    test->cause = g_strdup("the length is taken for an index");
    finding->hint = g_strdup("check what malloc() returned");
    finding->bytes = 4;
    finding->count = 7;
    finding->detail = g_strdup("allocated at attention.c:31 in softmax");
    g_ptr_array_add(finding->tests, g_strdup("padding_mask"));
    g_hash_table_insert(result->versions, g_strdup("gcc"), g_strdup("12.2.0"));
    g_hash_table_insert(result->versions, g_strdup("grader"), g_strdup("1.0"));
    return result;
}

Result *sample_hostile(void)
{
    static const char evil[] = "\x1b[2J\r\n::error::]]>&<b>@all</b> |`x` \xe2\x80\xae# =1+1\n\x01";
    Result *result = sample_everything();
    ItemResult *item = item_at(result, 1);
    TestResult *test = test_at(result, 1, 1);
    MemoryFinding *finding = g_ptr_array_index(item->memory, 0);
    Diagnostic *warning = g_ptr_array_index(result->diagnostics, 0);
    char **const texts[] = {&result->submission, &test->message,    &test->hint,
                            &test->printed,      &finding->message, &finding->function,
                            &finding->source,    &finding->detail,  &warning->message,
                            &warning->source,    &result->reason,   &test->cause};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_strdup(evil);
    }
    return result;
}
