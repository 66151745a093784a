/* calls.c: make one call of the student's code; see calls.h. */
#include "inside/worker/calls.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attention.h"
#include "inside/worker/allocate.h"

#define MAX_LAYERS 64

/* The kernel takes advice only on pages that are there; this one changes nothing. */
static bool ask_kernel(void *page, size_t bytes)
{
    return madvise(page, bytes, MADV_NORMAL) == 0;
}

_Alignas(CALLS_PAGE) CallsSettings calls_settings = {.is_mapped = ask_kernel};

/* The student's functions; NULL where attention.c does not define one. */
typedef void Function(void);
static Function *student[API_FUNCTIONS];
#define STUDENT(name) ((__typeof__(name) *)student[API_##name])

/* Layers that the running test created; handle k is layers[k - 1]. */
static SelfAttention *layers[MAX_LAYERS];

/* One call of a function: what it takes, and what it gives. */
typedef struct {
    unsigned number;
    const ApiFunction *function;
    WireArgument arguments[API_MAX_PARAMETERS];
    ApiValue values[API_MAX_PARAMETERS];
    Tensor before[API_MAX_PARAMETERS]; /* the tensors that the request brought, as they were */
    ApiResult result;
} StudentCall;

/* ---- loading --------------------------------------------------------------------------------- */

bool calls_load(const char *object)
{
    void *loaded = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (loaded == NULL) {
        fprintf(stderr, "worker: %s\n", dlerror());
        return false;
    }
    for (unsigned i = API_NO_FUNCTION + 1; i < API_FUNCTIONS; i++) {
        /* C forbids to assign a void * to a function pointer; copying its bytes is fine. */
        void *address = dlsym(loaded, api_name(i));
        memcpy(&student[i], &address, sizeof address);
    }
    return true;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* What the student's code gets for an argument of the request. False if there is no such layer. */
static bool take_argument(StudentCall *call, unsigned i)
{
    const WireArgument *argument = &call->arguments[i];
    ApiValue *value = &call->values[i];
    switch (call->function->parameters[i].type) {
    case API_TAKES_TENSOR:
        value->TENSOR = argument->tensor;
        if (argument->owned)
            call->before[i] = *argument->tensor;
        return true;
    case API_TAKES_INT:
        value->INT = argument->number;
        return true;
    case API_TAKES_LENGTHS:
        value->LENGTHS = argument->lengths;
        return true;
    case API_TAKES_LAYER:
    case API_TAKES_FREED_LAYER:
        if (argument->handle > MAX_LAYERS)
            return false;
        value->FREED_LAYER = argument->handle > 0 ? layers[argument->handle - 1] : NULL;
        return argument->handle == 0 || value->FREED_LAYER != NULL;
    }
    return false;
}

static bool take_arguments(StudentCall *call)
{
    bool known = true;
    for (unsigned i = 0; i < call->function->count; i++)
        known = take_argument(call, i) && known;
    return known;
}

static bool is_untouched(const StudentCall *call, unsigned i)
{
    const Tensor *now = call->arguments[i].tensor, *before = &call->before[i];
    return now->ndim == before->ndim && now->size == before->size && now->data == before->data &&
           memcmp(now->shape, before->shape, sizeof now->shape) == 0;
}

/*
 * Show the test what an argument looks like now; a tensor whose shape was changed is not there at
 * all. A layer that was freed has no handle any more.
 */
static void put_left(WireBuffer *answer, const StudentCall *call, unsigned i)
{
    const WireArgument *argument = &call->arguments[i];
    switch (call->function->parameters[i].type) {
    case API_TAKES_TENSOR:
        wire_put_tensor(answer, argument->owned && is_untouched(call, i) ? argument->tensor : NULL);
        break;
    case API_TAKES_LENGTHS:
        wire_put_lengths(answer, argument->lengths, argument->count);
        break;
    case API_TAKES_FREED_LAYER:
        if (argument->handle > 0)
            layers[argument->handle - 1] = NULL;
        break;
    case API_TAKES_INT:
    case API_TAKES_LAYER:
        break;
    }
}

/* A tensor whose fields were changed is freed as it was. */
static void release_arguments(StudentCall *call)
{
    for (unsigned i = 0; i < call->function->count; i++)
        if (call->arguments[i].owned)
            *call->arguments[i].tensor = call->before[i];
    wire_release_arguments(call->arguments, call->function->count);
}

/* ---- results --------------------------------------------------------------------------------- */

/* A pointer that was never set, as in a result that was not initialised, may point anywhere. */
static bool is_there(const void *start, size_t bytes)
{
    const uintptr_t at = (uintptr_t)start, page = at & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    return at % _Alignof(float) == 0 && calls_settings.is_mapped((void *)page, bytes + (at - page));
}

static bool is_tensor(const Tensor *tensor)
{
    if (!is_there(tensor, sizeof *tensor))
        return false;
    if (tensor->ndim < 1 || tensor->ndim > TENSOR_MAX_AXES || tensor->data == NULL)
        return false;
    size_t size = 1;
    for (int axis = 0; axis < tensor->ndim; axis++) {
        if (tensor->shape[axis] < 1)
            return false;
        size *= (size_t)tensor->shape[axis];
        if (size > WIRE_MAX_PAYLOAD / sizeof(float))
            return false;
    }
    return size == tensor->size && is_there(tensor->data, size * sizeof *tensor->data);
}

static bool overlaps(const Tensor *a, const Tensor *b)
{
    return a == b || (a->data < b->data + b->size && b->data < a->data + a->size);
}

/* Is the result an input itself, whatever it points to, or does it share the memory of one? */
static bool is_input(const StudentCall *call, const Tensor *result, bool itself)
{
    for (unsigned i = 0; i < call->function->count; i++) {
        if (!call->arguments[i].owned)
            continue;
        if (itself ? result == call->arguments[i].tensor : overlaps(result, &call->before[i]))
            return true;
    }
    return false;
}

static WireStatus judge_tensors(const StudentCall *call, Tensor *const *results, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (results[i] == NULL)
            continue;
        if (is_input(call, results[i], true))
            return WIRE_RESULT_IS_INPUT;
        if (!is_tensor(results[i]))
            return WIRE_INVALID_RESULT;
        if (is_input(call, results[i], false))
            return WIRE_RESULT_IS_INPUT;
        for (unsigned k = 0; k < i; k++)
            if (results[k] != NULL && overlaps(results[i], results[k]))
                return WIRE_RESULT_TWICE;
    }
    return WIRE_OK;
}

/*
 * Valgrind reports what it finds twice on one way through the code only once, so each function
 * needs a way of its own. The number in it keeps the compiler from making one of them all.
 */
#define INSPECT(n, gives, name, ...)                                                               \
    case API_##name:                                                                               \
        __asm__ volatile("" ::"i"(API_##name));                                                    \
        calls_settings.on_result(result);                                                          \
        break;

static void inspect(unsigned number, const Tensor *result)
{
    if (result == NULL || calls_settings.on_result == NULL)
        return;
    switch (number) {
        API(INSPECT)
    }
}

/*
 * Put the tensors, or only the status if one of them cannot be used. Unusable ones are not freed:
 * nobody knows whose memory that is, and the test has failed anyway.
 */
static WireStatus put_tensors(WireBuffer *answer, const StudentCall *call, Tensor *const *results,
                              unsigned count)
{
    WireStatus status = judge_tensors(call, results, count);
    if (status != WIRE_OK)
        return status;
    for (unsigned i = 0; i < count; i++) {
        inspect(call->number, results[i]);
        wire_put_tensor(answer, results[i]);
        tensor_free(results[i]);
    }
    return WIRE_OK;
}

/* The layer stays here; the test gets a handle. */
static WireStatus put_layer(WireBuffer *answer, SelfAttention *layer)
{
    unsigned slot = 0;
    while (slot < MAX_LAYERS && layers[slot] != NULL)
        slot++;
    if (slot == MAX_LAYERS)
        return WIRE_BAD_REQUEST;
    layers[slot] = layer;
    wire_put_u32(answer, layer != NULL ? slot + 1 : 0);
    wire_put_i32(answer, layer != NULL ? layer->d_model : 0);
    return WIRE_OK;
}

static WireStatus put_result(WireBuffer *answer, const StudentCall *call)
{
    const AttentionResult *attention = &call->result.ATTENTION;
    switch (call->function->gives) {
    case API_GIVES_NOTHING:
        return WIRE_OK;
    case API_GIVES_TENSOR:
        return put_tensors(answer, call, &call->result.TENSOR, 1);
    case API_GIVES_ATTENTION:
        return put_tensors(answer, call, (Tensor *[]){attention->output, attention->weights}, 2);
    case API_GIVES_LAYER:
        return put_layer(answer, call->result.LAYER);
    }
    return WIRE_BAD_REQUEST;
}

/* ---- the calls ------------------------------------------------------------------------------- */

/* The n-th argument from the end, as API_EACH counts. */
#define ARGUMENT(n, type, name) end[-(n)].type
#define CASE(n, gives, name, ...)                                                                  \
    case API_##name:                                                                               \
        API_STORE_##gives(call->result, STUDENT(name)(API_EACH(n, ARGUMENT, __VA_ARGS__)));        \
        break;

static void call_student(StudentCall *call)
{
    const ApiValue *end = call->values + call->function->count;
    switch (call->number) {
        API(CASE)
    }
}

static WireStatus make_call(unsigned number, WireReader *reader, WireHeader *reply,
                            WireBuffer *answer)
{
    StudentCall call = {.number = number, .function = api_function(number)};
    if (call.function == NULL)
        return WIRE_BAD_REQUEST;
    if (student[number] == NULL)
        return WIRE_NOT_DEFINED;
    WireStatus status = WIRE_BAD_REQUEST;
    bool complete = wire_get_arguments(reader, call.function, call.arguments);
    if (take_arguments(&call) && complete) {
        allocate_begin(reply->fail_at);
        call_student(&call);
        AllocateCounts counts = allocate_end();
        reply->allocated = counts.allocated;
        reply->freed = counts.freed;
        status = put_result(answer, &call);
        for (unsigned i = 0; status == WIRE_OK && i < call.function->count; i++)
            put_left(answer, &call, i);
    }
    release_arguments(&call);
    return status;
}

void calls_perform(const WireHeader *request, const void *payload, WireHeader *reply,
                   WireBuffer *answer)
{
    *reply = *request;
    reply->allocated = 0;
    WireReader reader = wire_reader(payload, request->length);
    reply->status = (uint16_t)make_call(request->kind, &reader, reply, answer);
    if (reply->status != WIRE_OK)
        answer->length = 0;
    reply->length = (uint32_t)answer->length;
}

void calls_forget(void)
{
    for (unsigned slot = 0; slot < MAX_LAYERS; slot++) {
        if (layers[slot] != NULL && STUDENT(self_attention_free) != NULL)
            STUDENT(self_attention_free)(layers[slot]);
        layers[slot] = NULL;
    }
}
