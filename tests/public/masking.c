/* Public tests of the three masks. */
#include <criterion/criterion.h>

#include "compare.h"
#include "inputs.h"
#include "proxy.h"

Test(masking, causal, .description = "the causal mask", .timeout = 60)
{
    const double expected[] = {
        1, 0, 0, 0, //
        1, 1, 0, 0, //
        1, 1, 1, 0, //
        1, 1, 1, 1,
    };
    owned Tensor *mask = create_causal_mask(4);
    expect_exactly("mask", mask, &(Expected){2, {4, 4}, expected}, "in create_causal_mask(4)",
                   "row i is 1 in the columns 0 to i, and 0 after them");
}

Test(masking, padding, .description = "the padding mask", .timeout = 60)
{
    const double expected[] = {
        1, 1, 1, 0, // lengths[0] is 3
        1, 1, 1, 0, //
        1, 1, 1, 0, //
        0, 0, 0, 0, //
        1, 1, 0, 0, // lengths[1] is 2
        1, 1, 0, 0, //
        0, 0, 0, 0, //
        0, 0, 0, 0, //
    };
    owned Tensor *mask = create_padding_mask((int[]){3, 2}, 2, 4);
    expect_exactly("mask", mask, &(Expected){3, {2, 4, 4}, expected},
                   "in create_padding_mask({3, 2}, 2, 4)",
                   "1 in the first lengths[b] rows and columns of sequence b, 0 in the padding");
}

Test(masking, bidirectional, .description = "the bidirectional mask", .timeout = 60)
{
    const double expected[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    owned Tensor *mask = create_bidirectional_mask(3);
    expect_exactly("mask", mask, &(Expected){2, {3, 3}, expected},
                   "in create_bidirectional_mask(3)", "every element is 1");
}

Test(masking, bad_input, .description = "bad input is refused", .timeout = 60)
{
    owned Tensor *mask = create_padding_mask((int[]){0, 3}, 2, 3);
    expect_shape("mask", mask, 3, (int[]){2, 3, 3}, "in create_padding_mask({0, 3}, 2, 3)");
    expect_no_tensor(create_padding_mask(NULL, 2, 3), "lengths is NULL");
    expect_no_tensor(create_padding_mask((int[]){4, 3}, 2, 3),
                     "lengths[0] is 4, above max_length 3");
    expect_no_tensor(create_padding_mask((int[]){3, -1}, 2, 3), "lengths[1] is -1");
    expect_no_tensor(create_padding_mask((int[]){1}, 0, 3), "batch_size is 0");
    expect_no_tensor(create_causal_mask(0), "create_causal_mask(0)");
    expect_no_tensor(create_bidirectional_mask(-1), "create_bidirectional_mask(-1)");
}

/* The n-th allocation fails: then NULL comes back, or the mask all the same. */
Test(masking, no_memory, .description = "memory runs out", .timeout = 60)
{
    const Expected expected = {2, {2, 2}, (double[]){1, 0, 1, 1}};
    bool failed = true;
    for (unsigned n = 1; failed && n <= 100; n++) {
        proxy_fail_allocation(n);
        owned Tensor *mask = create_causal_mask(2);
        failed = proxy_allocated() >= n;
        if (mask || !failed)
            expect_exactly("mask", mask, &expected, "in create_causal_mask(2)",
                           "look at what each allocation returned");
    }
}
