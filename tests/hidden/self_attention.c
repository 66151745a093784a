/* Hidden tests of the self-attention layer. */
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "diagnose.h"
#include "expect_attention.h"
#include "fail.h"
#include "inputs.h"
#include "proxy/proxy.h"
#include "sizes.h"

/* So many show whether each call keeps memory (grader/memory/judge.h). */
enum { CALLS_ALIKE = 8 };

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

/* So that wide positions do not attend to themselves alone: what is lost of a row would not show. */
static Tensor *random_sequence(int length, int width)
{
    Tensor *x = random_tensor(2, (int[]){length, width});
    for (size_t i = 0; i < x->size; i++)
        x->data[i] /= sqrtf(sqrtf((float)width));
    return x;
}

static void expect_forward_of(int length, int width, bool masked)
{
    SelfAttention *layer = create_layer(width);
    owned Tensor *x = random_sequence(length, width);
    owned Tensor *mask = masked ? random_mask_of_ends(length, length) : NULL;
    expect_forward(layer, x, mask);
    self_attention_free(layer);
}

/* One layer takes sequences of any length; wide ones are short. */
static void expect_forward_of_each_size(bool masked)
{
    int lengths[EDGES], widths[EDGES], width = random_between(1, 2);
    draw_edges(lengths);
    draw_edges(widths);
    SelfAttention *layer = create_layer(width);
    for (int i = 0; i < FEW_EDGES; i++) {
        owned Tensor *x = random_tensor(2, (int[]){lengths[i], width});
        owned Tensor *mask = masked ? random_mask_of_ends(lengths[i], lengths[i]) : NULL;
        expect_forward(layer, x, mask);
    }
    self_attention_free(layer);
    for (int i = 0; i < EDGES; i++)
        expect_forward_of(random_between(2, 4), widths[i], masked);
    expect_forward_of(2, random_between(257, 700), masked);
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
    int d_model = random_between(2, 100);
    for (int layers = 0; layers < CALLS_ALIKE; layers++)
        self_attention_free(create_layer(d_model));
    expect_forward_of_each_size(false);

    /* This one alone would take longer under Valgrind than all the others. */
    proxy_stop_logging();
    expect_forward_of(random_above_a_byte(), random_between(1, 2), false);
}

static void expect_forward_with_mask(const SelfAttention *layer, const Tensor *x, int ndim,
                                     const int *shape)
{
    owned Tensor *mask = random_mask(ndim, shape);
    expect_forward(layer, x, mask);
}

/* Also one that allows everything, and one with a row that allows nothing, after one that does. */
static void expect_forward_with_mask_of_each_shape(const SelfAttention *layer)
{
    int n = random_between(3, 5), length = random_between(3, 6);
    owned Tensor *batch = random_tensor(3, (int[]){n, length, 13});
    expect_forward_with_mask(layer, batch, 3, (int[]){1, length, length});
    owned Tensor *heads = random_tensor(4, (int[]){2, n, length, 13});
    expect_forward_with_mask(layer, heads, 3, (int[]){1, length, length});
    expect_forward_with_mask(layer, heads, 3, (int[]){n, length, length});
    expect_forward_with_mask(layer, heads, 4, (int[]){1, 1, length, length});
    expect_forward_with_mask(layer, heads, 4, (int[]){2, 1, length, length});
    expect_forward_with_mask(layer, heads, 4, (int[]){1, n, length, length});
    expect_forward_with_mask(layer, heads, 4, (int[]){2, n, length, length});

    owned Tensor *ones = tensor_create(2, (int[]){length, length});
    tensor_fill(ones, 1);
    expect_forward(layer, batch, ones);
    for (int i = length; i < 2 * length; i++)
        ones->data[i] = 0;
    expect_forward(layer, batch, ones);
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
    expect_forward_with_mask_of_each_shape(layer);
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
    int length = random_between(2, 20);
    for (int call = 0; call < CALLS_ALIKE; call++) {
        owned Tensor *x = random_tensor(2, (int[]){length, 5});
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

static void expect_bad_mask_refused(const SelfAttention *layer, const Tensor *x, int ndim,
                                    const int *shape)
{
    enum { WHY_LENGTH = 400 };
    owned Tensor *mask = random_mask(ndim, shape);
    char why[WHY_LENGTH];
    snprintf(why, sizeof why, "the mask does not fit, %s", describe_call(x, x, x, mask));
    expect_refused(self_attention_forward(layer, x, mask), why);
}

static void expect_bad_masks_refused(const SelfAttention *layer)
{
    int n = random_between(2, 3), length = random_between(3, 6);
    owned Tensor *x = random_tensor(2, (int[]){length, 13});
    owned Tensor *batch = random_tensor(3, (int[]){n, length, 13});
    owned Tensor *heads = random_tensor(4, (int[]){n, 2 * n, length, 13});
    expect_bad_mask_refused(layer, x, 2, (int[]){13, 13});
    expect_bad_mask_refused(layer, x, 2, (int[]){length, length + 1});
    expect_bad_mask_refused(layer, x, 2, (int[]){length - 1, length});
    expect_bad_mask_refused(layer, x, 3, (int[]){2, length, length});
    expect_bad_mask_refused(layer, x, 3, (int[]){1, length, length});
    expect_bad_mask_refused(layer, batch, 3, (int[]){n + 1, length, length});
    expect_bad_mask_refused(layer, batch, 4, (int[]){1, n, length, length});
    expect_bad_mask_refused(layer, heads, 3, (int[]){n, length, length});
    expect_bad_mask_refused(layer, heads, 4, (int[]){n, n, length, length});
    expect_bad_mask_refused(layer, heads, 4, (int[]){2 * n, 2 * n, length, length});
    expect_bad_mask_refused(layer, heads, 4, (int[]){2 * n, n, length, length});
    expect_bad_mask_refused(layer, heads, 4, (int[]){n, 2 * n, length, length + 1});
}

Test(self_attention, bad_input, .description = "bad input is refused", .timeout = 60)
{
    SelfAttention *layer = create_layer(13);
    owned Tensor *x = random_tensor(2, (int[]){3, 13});
    owned Tensor *transposed = random_tensor(2, (int[]){13, 3});
    owned Tensor *one_axis = random_tensor(1, (int[]){13});
    owned Tensor *narrow = random_tensor(3, (int[]){2, 3, 12});
    owned Tensor *wide = random_tensor(4, (int[]){13, 1, 3, 14});
    owned Tensor *mask = random_mask(2, (int[]){3, 3});
    expect_forward(layer, x, NULL);
    expect_refused(self_attention_forward(NULL, x, NULL), "the layer is NULL");
    expect_refused(self_attention_forward(layer, NULL, NULL), "x is NULL");
    expect_refused(self_attention_forward(layer, transposed, NULL), "x (13, 3), but d_model is 13");
    expect_refused(self_attention_forward(layer, one_axis, NULL), "x (13,) has one axis");
    expect_refused(self_attention_forward(NULL, x, mask), "the layer is NULL");
    expect_refused(self_attention_forward(layer, NULL, mask), "x is NULL");
    expect_refused(self_attention_forward(layer, narrow, NULL), "x (2, 3, 12), but d_model is 13");
    expect_refused(self_attention_forward(layer, narrow, mask), "x (2, 3, 12), but d_model is 13");
    expect_refused(self_attention_forward(layer, wide, NULL),
                   "x (13, 1, 3, 14), but d_model is 13");
    expect_refused(self_attention_forward(layer, wide, mask),
                   "x (13, 1, 3, 14), but d_model is 13");
    expect_bad_masks_refused(layer);
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

static bool forward_without_memory(const SelfAttention *layer, const Tensor *x, const Tensor *mask,
                                   unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    AttentionResult got = self_attention_forward(layer, x, mask);
    bool failed = proxy_allocated() >= n;
    if (!failed || got.output || got.weights)
        expect_attention_result(got, x, x, x, mask,
                                failed ? "look at what each allocation returned" : NULL);
    return failed;
}

static void expect_survival(const SelfAttention *layer, const Tensor *x, const Tensor *mask)
{
    for (unsigned n = 1;
         expect_few_allocations(n) && forward_without_memory(layer, x, mask, n, false); n++)
        continue;
    forward_without_memory(layer, x, mask, 1, true);
}

Test(self_attention, no_memory, .description = "memory runs out", .timeout = 60)
{
    diagnose_only(0, 0);
    SelfAttention *layer = create_layer(13);
    owned Tensor *x = random_tensor(2, (int[]){3, 13});
    owned Tensor *batch = random_tensor(3, (int[]){2, 3, 13});
    owned Tensor *heads = random_tensor(4, (int[]){2, 1, 3, 13});
    owned Tensor *mask = random_mask(2, (int[]){3, 3});
    owned Tensor *masks = random_mask(3, (int[]){2, 3, 3});
    owned Tensor *head_masks = random_mask(4, (int[]){2, 1, 3, 3});
    mask->data[random_below(9)] = 0;
    expect_forward(layer, x, NULL);
    for (unsigned n = 1; expect_few_allocations(n) && create_without_memory(n, false); n++)
        create_without_memory(n, true);
    expect_survival(layer, x, NULL);
    expect_survival(layer, x, mask);
    expect_survival(layer, batch, masks);
    expect_survival(layer, heads, head_masks);
    self_attention_free(layer);
}
