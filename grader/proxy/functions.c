/* functions.c: each function of attention.h, by asking a worker; see proxy.h. */
#include "attention.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "proxy/call.h"
#include "wire/reply.h"

/* A layer as the test holds it: it sees the first member. The student's object is in the worker. */
typedef struct {
    SelfAttention layer;
    uint32_t handle;
} RemoteLayer;

/* ---- arguments ------------------------------------------------------------------------------- */

static bool is_tensor(const Call *call, unsigned i)
{
    return call->function->parameters[i].type == API_TAKES_TENSOR;
}

/*
 * Is the i-th argument the same pointer as an earlier one? Then *same is the number of that one
 * among the tensors.
 */
static bool find_same(const Call *call, unsigned i, unsigned *same)
{
    *same = 0;
    for (unsigned k = 0; k < i; k++) {
        if (!is_tensor(call, k))
            continue;
        if (call->values[k].TENSOR == call->values[i].TENSOR)
            return true;
        ++*same;
    }
    return false;
}

static void put_tensor(Call *call, unsigned i)
{
    unsigned same;
    const Tensor *tensor = call->values[i].TENSOR;
    if (tensor != NULL && find_same(call, i, &same))
        wire_put_same(&call->payload, same);
    else
        wire_put_tensor(&call->payload, tensor);
}

/* There are as many lengths as the next argument says. */
static uint32_t count_lengths(const Call *call, unsigned i)
{
    int count = call->values[i + 1].INT;
    return call->values[i].LENGTHS != NULL && count > 0 ? (uint32_t)count : 0;
}

static uint32_t handle_of(const SelfAttention *attention)
{
    return attention != NULL ? ((const RemoteLayer *)attention)->handle : 0;
}

static void put_argument(Call *call, unsigned i)
{
    const ApiValue *value = &call->values[i];
    switch (call->function->parameters[i].type) {
    case API_TAKES_TENSOR:
        put_tensor(call, i);
        break;
    case API_TAKES_INT:
        wire_put_i32(&call->payload, value->INT);
        break;
    case API_TAKES_LENGTHS:
        wire_put_lengths(&call->payload, value->LENGTHS, count_lengths(call, i));
        break;
    case API_TAKES_LAYER:
        wire_put_u32(&call->payload, handle_of(value->LAYER));
        break;
    case API_TAKES_FREED_LAYER:
        wire_put_u32(&call->payload, handle_of(value->FREED_LAYER));
        break;
    }
}

/* ---- what the call left of its arguments ----------------------------------------------------- */

static void fail_changed(const Call *call, unsigned i, const Tensor *now)
{
    const char *hint = "work on a copy: tensor_copy(), or a new tensor for what you compute";
    const char *name = call->function->parameters[i].name;
    const Tensor *before = call->values[i].TENSOR;
    if (now == NULL || !tensor_same_shape(now, before))
        fail_test("input_changed", hint, "%s changed its input %s: its shape or its data pointer",
                  call->function->name, name);
    const unsigned char *is = (const unsigned char *)now->data;
    const unsigned char *was = (const unsigned char *)before->data;
    size_t k = 0;
    while (is[k] == was[k])
        k++;
    k /= sizeof(float);
    /* With as many digits as tell one float from the next. */
    fail_test("input_changed", hint,
              "%s changed its input %s: element %zu was %.9g and is now %.9g", call->function->name,
              name, k, (double)before->data[k], (double)now->data[k]);
}

static void check_tensor(const Call *call, unsigned i, const Tensor *now)
{
    unsigned same;
    const Tensor *before = call->values[i].TENSOR;
    if (before == NULL || find_same(call, i, &same)) {
        if (now != NULL)
            call_fail_protocol(call, "it has an input that was not sent");
        return;
    }
    if (call->reader.failed)
        call_fail_protocol(call, "it has no complete inputs");
    if (now == NULL || !tensor_same_shape(now, before) ||
        memcmp(now->data, before->data, now->size * sizeof(float)) != 0)
        fail_changed(call, i, now);
}

static void check_lengths(const Call *call, unsigned i, const WireArgument *now)
{
    const int *before = call->values[i].LENGTHS;
    uint32_t count = count_lengths(call, i);
    if (call->reader.failed || now->count != count)
        call_fail_protocol(call, "it is not of the right length");
    for (uint32_t k = 0; k < count; k++)
        if (now->lengths[k] != before[k])
            fail_test("input_changed", "lengths belongs to the caller: only read it",
                      "%s changed its input %s: %s[%u] was %d and is now %d", call->function->name,
                      call->function->parameters[i].name, call->function->parameters[i].name,
                      (unsigned)k, before[k], now->lengths[k]);
}

static void check_argument(const Call *call, unsigned i, const WireArgument *left)
{
    switch (call->function->parameters[i].type) {
    case API_TAKES_TENSOR:
        check_tensor(call, i, left->tensor);
        break;
    case API_TAKES_LENGTHS:
        check_lengths(call, i, left);
        break;
    case API_TAKES_FREED_LAYER:
        free(call->values[i].FREED_LAYER);
        break;
    case API_TAKES_INT:
    case API_TAKES_LAYER:
        break;
    }
}

/* ---- results --------------------------------------------------------------------------------- */

/*
 * Was there too little memory for so many blocks? The worker makes it run out, and it is not to be
 * trusted.
 */
static bool ran_out(const Call *call, unsigned blocks)
{
    bool rest = (call->request.fail_at & WIRE_FAIL_REST) != 0;
    return rest && (call->request.fail_at & ~WIRE_FAIL_REST) <= blocks;
}

/*
 * A tensor is two blocks that the caller frees, so they are new each time; memory that came in
 * another way than through malloc() is none that can run out.
 */
static void check_new(const Call *call, unsigned results)
{
    enum { BLOCKS = 2 };
    unsigned needed = BLOCKS * results;
    if (call->reply.allocated < needed)
        fail_test("result", "create each result with tensor_create(), in the call that returns it",
                  "%s returned a tensor that this call did not allocate", call->function->name);
    if (ran_out(call, needed))
        fail_test("result", "return NULL when malloc() or tensor_create() does",
                  "%s returned a tensor, though there was no memory for it", call->function->name);
}

static AttentionResult take_attention(const Call *call, const Reply *reply)
{
    AttentionResult result = {.output = reply->tensors[0], .weights = reply->tensors[1]};
    check_new(call, (result.output != NULL) + (result.weights != NULL));
    if ((result.output == NULL) != (result.weights == NULL))
        fail_test("result", "return both tensors, or free what you have and return {NULL, NULL}",
                  "%s returned half a result: %s is NULL", call->function->name,
                  result.output == NULL ? "output" : "weights");
    return result;
}

/* A layer may be a static one, but then the call has asked for no memory. */
static SelfAttention *take_layer(const Call *call, const Reply *reply)
{
    if (reply->handle == 0)
        return NULL;
    if (call->reply.allocated > 0 && ran_out(call, 1))
        fail_test("result", "return NULL when malloc() does",
                  "%s returned a layer, though there was no memory for it", call->function->name);
    RemoteLayer *remote = malloc(sizeof *remote);
    if (remote == NULL)
        fail_test("broken", NULL, "no memory for a layer");
    *remote = (RemoteLayer){.layer = {.d_model = reply->d_model}, .handle = reply->handle};
    return &remote->layer;
}

/* What is taken belongs to the test, and no longer to the reply. */
static ApiResult take_result(const Call *call, Reply *reply)
{
    ApiResult result = {0};
    switch (call->function->gives) {
    case API_GIVES_NOTHING:
        break;
    case API_GIVES_TENSOR:
        result.TENSOR = reply->tensors[0];
        check_new(call, result.TENSOR != NULL);
        break;
    case API_GIVES_ATTENTION:
        result.ATTENTION = take_attention(call, reply);
        break;
    case API_GIVES_LAYER:
        result.LAYER = take_layer(call, reply);
        break;
    }
    memset(reply->tensors, 0, sizeof reply->tensors);
    return result;
}

/* ---- attention.h ----------------------------------------------------------------------------- */

/* Make the call of this number (API_create_causal_mask, ...) in the worker. */
static ApiResult perform(unsigned number, const ApiValue *values)
{
    Call call = call_begin(number, values);
    for (unsigned i = 0; i < call.function->count; i++)
        put_argument(&call, i);
    call_perform(&call);
    Reply reply = reply_read(&call.reader, call.function);
    for (unsigned i = 0; i < call.function->count; i++)
        check_argument(&call, i, &reply.left[i]);
    call_end(&call);
    ApiResult result = take_result(&call, &reply);
    reply_release(&reply);
    return result;
}

#define DEFINE(n, gives, name, ...)                                                                \
    API_HEAD(, n, gives, name, __VA_ARGS__)                                                        \
    {                                                                                              \
        const ApiValue values[] = {API_EACH(n, API_VALUE, __VA_ARGS__)};                           \
        ApiResult result = perform(API_##name, values);                                            \
        API_RETURN_##gives(result);                                                                \
    }
API(DEFINE)
