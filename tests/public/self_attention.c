/* Public tests of the self-attention layer. */
#include <criterion/criterion.h>

#include "compare.h"
#include "fail.h"
#include "inputs.h"
#include "known.h"
#include "proxy/proxy.h"

TestSuite(self_attention, .timeout = 60);

static SelfAttention *create_layer(int d_model)
{
    SelfAttention *created = self_attention_create(d_model);
    if (!created)
        fail_test("not_implemented", NULL, "self_attention_create(%d) returned NULL", d_model);
    if (created->d_model != d_model)
        fail_test("value", "store d_model in the layer",
                  "d_model is %d, expected %d, in self_attention_create(%d)", created->d_model,
                  d_model, d_model);
    passed_check();
    return created;
}

/* All positions of x are equal, so all scores are. The other layer must not matter. */
Test(self_attention, forward, .description = "forward is attention of x to itself")
{
    SelfAttention *layer = create_layer(2), *other = create_layer(7);
    owned Tensor *x = matrix(2, 2, (float[]){3, -1, 3, -1});
    AttentionResult got = self_attention_forward(layer, x, NULL);
    expect_attention_values(got, NULL, &(Expected){2, {2, 2}, (double[]){0.5, 0.5, 0.5, 0.5}},
                            &(Expected){2, {2, 2}, (double[]){3, -1, 3, -1}},
                            "with x {{3, -1}, {3, -1}}", "x is Q, K and V");
    free_result(got);
    self_attention_free(other);
    self_attention_free(layer);
}

/*
 * Positions 0 and 3 are the same. The score of a position with itself is 1 / sqrt(4) = 0.5, and
 * with another 0; e^0.5 = 1.6487, so row 0 is 1.6487, 1, 1, 1.6487, each divided by 5.2974.
 */
Test(self_attention, same_content, .description = "positions with the same content")
{
    SelfAttention *layer = create_layer(4);
    owned Tensor *x = matrix(4, 4, (float[]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0});
    const double same = 0.3112297, other = 0.1887703, self = 0.3546608, rest = 0.2151131;
    const double rows[] = {same, other, other, same, rest, self,  rest,  rest,
                           rest, rest,  self,  rest, same, other, other, same};
    const double output[] = {2 * same, other, other, 0, 2 * rest, self,  rest,  0,
                             2 * rest, rest,  self,  0, 2 * same, other, other, 0};
    AttentionResult got = self_attention_forward(layer, x, NULL);
    expect_attention_values(got, NULL, &(Expected){2, {4, 4}, rows}, &(Expected){2, {4, 4}, output},
                            "with x {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {1, 0, 0, 0}}",
                            NULL);
    free_result(got);
    self_attention_free(layer);
}

Test(self_attention, masked, .description = "forward with a mask")
{
    SelfAttention *layer = create_layer(1);
    owned Tensor *x = matrix(2, 1, (float[]){3, 7});
    owned Tensor *mask = matrix(2, 2, (float[]){0, 1, 1, 0});
    const Expected weights = {2, {2, 2}, (double[]){0, 1, 1, 0}};
    const KnownMistake known[] = {
        {"the mask has no effect: is it passed on?", (double[]){0.00000614417, 0.9999939, 0, 1}},
        {"the mask works the wrong way round: what it allows is masked", (double[]){1, 0, 0, 1}},
        {0},
    };
    AttentionResult got = self_attention_forward(layer, x, mask);
    suspect(got.weights, &weights, known);
    expect_attention_values(got, mask, &weights, &(Expected){2, {2, 1}, (double[]){7, 3}},
                            "with x {{3}, {7}} and the mask {{0, 1}, {1, 0}}", "pass the mask on");
    free_result(got);
    self_attention_free(layer);
}

Test(self_attention, bad_input, .description = "bad input is refused")
{
    SelfAttention *layer = create_layer(2);
    owned Tensor *x = tensor_create(2, (int[]){2, 3});
    expect_refused(self_attention_forward(NULL, x, NULL), "the layer is NULL");
    expect_refused(self_attention_forward(layer, NULL, NULL), "x is NULL");
    expect_refused(self_attention_forward(layer, x, NULL), "x is (2, 3), but d_model is 2");
    self_attention_free(layer);
    self_attention_free(NULL);
    if (self_attention_create(0))
        fail_test("not_refused", "check d_model first", "self_attention_create(0) is not NULL");
}

/* Each of the allocations that creating a layer makes fails once. */
Test(self_attention, no_memory, .description = "memory runs out")
{
    bool failed = true;
    for (unsigned n = 1; failed && expect_few_allocations(n); n++) {
        proxy_fail_allocation(n, false);
        SelfAttention *layer = self_attention_create(3);
        failed = proxy_allocated() >= n;
        if (!layer && !failed)
            fail_test("not_implemented", NULL, "self_attention_create(3) returned NULL");
        if (layer && layer->d_model != 3)
            fail_test("value", "look at what malloc() returned",
                      "d_model is %d, expected 3, in self_attention_create(3)", layer->d_model);
        passed_check();
        self_attention_free(layer);
    }
}
