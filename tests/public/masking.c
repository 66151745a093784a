/* Public tests of the three masks. */
#include <criterion/criterion.h>

#include "compare.h"
#include "inputs.h"
#include "known.h"
#include "proxy/proxy.h"

static const KnownMistake known_causal[] = {
    {"no position may attend to itself in this mask: it is one short", (double[]){0, 0, 0, 0, //
                                                                                  1, 0, 0, 0, //
                                                                                  1, 1, 0, 0, //
                                                                                  1, 1, 1, 0}},
    {"each position may attend to the next one too in this mask: it is one too far",
     (double[]){1, 1, 0, 0, //
                1, 1, 1, 0, //
                1, 1, 1, 1, //
                1, 1, 1, 1}},
    {"the mask has the other triangle: positions see the future, not the past",
     (double[]){1, 1, 1, 1, //
                0, 1, 1, 1, //
                0, 0, 1, 1, //
                0, 0, 0, 1}},
    {"the mask is inverted: it is 1 where a position must not attend", (double[]){0, 1, 1, 1, //
                                                                                  0, 0, 1, 1, //
                                                                                  0, 0, 0, 1, //
                                                                                  0, 0, 0, 0}},
    {"the mask lets everything through", (double[]){1, 1, 1, 1, //
                                                    1, 1, 1, 1, //
                                                    1, 1, 1, 1, //
                                                    1, 1, 1, 1}},
};

Test(masking, causal, .description = "the causal mask", .timeout = 60)
{
    const double expected[] = {
        1, 0, 0, 0, //
        1, 1, 0, 0, //
        1, 1, 1, 0, //
        1, 1, 1, 1,
    };
    owned Tensor *mask = create_causal_mask(4);
    suspect(mask, &(Expected){2, {4, 4}, expected}, known_causal,
            sizeof known_causal / sizeof *known_causal);
    expect_exactly("mask", mask, &(Expected){2, {4, 4}, expected}, "in create_causal_mask(4)",
                   "row i is 1 in the columns 0 to i, and 0 after them");
}

static const KnownMistake known_padding[] = {
    {"the rows of the padding are 0, but its columns are not", (double[]){1, 1, 1, 1, //
                                                                          1, 1, 1, 1, //
                                                                          1, 1, 1, 1, //
                                                                          0, 0, 0, 0, //
                                                                          1, 1, 1, 1, //
                                                                          1, 1, 1, 1, //
                                                                          0, 0, 0, 0, //
                                                                          0, 0, 0, 0}},
    {"the columns of the padding are 0, but its rows are not", (double[]){1, 1, 1, 0, //
                                                                          1, 1, 1, 0, //
                                                                          1, 1, 1, 0, //
                                                                          1, 1, 1, 0, //
                                                                          1, 1, 0, 0, //
                                                                          1, 1, 0, 0, //
                                                                          1, 1, 0, 0, //
                                                                          1, 1, 0, 0}},
    {"an element is 1 if its row or its column is valid, but both must be",
     (double[]){1, 1, 1, 1, //
                1, 1, 1, 1, //
                1, 1, 1, 1, //
                1, 1, 1, 0, //
                1, 1, 1, 1, //
                1, 1, 1, 1, //
                1, 1, 0, 0, //
                1, 1, 0, 0}},
    {"the mask is inverted: it is 1 in the padding", (double[]){0, 0, 0, 1, //
                                                                0, 0, 0, 1, //
                                                                0, 0, 0, 1, //
                                                                1, 1, 1, 1, //
                                                                0, 0, 1, 1, //
                                                                0, 0, 1, 1, //
                                                                1, 1, 1, 1, //
                                                                1, 1, 1, 1}},
    {"the last valid position counts as padding: the mask is one short", (double[]){1, 1, 0, 0, //
                                                                                    1, 1, 0, 0, //
                                                                                    0, 0, 0, 0, //
                                                                                    0, 0, 0, 0, //
                                                                                    1, 0, 0, 0, //
                                                                                    0, 0, 0, 0, //
                                                                                    0, 0, 0, 0, //
                                                                                    0, 0, 0, 0}},
    {"the first position of the padding counts as valid: the mask is one too far",
     (double[]){1, 1, 1, 1, //
                1, 1, 1, 1, //
                1, 1, 1, 1, //
                1, 1, 1, 1, //
                1, 1, 1, 0, //
                1, 1, 1, 0, //
                1, 1, 1, 0, //
                0, 0, 0, 0}},
    {"all sequences have the length of the first", (double[]){1, 1, 1, 0, //
                                                              1, 1, 1, 0, //
                                                              1, 1, 1, 0, //
                                                              0, 0, 0, 0, //
                                                              1, 1, 1, 0, //
                                                              1, 1, 1, 0, //
                                                              1, 1, 1, 0, //
                                                              0, 0, 0, 0}},
};

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
    suspect(mask, &(Expected){3, {2, 4, 4}, expected}, known_padding,
            sizeof known_padding / sizeof *known_padding);
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
        proxy_fail_allocation(n, false);
        owned Tensor *mask = create_causal_mask(2);
        failed = proxy_allocated() >= n;
        if (mask || !failed)
            expect_exactly("mask", mask, &expected, "in create_causal_mask(2)",
                           failed ? "look at what each allocation returned" : NULL);
    }
}
