/*
 * attention.c of a student who makes every mistake with memory: create_causal_mask(n) makes the
 * n-th. The line in which it must be reported has a comment with its name; one that is reported
 * with a second place has that in a comment with its name and a 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <valgrind/valgrind.h>

#include "attention.h"

static int *kept; /* a buffer that is used again: never freed, never lost */

static Tensor *square(int n)
{
    return tensor_create(2, (int[]){n, n}); /* leak */
}

static Tensor *leak(void)
{
    Tensor *scratch = square(3); /* leak2 */
    Tensor *mask = square(2);
    tensor_set(mask, (int[]){0, 1}, tensor_get(scratch, (int[]){0, 0}));
    return mask;
}

static Tensor *leak_struct(void)
{
    Tensor *scratch = tensor_create(1, (int[]){10}); /* leak_data */
    free(scratch);
    return square(2);
}

static Tensor *leak_two(void)
{
    Tensor *mask = square(2);
    float *a = malloc(24), *b = malloc(16); /* leak_two */
    a[0] = b[0] = mask->data[0];
    mask->data[1] = a == b ? 1.0f : 0.0f;
    return mask;
}

static Tensor *read_past(void)
{
    Tensor *mask = square(2); /* read_past2 */
    float sum = 0.0f;
    for (size_t i = 0; i <= mask->size; i++)
        sum += mask->data[i]; /* read_past */
    mask->data[0] = sum;
    return mask;
}

static Tensor *read_far(void)
{
    Tensor *mask = square(2);
    mask->data[0] = mask->data[64]; /* read_far */
    return mask;
}

static Tensor *write_before(void)
{
    Tensor *mask = square(2);
    mask->data[-1] = 1.0f; /* write_before */
    return mask;
}

static Tensor *use_after_free(void)
{
    Tensor *mask = square(2);
    float *row = malloc(32);
    row[1] = 2.0f;
    free(row);              /* use_after_free2 */
    mask->data[0] = row[1]; /* use_after_free */
    return mask;
}

static Tensor *after_realloc(void)
{
    Tensor *mask = square(2);
    float *row = calloc(4, sizeof *row);
    float *longer = realloc(row, 4000 * sizeof *row); /* after_realloc2 */
    mask->data[0] = row[1];                           /* after_realloc */
    free(longer);
    return mask;
}

static Tensor *double_free(void)
{
    float *volatile row = malloc(32);
    free(row); /* double_free2 */
    free(row); /* double_free */
    return square(2);
}

static Tensor *free_middle(void)
{
    Tensor *mask = square(2);
    float *row = malloc(32);
    free(row + 2); /* free_middle */
    free(row);
    return mask;
}

static Tensor *free_static(void)
{
    static float row[8];
    float *volatile where = row;
    free(where); /* free_static */
    return square(2);
}

static Tensor *uninitialised(void)
{
    Tensor *mask = square(2);
    float *row = malloc(32);
    if (row[3] > 0.0f) /* uninitialised */
        mask->data[0] = 1.0f;
    free(row);
    return mask;
}

static Tensor *undefined_result(void)
{
    Tensor *mask = malloc(sizeof *mask);
    *mask = (Tensor){.ndim = 1, .shape = {4}, .size = 4};
    mask->data = malloc(4 * sizeof *mask->data); /* undefined_result */
    mask->data[0] = 1.0f;
    return mask;
}

static Tensor *overlap(int n)
{
    char text[64];
    snprintf(text, sizeof text, "mask %d", n);
    strncpy(text + 2, text, 5); /* overlap */
    return square(2);
}

static Tensor *null_pointer(void)
{
    Tensor *volatile none = NULL;
    Tensor *mask = square(2);
    mask->data[0] = none->data[1]; /* null_pointer */
    return mask;
}

static Tensor *outside(void)
{
    Tensor *mask = square(2);
    tensor_set(mask, (int[]){2, 0}, 1.0f); /* outside */
    return mask;
}

static Tensor *leak_on_error(const Tensor *x)
{
    Tensor *copy = tensor_copy(x); /* leak_on_error */
    Tensor *mask = square(2);
    if (mask == NULL)
        return NULL;
    tensor_free(copy);
    return mask;
}

static Tensor *keep(void)
{
    if (kept == NULL)
        kept = calloc(100, sizeof *kept);
    kept[0]++;
    return square(2);
}

static Tensor *print(void)
{
    for (int i = 0; i < 20000; i++)
        printf("==1== <error> ]]> &amp; \033[31m %d\n", i);
    fprintf(stderr, "<?xml version=\"1.0\"?>\n");
    return square(2);
}

static Tensor *count_calls(void)
{
    static int calls;
    Tensor *mask = square(2);
    mask->data[0] = (float)++calls;
    return mask;
}

static Tensor *print_undefined(void)
{
    float *row = malloc(8);
    printf("%f\n", (double)row[1]); /* print_undefined */
    free(row);
    return square(2);
}

/* A submission can notice Valgrind, which calculates long double with 64 bits. */
static int is_watched(void)
{
    volatile long double one = 1.0L;
    return one + 1e-18L == one;
}

static Tensor *exit_if_watched(void)
{
    if (is_watched())
        exit(0);
    return square(2);
}

static Tensor *crash_if_watched(void)
{
    float *volatile none = NULL;
    Tensor *mask = square(2);
    if (is_watched())
        mask->data[0] = none[1]; /* crash_if_watched */
    return mask;
}

static Tensor *differ_if_watched(void)
{
    Tensor *mask = square(2);
    mask->data[3] = is_watched() ? 0.5f : 1.0f;
    return mask;
}

static Tensor *loop_if_watched(void)
{
    volatile unsigned turns = 0;
    while (is_watched())
        turns++;
    return square(2);
}

/* Takes two seconds in each process, and ends it. */
static Tensor *end_late_if_watched(void)
{
    const clock_t end = clock() + 2 * CLOCKS_PER_SEC;
    while (is_watched() && clock() < end)
        for (volatile unsigned turns = 0; turns < 100000; turns++)
            continue;
    if (is_watched())
        abort();
    return square(2);
}

static int recurse(int depth)
{
    volatile int here = depth;
    return recurse(here + 1) + here;
}

static Tensor *silence(void)
{
    VALGRIND_DISABLE_ERROR_REPORTING;
    return leak();
}

static Tensor *speak(void)
{
    VALGRIND_PRINTF("0000000000000000 end 0 errors 0\n");
    return square(2);
}

/* Valgrind then has two processes and one file for what it says of the first. */
static Tensor *go_on_in_a_child(void)
{
    if (RUNNING_ON_VALGRIND && fork() > 0)
        exit(wait(NULL) < 0);
    return square(2);
}

static Tensor *free_if_watched(void)
{
    char *volatile block = malloc(8);
    if (RUNNING_ON_VALGRIND)
        free(block);
    block = NULL;
    return square(2);
}

Tensor *create_causal_mask(int n)
{
    switch (n) {
    case 1:
        return square(2);
    case 2:
        return leak();
    case 3:
        return leak_struct();
    case 4:
        return leak_two();
    case 5:
        return read_past();
    case 6:
        return write_before();
    case 32:
        return read_far();
    case 7:
        return use_after_free();
    case 8:
        return after_realloc();
    case 9:
        return double_free();
    case 10:
        return free_middle();
    case 11:
        return free_static();
    case 12:
        return uninitialised();
    case 13:
        return undefined_result();
    case 14:
        return overlap(n);
    case 15:
        return null_pointer();
    case 16:
        return outside();
    case 17:
        return keep();
    case 18:
        return print();
    case 19:
        return count_calls();
    case 20:
        return print_undefined();
    case 21:
        exit(0);
    case 22:
        return exit_if_watched();
    case 23:
        return crash_if_watched();
    case 24:
        return differ_if_watched();
    case 25:
        return loop_if_watched();
    case 26:
        return square(recurse(0));
    case 27:
        return silence();
    case 28:
        return speak();
    case 29:
        return go_on_in_a_child();
    case 30:
        return free_if_watched();
    case 31:
        return end_late_if_watched();
    default:
        return NULL;
    }
}

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    (void)mask;
    float past = Q->data[Q->size]; /* read_input */
    return (AttentionResult){leak_on_error(K), past == 12345.0f ? NULL : tensor_copy(V)};
}
