/* Hidden tests of the self-attention layer. */
#include <limits.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "expect_attention.h"
#include "fail.h"
#include "inputs.h"
#include "proxy/proxy.h"

/* So many show whether each call keeps memory (grader/memory/judge.h). */
enum { CALLS_ALIKE = 10 };

static SelfAttention *create_layer(int d_model)
{
    SelfAttention *layer = self_attention_create(d_model);
    if (!layer)
        fail_test("not_implemented", NULL, "self_attention_create(%d) returned NULL", d_model);
    if (layer->d_model != d_model)
        fail_test("value", "store d_model in the layer",
                  "d_model is %d, expected %d, in self_attention_create(%d)", layer->d_model,
                  d_model, d_model);
    passed_check();
    return layer;
}

static void expect_forward(const SelfAttention *layer, const Tensor *x, const Tensor *mask)
{
    AttentionResult got = self_attention_forward(layer, x, mask);
    if (!got.output && !got.weights)
        fail_test(
            "not_implemented",
            "this x is legal: it may have 2 to 4 axes, and its last one is the layer's d_model",
            "self_attention_forward() returned {NULL, NULL}, %s", describe_call(x, x, x, mask));
    expect_attention_result(got, x, x, x, mask, mask ? "pass the mask on" : "x is Q, K and V");
}

/* Beyond what fits in a byte, in a block of 8, and in an array of a fixed size. */
/* The last one is more than a byte counts. */
static void expect_forward_of_each_size(bool masked)
{
    static const int sizes[][2] = {
        /* seq_len, d_model */ {1, 5}, {9, 11}, {71, 3}, {2, 1031}, {263, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int length = sizes[i][0], width = sizes[i][1];
        SelfAttention *layer = create_layer(width);
        owned Tensor *x = random_tensor(2, (int[]){length, width});
        owned Tensor *mask = random_mask(2, (int[]){length, length});
        if (i + 1 == sizeof sizes / sizeof *sizes)
            proxy_stop_logging();
        expect_forward(layer, x, masked ? mask : NULL);
        self_attention_free(layer);
    }
}

Test(self_attention, forward, .description = "forward is attention of x to itself", .timeout = 60)
{
    SelfAttention *layer = create_layer(32);
    owned Tensor *x = random_tensor(2, (int[]){8, 32});
    expect_forward(layer, x, NULL);
    self_attention_free(layer);

    SelfAttention *narrow = create_layer(1);
    owned Tensor *batch = random_tensor(3, (int[]){2, 3, 1});
    owned Tensor *heads = random_tensor(4, (int[]){2, 2, 3, 1});
    owned Tensor *single = random_tensor(2, (int[]){1, 1});
    expect_forward(narrow, batch, NULL);
    expect_forward(narrow, heads, NULL);
    expect_forward(narrow, single, NULL);
    self_attention_free(narrow);

    self_attention_free(create_layer(70000));
    for (int layers = 0; layers < CALLS_ALIKE; layers++)
        self_attention_free(create_layer(3));
    expect_forward_of_each_size(false);
}

Test(self_attention, masked, .description = "forward with a mask", .timeout = 60)
{
    SelfAttention *layer = create_layer(13);
    owned Tensor *x = random_tensor(2, (int[]){3, 13});
    owned Tensor *mask = matrix(3, 3, (float[]){1, 0, 0, 1, 0.25f, 0, 0, 1, 2});
    expect_forward(layer, x, mask);

    owned Tensor *batch = random_tensor(3, (int[]){2, 3, 13});
    owned Tensor *masks = tensor_of(
        3, (int[]){2, 3, 3}, (float[]){1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0});
    expect_forward(layer, batch, mask);
    expect_forward(layer, batch, masks);

    owned Tensor *heads = random_tensor(4, (int[]){2, 2, 3, 13});
    owned Tensor *head_masks = random_mask(3, (int[]){2, 3, 3});
    expect_forward(layer, heads, mask);
    expect_forward(layer, heads, head_masks);
    self_attention_free(layer);
    expect_forward_of_each_size(true);
}

Test(self_attention, two_layers, .description = "two layers at once", .timeout = 60)
{
    SelfAttention *narrow = create_layer(13), *wide = create_layer(5);
    owned Tensor *x13 = random_tensor(2, (int[]){4, 13});
    owned Tensor *x5 = random_tensor(2, (int[]){4, 5});
    expect_forward(narrow, x13, NULL);
    expect_forward(wide, x5, NULL);
    expect_refused(self_attention_forward(narrow, x5, NULL), "x (4, 5), but d_model is 13");
    expect_refused(self_attention_forward(wide, x13, NULL), "x (4, 13), but d_model is 5");

    self_attention_free(narrow);
    for (int call = 0; call < CALLS_ALIKE; call++) {
        owned Tensor *x = random_tensor(2, (int[]){4, 5});
        expect_forward(wide, x, NULL);
    }
    self_attention_free(wide);
    self_attention_free(NULL);
}

static void expect_no_layer(int d_model)
{
    if (self_attention_create(d_model))
        fail_test("not_refused", "check d_model first", "self_attention_create(%d) is not NULL",
                  d_model);
    passed_check();
}

Test(self_attention, bad_input, .description = "bad input is refused", .timeout = 60)
{
    SelfAttention *layer = create_layer(13);
    owned Tensor *x = random_tensor(2, (int[]){3, 13});
    owned Tensor *transposed = random_tensor(2, (int[]){13, 3});
    owned Tensor *one_axis = random_tensor(1, (int[]){13});
    owned Tensor *mask = random_tensor(2, (int[]){13, 13});
    owned Tensor *masks = random_tensor(3, (int[]){2, 3, 3});
    expect_forward(layer, x, NULL);
    expect_refused(self_attention_forward(NULL, x, NULL), "the layer is NULL");
    expect_refused(self_attention_forward(layer, NULL, NULL), "x is NULL");
    expect_refused(self_attention_forward(layer, transposed, NULL), "x (13, 3), but d_model is 13");
    expect_refused(self_attention_forward(layer, one_axis, NULL), "x (13,) has one axis");
    expect_refused(self_attention_forward(layer, x, mask),
                   "the mask (13, 13) does not fit the scores (3, 3)");
    expect_refused(self_attention_forward(layer, x, masks),
                   "the mask (2, 3, 3) has more axes than the scores (3, 3)");
    expect_forward(layer, x, NULL);
    self_attention_free(layer);

    expect_no_layer(0);
    expect_no_layer(-1);
    expect_no_layer(INT_MIN);
}

static bool create_without_memory(unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    SelfAttention *layer = self_attention_create(2);
    bool failed = proxy_allocated() >= n;
    if (!layer && failed)
        return true;
    if (!layer || layer->d_model != 2)
        fail_test(
            "value", "look at what malloc() returned",
            "the layer is not complete after allocation %u of self_attention_create(2) failed", n);
    self_attention_free(layer);
    return failed;
}

static bool forward_without_memory(const SelfAttention *layer, const Tensor *x, unsigned n,
                                   bool rest)
{
    proxy_fail_allocation(n, rest);
    AttentionResult got = self_attention_forward(layer, x, NULL);
    bool failed = proxy_allocated() >= n;
    if (!failed || got.output || got.weights)
        expect_attention_result(got, x, x, x, NULL,
                                failed ? "look at what each allocation returned" : NULL);
    return failed;
}

Test(self_attention, no_memory, .description = "memory runs out", .timeout = 60)
{
    SelfAttention *layer = create_layer(13);
    owned Tensor *x = random_tensor(2, (int[]){3, 13});
    expect_forward(layer, x, NULL);
    for (unsigned n = 1; expect_few_allocations(n) && create_without_memory(n, false); n++)
        create_without_memory(n, true);
    for (unsigned n = 1; expect_few_allocations(n) && forward_without_memory(layer, x, n, false);
         n++)
        forward_without_memory(layer, x, n, true);
    self_attention_free(layer);
}
