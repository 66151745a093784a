/*
 * direct.c: the tests without a grader. Instead of proxy/proxy.c it links them to an attention.c in the
 * same process, for gcovr, for sanitizers, and for whoever writes tests. It is no way to grade:
 * here the code under test can do what it likes to the tests.
 *
 * The linker's --wrap puts the functions below between the tests and attention.c, and between
 * attention.c or tensor.c and malloc. As in proxy/proxy.c, inputs must stay as they were, and results
 * must be new.
 */
#include <stdlib.h>
#include <string.h>

#include "attention.h"
#include "fail.h"
#include "proxy/proxy.h"

static unsigned fail_at, allocated;
static bool fail_rest, in_call;

void proxy_stop_recording(void)
{
}

void proxy_fail_allocation(unsigned n, bool rest)
{
    fail_at = n;
    fail_rest = rest;
}

unsigned proxy_allocated(void)
{
    return allocated;
}

/* ---- allocations ----------------------------------------------------------------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool may_allocate(void)
{
    if (!in_call || ++allocated < fail_at || fail_at == 0)
        return true;
    return allocated > fail_at && !fail_rest;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *block, size_t size)
{
    return may_allocate() ? __real_realloc(block, size) : NULL;
}

/* ---- inputs and results ---------------------------------------------------------------------- */

enum { MOST_INPUTS = 4 };

/* The tensors that are passed to a call, with copies from before it. */
typedef struct {
    const char *names[MOST_INPUTS];
    const Tensor *tensors[MOST_INPUTS];
    Tensor *copies[MOST_INPUTS];
    int count;
} Inputs;

static void add_input(Inputs *inputs, const char *name, const Tensor *tensor)
{
    if (!tensor)
        return;
    inputs->names[inputs->count] = name;
    inputs->tensors[inputs->count] = tensor;
    inputs->copies[inputs->count++] = tensor_copy(tensor);
}

static void begin_call(void)
{
    allocated = 0;
    in_call = true;
}

static void end_call(void)
{
    in_call = false;
    fail_at = 0;
}

static void check_inputs(Inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++) {
        const Tensor *now = inputs->tensors[i];
        if (!tensor_same_shape(now, inputs->copies[i]) ||
            memcmp(now->data, inputs->copies[i]->data, now->size * sizeof *now->data) != 0)
            fail_test("input_changed", "inputs are const: work on a copy",
                      "%s was changed by the call", inputs->names[i]);
        tensor_free(inputs->copies[i]);
    }
}

static void check_new(const Inputs *inputs, const char *name, const Tensor *result)
{
    for (int i = 0; result && i < inputs->count; i++)
        if (result == inputs->tensors[i] || result->data == inputs->tensors[i]->data)
            fail_test("result", "return a new tensor", "%s is %s itself", name, inputs->names[i]);
}

static AttentionResult check_call(Inputs *inputs, AttentionResult result)
{
    end_call();
    check_inputs(inputs);
    check_new(inputs, "output", result.output);
    check_new(inputs, "weights", result.weights);
    if (result.output &&
        (result.output == result.weights || result.output->data == result.weights->data))
        fail_test("result", "return two tensors", "output and weights are the same tensor");
    return result;
}

/* ---- the functions of attention.h ------------------------------------------------------------ */

#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

WRAP(AttentionResult, scaled_dot_product_attention, const Tensor *Q, const Tensor *K,
     const Tensor *V, const Tensor *mask)
{
    Inputs inputs = {0};
    add_input(&inputs, "Q", Q);
    add_input(&inputs, "K", K);
    add_input(&inputs, "V", V);
    add_input(&inputs, "mask", mask);
    begin_call();
    return check_call(&inputs, __real_scaled_dot_product_attention(Q, K, V, mask));
}

WRAP(AttentionResult, self_attention_forward, const SelfAttention *attention, const Tensor *x,
     const Tensor *mask)
{
    Inputs inputs = {0};
    add_input(&inputs, "x", x);
    add_input(&inputs, "mask", mask);
    begin_call();
    return check_call(&inputs, __real_self_attention_forward(attention, x, mask));
}

WRAP(SelfAttention *, self_attention_create, int d_model)
{
    begin_call();
    SelfAttention *attention = __real_self_attention_create(d_model);
    end_call();
    return attention;
}

WRAP(void, self_attention_free, SelfAttention *attention)
{
    begin_call();
    __real_self_attention_free(attention);
    end_call();
}

WRAP(Tensor *, create_causal_mask, int seq_len)
{
    begin_call();
    Tensor *mask = __real_create_causal_mask(seq_len);
    end_call();
    return mask;
}

WRAP(Tensor *, create_bidirectional_mask, int seq_len)
{
    begin_call();
    Tensor *mask = __real_create_bidirectional_mask(seq_len);
    end_call();
    return mask;
}

WRAP(Tensor *, create_padding_mask, const int *lengths, int batch_size, int max_length)
{
    size_t bytes = lengths && batch_size > 0 ? (size_t)batch_size * sizeof *lengths : 0;
    int *copy = bytes ? memcpy(malloc(bytes), lengths, bytes) : NULL;
    begin_call();
    Tensor *mask = __real_create_padding_mask(lengths, batch_size, max_length);
    end_call();
    if (bytes && memcmp(copy, lengths, bytes) != 0)
        fail_test("input_changed", "inputs are const: work on a copy",
                  "lengths was changed by the call");
    free(copy);
    return mask;
}
