/*
 * direct.c: the tests without a grader. Instead of proxy/functions.c it links them to an attention.c in
 * the same process, for gcovr, for sanitizers, and for whoever writes tests. It is no way to grade:
 * here the code under test can do what it likes to the tests.
 *
 * The linker's --wrap puts the functions below between the tests and attention.c, and between
 * attention.c or tensor.c and malloc. As in proxy/functions.c, inputs must stay as they were, and
 * results must be new.
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "proxy/proxy.h"
#include "wire/api.h"

static unsigned fail_at, allocated;
static bool fail_rest, in_call;

void proxy_stop_logging(void)
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

/* What is passed to a call, with copies from before it. */
typedef struct {
    const ApiFunction *function;
    const ApiValue *values;
    Tensor *tensors[API_MAX_PARAMETERS];
    int *lengths[API_MAX_PARAMETERS];
} Inputs;

/* There are as many lengths as the next argument says. */
static size_t lengths_bytes(const Inputs *inputs, unsigned i)
{
    int count = inputs->values[i + 1].INT;
    return count > 0 && inputs->values[i].LENGTHS ? (size_t)count * sizeof(int) : 0;
}

static void copy_input(Inputs *inputs, unsigned i)
{
    size_t bytes;
    switch (inputs->function->parameters[i].type) {
    case API_TAKES_TENSOR:
        inputs->tensors[i] = tensor_copy(inputs->values[i].TENSOR);
        break;
    case API_TAKES_LENGTHS:
        bytes = lengths_bytes(inputs, i);
        inputs->lengths[i] =
            bytes > 0 ? memcpy(malloc(bytes), inputs->values[i].LENGTHS, bytes) : NULL;
        break;
    case API_TAKES_INT:
    case API_TAKES_LAYER:
    case API_TAKES_FREED_LAYER:
        break;
    }
}

static Inputs begin_call(unsigned number, const ApiValue *values)
{
    Inputs inputs = {.function = api_function(number), .values = values};
    for (unsigned i = 0; i < inputs.function->count; i++)
        copy_input(&inputs, i);
    allocated = 0;
    in_call = true;
    return inputs;
}

static bool is_changed(const Inputs *inputs, unsigned i)
{
    const Tensor *now = inputs->values[i].TENSOR, *before = inputs->tensors[i];
    if (before)
        return !tensor_same_shape(now, before) ||
               memcmp(now->data, before->data, now->size * sizeof *now->data) != 0;
    return inputs->lengths[i] &&
           memcmp(inputs->values[i].LENGTHS, inputs->lengths[i], lengths_bytes(inputs, i)) != 0;
}

static void check_new(const Inputs *inputs, const Tensor *result)
{
    for (unsigned i = 0; result && i < inputs->function->count; i++) {
        const Tensor *input = inputs->tensors[i] ? inputs->values[i].TENSOR : NULL;
        if (input && (result == input || result->data == input->data))
            fail_test("result", "return a new tensor", "%s returned its input %s",
                      inputs->function->name, inputs->function->parameters[i].name);
    }
}

static void check_result(const Inputs *inputs, const ApiResult *result)
{
    const Tensor *output, *weights;
    switch (inputs->function->gives) {
    case API_GIVES_TENSOR:
        check_new(inputs, result->TENSOR);
        break;
    case API_GIVES_ATTENTION:
        output = result->ATTENTION.output;
        weights = result->ATTENTION.weights;
        check_new(inputs, output);
        check_new(inputs, weights);
        if (output && weights && (output == weights || output->data == weights->data))
            fail_test("result", "return two tensors", "output and weights are the same tensor");
        break;
    case API_GIVES_NOTHING:
    case API_GIVES_LAYER:
        break;
    }
}

static void end_call(Inputs *inputs, const ApiResult *result)
{
    in_call = false;
    fail_at = 0;
    for (unsigned i = 0; i < inputs->function->count; i++) {
        if (is_changed(inputs, i))
            fail_test("input_changed", "inputs are const: work on a copy",
                      "%s was changed by the call", inputs->function->parameters[i].name);
        tensor_free(inputs->tensors[i]);
        free(inputs->lengths[i]);
    }
    check_result(inputs, result);
}

/* ---- the functions of attention.h ------------------------------------------------------------ */

#define WRAP(n, gives, name, ...)                                                                  \
    API_HEAD(__real_, n, gives, name, __VA_ARGS__);                                                \
    API_HEAD(__wrap_, n, gives, name, __VA_ARGS__);                                                \
    API_HEAD(__wrap_, n, gives, name, __VA_ARGS__)                                                 \
    {                                                                                              \
        const ApiValue values[] = {API_EACH(n, API_VALUE, __VA_ARGS__)};                           \
        Inputs inputs = begin_call(API_##name, values);                                            \
        ApiResult result = {0};                                                                    \
        API_STORE_##gives(result, __real_##name(API_EACH(n, API_NAME, __VA_ARGS__)));              \
        end_call(&inputs, &result);                                                                \
        API_RETURN_##gives(result);                                                                \
    }
API(WRAP)
