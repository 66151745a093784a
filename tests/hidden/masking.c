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
#include "sizes.h"

/* The longest masks, and the largest batches, are beyond what a byte counts. */
enum { LONGEST = 270, MOST_SEQUENCES = 300, MOST_ELEMENTS = LONGEST * LONGEST };
/* So many show whether each call keeps memory (grader/memory/judge.h). */
enum { CALLS_ALIKE = 8 };

static double elements[MOST_ELEMENTS];

static void expect_square_mask(const char *function, const Tensor *mask, int seq_len, bool causal,
                               const char *hint)
{
    double *element = elements;
    for (int row = 0; row < seq_len; row++)
        for (int column = 0; column < seq_len; column++)
            *element++ = !causal || column <= row;
    char where[80];
    snprintf(where, sizeof where, "in %s(%d)", function, seq_len);

    fail_cause(causal ? cause_of_causal_mask(mask, seq_len)
                      : cause_of_bidirectional_mask(mask, seq_len));
    expect_exactly("mask", mask, &(Expected){2, {seq_len, seq_len}, elements}, where, hint);
    fail_cause(NULL);
}

static void expect_causal(int seq_len)
{
    owned Tensor *mask = create_causal_mask(seq_len);
    expect_square_mask("create_causal_mask", mask, seq_len, true,
                       "row i is 1 in the columns 0 to i, and 0 after them");
}

static void expect_bidirectional(int seq_len)
{
    owned Tensor *mask = create_bidirectional_mask(seq_len);
    expect_square_mask("create_bidirectional_mask", mask, seq_len, false, "every element is 1");
}

/* "in create_padding_mask({5, 3, 4}, 3, 5)"; of many lengths, the first. */
static const char *describe_padding(const int *lengths, int batch_size, int max_length)
{
    enum { MOST_LENGTHS = 11 };
    static char text[160];
    int written = snprintf(text, sizeof text, "in create_padding_mask(");
    for (int i = 0; i < batch_size && i < MOST_LENGTHS; i++)
        written += snprintf(text + written, sizeof text - (size_t)written, "%s%d", i ? ", " : "{",
                            lengths[i]);
    snprintf(text + written, sizeof text - (size_t)written, "%s}, %d, %d)",
             batch_size > MOST_LENGTHS ? ", ..." : "", batch_size, max_length);
    return text;
}

static void expect_padding_result(const Tensor *mask, const int *lengths, int batch_size,
                                  int max_length)
{
    double *element = elements;
    for (int i = 0; i < batch_size; i++)
        for (int row = 0; row < max_length; row++)
            for (int column = 0; column < max_length; column++)
                *element++ = row < lengths[i] && column < lengths[i];
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
static void expect_each_size(void (*expect)(int))
{
    static const int sizes[] = {5, 5, 1, 2, 3, 4};
    int edges[EDGES], alike = random_between(2, 20);
    draw_edges(edges);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        expect(sizes[i]);
    for (int i = 0; i < SHORT_EDGES; i++)
        expect(edges[i]);
    for (int call = 0; call < CALLS_ALIKE; call++)
        expect(alike);
    expect(random_above_a_byte());
}

Test(masking, causal, .description = "the causal mask", .timeout = 60)
{
    expect_each_size(expect_causal);
}

Test(masking, bidirectional, .description = "the bidirectional mask", .timeout = 60)
{
    expect_each_size(expect_bidirectional);
}

/* The second of two masks is made before the first is looked at. */
static void expect_two_masks(void)
{
    owned Tensor *first = create_padding_mask((int[]){3, 1}, 2, 3);
    owned Tensor *second = create_padding_mask((int[]){0, 2}, 2, 3);
    expect_padding_result(first, (int[]){3, 1}, 2, 3);
    expect_padding_result(second, (int[]){0, 2}, 2, 3);
}

/* As many sequences as code may take at once, and more than a byte counts, as short as can be. */
static void expect_padding_of_many(void)
{
    int sizes[EDGES], lengths[MOST_SEQUENCES];
    draw_edges(sizes);
    sizes[SHORT_EDGES] = random_above_a_byte();
    for (int i = 0; i <= SHORT_EDGES; i++) {
        int longest = random_between(1, 2);
        for (int k = 0; k < sizes[i]; k++)
            lengths[k] = k + 1 < sizes[i] ? random_below(longest + 1) : longest;
        expect_padding(lengths, sizes[i], longest);
    }
}

/* Short sequences come before long ones, and after them. */
static void expect_padding_of_each_length(void)
{
    int sizes[EDGES];
    draw_edges(sizes);
    for (int i = 0; i < SHORT_EDGES; i++) {
        int n = sizes[i], shorter = random_below(n / 2);
        if (i % 2)
            expect_padding((int[]){n, shorter}, 2, n);
        else
            expect_padding((int[]){shorter, n}, 2, n);
    }
}

Test(masking, padding, .description = "the padding mask", .timeout = 60)
{
    expect_padding((int[]){3, 5, 0, 1}, 4, 7);
    expect_padding((int[]){5, 3, 4}, 3, 5);
    int longest = random_between(2, 20);
    for (int call = 0; call < CALLS_ALIKE; call++)
        expect_padding((int[]){longest, longest / 2}, 2, longest);
    expect_padding((int[]){0, 7, 1}, 3, 7);
    expect_padding((int[]){1}, 1, 1);
    expect_padding((int[]){0}, 1, 1);
    expect_padding((int[]){2, 2}, 2, 2);
    expect_padding_of_many();
    expect_padding_of_each_length();
    expect_two_masks();

    /* As much padding as a large mask has costs little under Valgrind; the rest of it is the same code. */
    int beyond = random_above_a_byte();
    expect_padding((int[]){random_below(10)}, 1, beyond);
    proxy_stop_logging();
    expect_padding((int[]){beyond - random_below(2)}, 1, beyond);
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

static const char *const NO_MEMORY_HINT = "look at what each allocation returned";

/* Each of these is true as long as the n-th allocation of a call is one that the call makes. */
static bool causal_without_memory(int size, unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    owned Tensor *mask = create_causal_mask(size);
    bool failed = proxy_allocated() >= n;
    if (mask || !failed)
        expect_square_mask("create_causal_mask", mask, size, true, NO_MEMORY_HINT);
    return failed;
}

static bool bidirectional_without_memory(int size, unsigned n, bool rest)
{
    proxy_fail_allocation(n, rest);
    owned Tensor *mask = create_bidirectional_mask(size);
    bool failed = proxy_allocated() >= n;
    if (mask || !failed)
        expect_square_mask("create_bidirectional_mask", mask, size, false, NO_MEMORY_HINT);
    return failed;
}

static bool padding_without_memory(int size, unsigned n, bool rest)
{
    const int lengths[] = {1, size, 2};
    proxy_fail_allocation(n, rest);
    owned Tensor *mask = create_padding_mask(lengths, 3, size);
    bool failed = proxy_allocated() >= n;
    if (mask || !failed)
        expect_padding_result(mask, lengths, 3, size);
    return failed;
}

/*
 * One allocation after the other fails, alone and then with all that follow; for large masks alone:
 * code may ask for memory row by row.
 */
Test(masking, no_memory, .description = "memory runs out", .timeout = 60)
{
    enum { SMALL = 4, LARGE_ALLOCATIONS = 40 };
    bool (*const without_memory[])(int, unsigned, bool) = {
        causal_without_memory, bidirectional_without_memory, padding_without_memory};
    int large = random_between(65, 72);
    for (size_t i = 0; i < sizeof without_memory / sizeof *without_memory; i++) {
        for (unsigned n = 1; expect_few_allocations(n) && without_memory[i](SMALL, n, false); n++)
            without_memory[i](SMALL, n, true);
        for (unsigned n = 1; n <= LARGE_ALLOCATIONS && without_memory[i](large, n, false); n++)
            continue;
    }
}
