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

#define MAX_INPUTS 4
#define MAX_LAYERS 64

/* The kernel takes advice only on pages that are there; this one changes nothing. */
static bool ask_kernel(void *page, size_t bytes)
{
    return madvise(page, bytes, MADV_NORMAL) == 0;
}

_Alignas(CALLS_PAGE) CallsSettings calls_settings = {.is_mapped = ask_kernel};

/* The student's functions; NULL where attention.c does not define one. */
static struct {
    AttentionResult (*attention)(const Tensor *, const Tensor *, const Tensor *, const Tensor *);
    SelfAttention *(*self_create)(int);
    AttentionResult (*self_forward)(const SelfAttention *, const Tensor *, const Tensor *);
    void (*self_free)(SelfAttention *);
    Tensor *(*causal)(int);
    Tensor *(*padding)(const int *, int, int);
    Tensor *(*bidirectional)(int);
} student;

/* Layers that the running test created; handle k is layers[k - 1]. */
static SelfAttention *layers[MAX_LAYERS];

/* The tensors of one call: what was passed, and what it looked like before. */
typedef struct {
    unsigned count;
    Tensor *tensor[MAX_INPUTS];
    Tensor before[MAX_INPUTS];
    bool own[MAX_INPUTS]; /* false: NULL, or the same pointer as an earlier one */
} Inputs;

/* ---- loading --------------------------------------------------------------------------------- */

/* C does not let a function pointer be assigned from dlsym()'s void *; copying its bytes is fine. */
static void find(void *object, const char *name, void *function)
{
    void *address = dlsym(object, name);
    memcpy(function, &address, sizeof address);
}

bool calls_load(const char *object)
{
    void *loaded = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (loaded == NULL) {
        fprintf(stderr, "worker: %s\n", dlerror());
        return false;
    }
    find(loaded, "scaled_dot_product_attention", &student.attention);
    find(loaded, "self_attention_create", &student.self_create);
    find(loaded, "self_attention_forward", &student.self_forward);
    find(loaded, "self_attention_free", &student.self_free);
    find(loaded, "create_causal_mask", &student.causal);
    find(loaded, "create_padding_mask", &student.padding);
    find(loaded, "create_bidirectional_mask", &student.bidirectional);
    return true;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static void read_inputs(WireReader *reader, Inputs *inputs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const unsigned char *at = reader->at;
        inputs->tensor[i] = wire_get_tensor(reader, inputs->tensor, i);
        inputs->own[i] = inputs->tensor[i] != NULL && *at == WIRE_TENSOR;
        if (inputs->own[i])
            inputs->before[i] = *inputs->tensor[i];
        inputs->count = i + 1;
    }
}

static bool is_untouched(const Inputs *inputs, unsigned i)
{
    const Tensor *now = inputs->tensor[i], *before = &inputs->before[i];
    return now->ndim == before->ndim && now->size == before->size && now->data == before->data &&
           memcmp(now->shape, before->shape, sizeof now->shape) == 0;
}

/* Show the test what the inputs look like now; one whose shape was changed is not there at all. */
static void put_inputs(WireBuffer *answer, const Inputs *inputs)
{
    for (unsigned i = 0; i < inputs->count; i++)
        wire_put_tensor(answer,
                        inputs->own[i] && is_untouched(inputs, i) ? inputs->tensor[i] : NULL);
}

static void free_inputs(Inputs *inputs)
{
    for (unsigned i = 0; i < inputs->count; i++) {
        if (!inputs->own[i])
            continue;
        *inputs->tensor[i] = inputs->before[i];
        tensor_free(inputs->tensor[i]);
    }
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

static bool is_input(const Tensor *result, const Inputs *inputs)
{
    for (unsigned i = 0; i < inputs->count; i++)
        if (inputs->own[i] && (result == inputs->tensor[i] || overlaps(result, &inputs->before[i])))
            return true;
    return false;
}

static WireStatus judge_results(Tensor *const *results, unsigned count, const Inputs *inputs)
{
    for (unsigned i = 0; i < count; i++) {
        if (results[i] == NULL)
            continue;
        for (unsigned k = 0; k < inputs->count; k++)
            if (inputs->own[k] && results[i] == inputs->tensor[k])
                return WIRE_RESULT_IS_INPUT;
        if (!is_tensor(results[i]))
            return WIRE_INVALID_RESULT;
        if (is_input(results[i], inputs))
            return WIRE_RESULT_IS_INPUT;
        for (unsigned k = 0; k < i; k++)
            if (results[k] != NULL && overlaps(results[i], results[k]))
                return WIRE_RESULT_TWICE;
    }
    return WIRE_OK;
}

/*
 * Put the results, or only the status if one of them cannot be used. Unusable ones are not freed:
 * nobody knows whose memory that is, and the test has failed anyway.
 */
static WireStatus put_results(WireBuffer *answer, Tensor *const *results, unsigned count,
                              const Inputs *inputs)
{
    WireStatus status = judge_results(results, count, inputs);
    if (status != WIRE_OK)
        return status;
    for (unsigned i = 0; i < count; i++) {
        if (results[i] != NULL && calls_settings.on_result != NULL)
            calls_settings.on_result(results[i]);
        wire_put_tensor(answer, results[i]);
        tensor_free(results[i]);
    }
    return WIRE_OK;
}

static void end_counting(WireHeader *reply)
{
    AllocateCounts counts = allocate_end();
    reply->allocated = counts.allocated;
    reply->freed = counts.freed;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static WireStatus put_attention(WireBuffer *answer, AttentionResult result, const Inputs *in)
{
    WireStatus status = put_results(answer, (Tensor *[]){result.output, result.weights}, 2, in);
    if (status == WIRE_OK)
        put_inputs(answer, in);
    return status;
}

static WireStatus call_attention(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    Inputs in = {0};
    read_inputs(reader, &in, 4);
    WireStatus status = WIRE_BAD_REQUEST;
    if (wire_finished(reader)) {
        allocate_begin(reply->fail_at);
        AttentionResult result =
            student.attention(in.tensor[0], in.tensor[1], in.tensor[2], in.tensor[3]);
        end_counting(reply);
        status = put_attention(answer, result, &in);
    }
    free_inputs(&in);
    return status;
}

static WireStatus call_self_create(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    int d_model = wire_get_i32(reader);
    unsigned slot = 0;
    while (slot < MAX_LAYERS && layers[slot] != NULL)
        slot++;
    if (!wire_finished(reader) || slot == MAX_LAYERS)
        return WIRE_BAD_REQUEST;
    allocate_begin(reply->fail_at);
    SelfAttention *layer = student.self_create(d_model);
    end_counting(reply);
    layers[slot] = layer;
    wire_put_u32(answer, layer != NULL ? slot + 1 : 0);
    wire_put_i32(answer, layer != NULL ? layer->d_model : 0);
    return WIRE_OK;
}

/* The layer of a handle; *known is false if there is none. Handle 0 is NULL. */
static SelfAttention *find_layer(uint32_t handle, bool *known)
{
    *known = handle == 0 || (handle <= MAX_LAYERS && layers[handle - 1] != NULL);
    return *known && handle > 0 ? layers[handle - 1] : NULL;
}

static WireStatus call_self_forward(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    bool known;
    SelfAttention *layer = find_layer(wire_get_u32(reader), &known);
    Inputs in = {0};
    read_inputs(reader, &in, 2);
    WireStatus status = WIRE_BAD_REQUEST;
    if (wire_finished(reader) && known) {
        allocate_begin(reply->fail_at);
        AttentionResult result = student.self_forward(layer, in.tensor[0], in.tensor[1]);
        end_counting(reply);
        status = put_attention(answer, result, &in);
    }
    free_inputs(&in);
    return status;
}

static WireStatus call_self_free(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    (void)answer;
    uint32_t handle = wire_get_u32(reader);
    bool known;
    SelfAttention *layer = find_layer(handle, &known);
    if (!wire_finished(reader) || !known)
        return WIRE_BAD_REQUEST;
    allocate_begin(reply->fail_at);
    student.self_free(layer);
    end_counting(reply);
    if (handle > 0)
        layers[handle - 1] = NULL;
    return WIRE_OK;
}

static WireStatus put_mask(WireBuffer *answer, Tensor *mask)
{
    return put_results(answer, &mask, 1, &(Inputs){0});
}

static WireStatus call_square_mask(Tensor *(*create)(int), WireReader *reader, WireHeader *reply,
                                   WireBuffer *answer)
{
    int seq_len = wire_get_i32(reader);
    if (!wire_finished(reader))
        return WIRE_BAD_REQUEST;
    allocate_begin(reply->fail_at);
    Tensor *mask = create(seq_len);
    end_counting(reply);
    return put_mask(answer, mask);
}

static WireStatus call_causal(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    return call_square_mask(student.causal, reader, reply, answer);
}

static WireStatus call_bidirectional(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    return call_square_mask(student.bidirectional, reader, reply, answer);
}

/* The array is exactly as long as the test's, so that Valgrind sees a read past its end. */
static int *read_lengths(WireReader *reader, uint32_t *count)
{
    uint32_t present = wire_get_u32(reader);
    *count = present > 0 ? present - 1 : 0;
    if (present == 0)
        return NULL;
    if (*count > (size_t)(reader->end - reader->at) / sizeof(int32_t)) {
        reader->failed = true;
        return NULL;
    }
    int *array = malloc(*count > 0 ? *count * sizeof *array : 1);
    if (array == NULL) {
        reader->failed = true;
        return NULL;
    }
    for (uint32_t i = 0; i < *count; i++)
        array[i] = wire_get_i32(reader);
    return array;
}

static WireStatus call_padding(WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    uint32_t count;
    int *lengths = read_lengths(reader, &count);
    int batch_size = wire_get_i32(reader);
    int max_length = wire_get_i32(reader);
    WireStatus status = WIRE_BAD_REQUEST;
    if (wire_finished(reader)) {
        allocate_begin(reply->fail_at);
        Tensor *mask = student.padding(lengths, batch_size, max_length);
        end_counting(reply);
        status = put_mask(answer, mask);
        for (uint32_t i = 0; status == WIRE_OK && i < count; i++)
            wire_put_i32(answer, lengths[i]);
    }
    free(lengths);
    return status;
}

static WireStatus dispatch(WireKind kind, WireReader *reader, WireHeader *reply, WireBuffer *answer)
{
    switch (kind) {
    case WIRE_ATTENTION:
        return student.attention ? call_attention(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_SELF_CREATE:
        return student.self_create ? call_self_create(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_SELF_FORWARD:
        return student.self_forward ? call_self_forward(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_SELF_FREE:
        return student.self_free ? call_self_free(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_CAUSAL:
        return student.causal ? call_causal(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_PADDING:
        return student.padding ? call_padding(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_BIDIRECTIONAL:
        return student.bidirectional ? call_bidirectional(reader, reply, answer) : WIRE_NOT_DEFINED;
    case WIRE_KINDS:
    case WIRE_READY:
    case WIRE_DEATH:
    case WIRE_NO_MORE:
        break;
    }
    return WIRE_BAD_REQUEST;
}

void calls_perform(const WireHeader *request, const void *payload, WireHeader *reply,
                   WireBuffer *answer)
{
    *reply = *request;
    reply->allocated = 0;
    WireReader reader = wire_reader(payload, request->length);
    reply->status = (uint16_t)dispatch(request->kind, &reader, reply, answer);
    if (reply->status != WIRE_OK)
        answer->length = 0;
    reply->length = (uint32_t)answer->length;
}

void calls_forget(void)
{
    for (unsigned slot = 0; slot < MAX_LAYERS; slot++) {
        if (layers[slot] != NULL && student.self_free != NULL)
            student.self_free(layers[slot]);
        layers[slot] = NULL;
    }
}
