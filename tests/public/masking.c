/* Public tests of the three masks, which are written as in the handout: a string for each row. */
#include <criterion/criterion.h>

#include "compare.h"
#include "inputs.h"
#include "proxy/proxy.h"
#include "rows.h"

TestSuite(masking, .timeout = 60);

static const WrongMask wrong_causal[] = {
    {"no position may attend to itself in this mask: it is one short",
     {"0000", "1000", "1100", "1110"}},
    {"each position may attend to the next one too in this mask: it is one too far",
     {"1100", "1110", "1111", "1111"}},
    {"the mask has the other triangle: positions see the future, not the past",
     {"1111", "0111", "0011", "0001"}},
    {"the mask is inverted: it is 1 where a position must not attend",
     {"0111", "0011", "0001", "0000"}},
    {"the mask lets everything through", //
     {"1111", "1111", "1111", "1111"}},
    {0},
};

Test(masking, causal, .description = "the causal mask")
{
    owned Tensor *mask = create_causal_mask(4);
    expect_mask(mask, ROWS("1000", "1100", "1110", "1111"), wrong_causal,
                "in create_causal_mask(4)", "row i is 1 in the columns 0 to i, and 0 after them");
}

/* What may come back for the lengths 3 and 2, padded to 4: two masks, side by side. */
static const WrongMask wrong_padding[] = {
    {"the rows of the padding are 0, but its columns are not",
     {"1111 1111", "1111 1111", "1111 0000", "0000 0000"}},
    {"the columns of the padding are 0, but its rows are not",
     {"1110 1100", "1110 1100", "1110 1100", "1110 1100"}},
    {"an element is 1 if its row or its column is valid, but both must be",
     {"1111 1111", "1111 1111", "1111 1100", "1110 1100"}},
    {"the mask is inverted: it is 1 in the padding",
     {"0001 0011", "0001 0011", "0001 1111", "1111 1111"}},
    {"the last valid position counts as padding: the mask is one short",
     {"1100 1000", "1100 0000", "0000 0000", "0000 0000"}},
    {"the first position of the padding counts as valid: the mask is one too far",
     {"1111 1110", "1111 1110", "1111 1110", "1111 0000"}},
    {"all sequences have the length of the first",
     {"1110 1110", "1110 1110", "1110 1110", "0000 0000"}},
    {0},
};

Test(masking, padding, .description = "the padding mask")
{
    owned Tensor *mask = create_padding_mask((int[]){3, 2}, 2, 4);
    expect_mask(mask, ROWS("1110 1100", "1110 1100", "1110 0000", "0000 0000"), wrong_padding,
                "in create_padding_mask({3, 2}, 2, 4)",
                "1 in the first lengths[b] rows and columns of sequence b, 0 in the padding");
}

Test(masking, bidirectional, .description = "the bidirectional mask")
{
    owned Tensor *mask = create_bidirectional_mask(3);
    expect_mask(mask, ROWS("111", "111", "111"), NULL, "in create_bidirectional_mask(3)",
                "every element is 1");
}

Test(masking, bad_input, .description = "bad input is refused")
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
Test(masking, no_memory, .description = "memory runs out")
{
    bool failed = true;
    for (unsigned n = 1; failed && n <= 100; n++) {
        proxy_fail_allocation(n, false);
        owned Tensor *mask = create_causal_mask(2);
        failed = proxy_allocated() >= n;
        if (mask || !failed)
            expect_mask(mask, ROWS("10", "11"), NULL, "in create_causal_mask(2)",
                        failed ? "look at what each allocation returned" : NULL);
    }
}
