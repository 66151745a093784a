/* Hidden tests of the three masks. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "diagnose.h"
#include "fail.h"
#include "inputs.h"
#include "proxy/proxy.h"

/*
 * The longest mask is larger than an array of 64 rows, and a huge one than what a byte counts;
 * batches are larger than a block of 8.
 */
enum { LONGEST = 71, HUGE = 263, MOST_SEQUENCES = 11, MOST_ELEMENTS = HUGE * HUGE };
/* So many show whether each call keeps memory (grader/memory/judge.h). */
enum { CALLS_ALIKE = 10 };

static double elements[MOST_ELEMENTS];

static void expect_square_mask(const char *function, Tensor *(*create)(int), int seq_len,
                               bool causal, const char *hint)
{
    for (int i = 0; i < seq_len * seq_len; i++)
        elements[i] = !causal || i % seq_len <= i / seq_len;
    char where[80];
    snprintf(where, sizeof where, "in %s(%d)", function, seq_len);

    owned Tensor *mask = create(seq_len);
    fail_cause(causal ? cause_of_causal_mask(mask, seq_len)
                      : cause_of_bidirectional_mask(mask, seq_len));
    expect_exactly("mask", mask, &(Expected){2, {seq_len, seq_len}, elements}, where, hint);
    fail_cause(NULL);
}

static void expect_causal(int seq_len)
{
    expect_square_mask("create_causal_mask", create_causal_mask, seq_len, true,
                       "row i is 1 in the columns 0 to i, and 0 after them");
}

static void expect_bidirectional(int seq_len)
{
    expect_square_mask("create_bidirectional_mask", create_bidirectional_mask, seq_len, false,
                       "every element is 1");
}

/* "in create_padding_mask({5, 3, 4}, 3, 5)"; of many lengths, the first. */
static const char *describe_padding(const int *lengths, int batch_size, int max_length)
{
    static char text[160];
    int written = snprintf(text, sizeof text, "in create_padding_mask(");
    for (int i = 0; i < batch_size && i < MOST_SEQUENCES; i++)
        written += snprintf(text + written, sizeof text - (size_t)written, "%s%d", i ? ", " : "{",
                            lengths[i]);
    snprintf(text + written, sizeof text - (size_t)written, "%s}, %d, %d)",
             batch_size > MOST_SEQUENCES ? ", ..." : "", batch_size, max_length);
    return text;
}

static void expect_padding_result(const Tensor *mask, const int *lengths, int batch_size,
                                  int max_length)
{
    int area = max_length * max_length;
    for (int i = 0; i < batch_size * area; i++) {
        int row = i % area / max_length, column = i % max_length;
        elements[i] = row < lengths[i / area] && column < lengths[i / area];
    }
    fail_cause(cause_of_padding_mask(mask, lengths, batch_size, max_length));
    expect_exactly("mask", mask, &(Expected){3, {batch_size, max_length, max_length}, elements},
                   describe_padding(lengths, batch_size, max_length),
                   "1 in the first lengths[b] rows and columns of sequence b, 0 in the padding");
    fail_cause(NULL);
}

static void expect_padding(const int *lengths, int batch_size, int max_length)
{
    owned Tensor *mask = create_padding_mask(lengths, batch_size, max_length);
    expect_padding_result(mask, lengths, batch_size, max_length);
}

/* Of two masks of one size, the second is new too. */
Test(masking, causal, .description = "the causal mask", .timeout = 60)
{
    static const int sizes[] = {5, 5, 1, 2, 4, 8, 17, 33, LONGEST};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        expect_causal(sizes[i]);
    for (int call = 0; call < CALLS_ALIKE; call++)
        expect_causal(3);
    proxy_stop_logging();
    expect_causal(HUGE);
}

Test(masking, bidirectional, .description = "the bidirectional mask", .timeout = 60)
{
    static const int sizes[] = {5, 5, 1, 2, 3, 17, 33, LONGEST};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        expect_bidirectional(sizes[i]);
    for (int call = 0; call < CALLS_ALIKE; call++)
        expect_bidirectional(4);
    proxy_stop_logging();
    expect_bidirectional(HUGE);
}

/* The second of two masks is made before the first is looked at. */
static void expect_two_masks(void)
{
    owned Tensor *first = create_padding_mask((int[]){3, 1}, 2, 3);
    owned Tensor *second = create_padding_mask((int[]){0, 2}, 2, 3);
    expect_padding_result(first, (int[]){3, 1}, 2, 3);
    expect_padding_result(second, (int[]){0, 2}, 2, 3);
}

/* More sequences than bits in a word, as short as they can be. */
static void expect_padding_of_many(void)
{
    enum { MANY = 67 };
    int lengths[MANY];
    for (int i = 0; i < MANY; i++)
        lengths[i] = random_below(3);
    expect_padding(lengths, MANY, 2);
}

Test(masking, padding, .description = "the padding mask", .timeout = 60)
{
    expect_padding((int[]){3, 5, 0, 1}, 4, 7);
    expect_padding((int[]){5, 3, 4}, 3, 5);
    for (int call = 0; call < CALLS_ALIKE; call++)
        expect_padding((int[]){3, 2}, 2, 4);
    expect_padding((int[]){0, 7, 1}, 3, 7);
    expect_padding((int[]){1}, 1, 1);
    expect_padding((int[]){0}, 1, 1);
    expect_padding((int[]){2, 2}, 2, 2);
    expect_padding_of_many();

    expect_padding((int[]){LONGEST, 33}, 2, LONGEST);

    enum { LENGTH = 13 };
    int lengths[MOST_SEQUENCES];
    for (int i = 0; i < MOST_SEQUENCES; i++)
        lengths[i] = random_below(LENGTH + 1);
    expect_padding(lengths, MOST_SEQUENCES, LENGTH);
    expect_two_masks();
    proxy_stop_logging();
    expect_padding((int[]){HUGE - 1}, 1, HUGE);
}

static void expect_bad_sizes_refused(void)
{
    expect_no_tensor(create_causal_mask(0), "create_causal_mask(0)");
    expect_no_tensor(create_causal_mask(-1), "create_causal_mask(-1)");
    expect_no_tensor(create_bidirectional_mask(0), "create_bidirectional_mask(0)");
    expect_no_tensor(create_bidirectional_mask(-3), "create_bidirectional_mask(-3)");

    /* 65536 * 65536 is 0 in 32 bits; both are beyond TENSOR_MAX_SIZE. */
    expect_no_tensor(create_causal_mask(65536), "create_causal_mask(65536), too large");
    expect_no_tensor(create_bidirectional_mask(1 << 20),
                     "create_bidirectional_mask(1048576), too large");
    expect_no_tensor(create_padding_mask((int[]){1}, 1, 65536),
                     "create_padding_mask({1}, 1, 65536), too large");
}

static void expect_bad_lengths_refused(void)
{
    expect_no_tensor(create_padding_mask(NULL, 2, 3), "lengths is NULL");
    expect_no_tensor(create_padding_mask((int[]){1}, 0, 3), "batch_size is 0");
    expect_no_tensor(create_padding_mask((int[]){1}, -1, 3), "batch_size is -1");
    expect_no_tensor(create_padding_mask((int[]){0}, 1, 0), "max_length is 0");
    expect_no_tensor(create_padding_mask((int[]){0}, 1, -2), "max_length is -2");
    expect_no_tensor(create_padding_mask((int[]){-1}, 1, 3), "lengths[0] is -1");
    expect_no_tensor(create_padding_mask((int[]){4}, 1, 3), "lengths[0] is 4, above max_length 3");
    expect_no_tensor(create_padding_mask((int[]){-1, 1, 1}, 3, 3), "lengths[0] is -1");
    expect_no_tensor(create_padding_mask((int[]){1, 2, -1}, 3, 3), "lengths[2] is -1");
    expect_no_tensor(create_padding_mask((int[]){4, 1, 1}, 3, 3),
                     "lengths[0] is 4, above max_length 3");
    expect_no_tensor(create_padding_mask((int[]){3, 3, 4}, 3, 3),
                     "lengths[2] is 4, above max_length 3");
    expect_no_tensor(create_padding_mask((int[]){1, INT_MIN}, 2, 3), "lengths[1] is INT_MIN");
    expect_no_tensor(create_padding_mask((int[]){1, INT_MAX}, 2, 3), "lengths[1] is INT_MAX");
}

/* A function that refuses everything refuses nothing: good calls come first. */
Test(masking, bad_input, .description = "bad input is refused", .timeout = 60)
{
    expect_causal(5);
    expect_bidirectional(5);
    expect_padding((int[]){5, 3, 0, 4}, 4, 6);
    expect_bad_sizes_refused();
    expect_bad_lengths_refused();
}

/* True as long as the n-th allocation of a call is one that the call makes. */
static bool expect_causal_without_memory(unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    owned Tensor *mask = create_causal_mask(2);
    bool failed = proxy_allocated() >= n;
    if (mask || !failed)
        expect_exactly("mask", mask, &(Expected){2, {2, 2}, (double[]){1, 0, 1, 1}},
                       "in create_causal_mask(2)",
                       failed ? "look at what each allocation returned" : NULL);
    return failed;
}

static bool expect_bidirectional_without_memory(unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    owned Tensor *mask = create_bidirectional_mask(2);
    bool failed = proxy_allocated() >= n;
    if (mask || !failed)
        expect_exactly("mask", mask, &(Expected){2, {2, 2}, (double[]){1, 1, 1, 1}},
                       "in create_bidirectional_mask(2)",
                       failed ? "look at what each allocation returned" : NULL);
    return failed;
}

static bool expect_padding_without_memory(unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    owned Tensor *mask = create_padding_mask((int[]){1, 3, 2}, 3, 4);
    bool failed = proxy_allocated() >= n;
    if (mask || !failed)
        expect_padding_result(mask, (int[]){1, 3, 2}, 3, 4);
    return failed;
}

/* One allocation after the other fails, alone and then with all that follow. */
Test(masking, no_memory, .description = "memory runs out", .timeout = 60)
{
    bool (*const without_memory[])(unsigned, bool) = {expect_causal_without_memory,
                                                      expect_bidirectional_without_memory,
                                                      expect_padding_without_memory};
    for (size_t i = 0; i < sizeof without_memory / sizeof *without_memory; i++)
        for (unsigned n = 1; expect_few_allocations(n) && without_memory[i](n, false); n++)
            without_memory[i](n, true);
}
