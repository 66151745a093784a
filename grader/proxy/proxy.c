/* proxy.c: attention.h by asking a worker; see proxy.h. */
#include "proxy/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "proxy/call.h"

/* A layer as the test holds it. The test sees the first member, the student's object is far away. */
typedef struct {
    SelfAttention layer;
    uint32_t handle;
} RemoteLayer;

/* ---- tensors that go and come ---------------------------------------------------------------- */

/* One input of a call, under the name that attention.h gives it. */
typedef struct {
    const char *name;
    const Tensor *tensor;
} Input;

/* The number of the first input that is the same pointer as the i-th: i itself if none is. */
static unsigned first_of(const Input *inputs, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (inputs[k].tensor == inputs[i].tensor)
            return k;
    return i;
}

static void put_inputs(Call *call, const Input *inputs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned first = first_of(inputs, i);
        if (inputs[i].tensor == NULL || first == i)
            wire_put_tensor(&call->payload, inputs[i].tensor);
        else
            wire_put_same(&call->payload, first);
    }
}

static Tensor *get_result(Call *call)
{
    return wire_get_tensor(&call->reader, NULL, 0);
}

static void fail_changed(const Call *call, const Input *input, const Tensor *now)
{
    const char *hint = "work on a copy: tensor_copy(), or a new tensor for what you compute";
    if (now == NULL || !tensor_same_shape(now, input->tensor))
        fail_test("input_changed", hint, "%s changed its input %s: its shape or its data pointer",
                  call->function, input->name);
    size_t i = 0;
    while (memcmp(&now->data[i], &input->tensor->data[i], sizeof(float)) == 0)
        i++;
    /* With as many digits as tell one float from the next: it may have been changed there and back. */
    fail_test("input_changed", hint,
              "%s changed its input %s: element %zu was %.9g and is now %.9g", call->function,
              input->name, i, (double)input->tensor->data[i], (double)now->data[i]);
}

static void check_inputs(Call *call, const Input *inputs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        Tensor *now = get_result(call);
        if (inputs[i].tensor == NULL || first_of(inputs, i) != i)
            continue;
        if (call->reader.failed)
            call_fail_protocol(call, "it has no complete inputs");
        if (now == NULL || !tensor_same_shape(now, inputs[i].tensor) ||
            memcmp(now->data, inputs[i].tensor->data, now->size * sizeof(float)) != 0)
            fail_changed(call, &inputs[i], now);
        tensor_free(now);
    }
}

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
                  "%s returned a tensor that this call did not allocate", call->function);
    if (ran_out(call, needed))
        fail_test("result", "return NULL when malloc() or tensor_create() does",
                  "%s returned a tensor, though there was no memory for it", call->function);
}

/* A layer may be a static one, but then the call has asked for no memory. */
static void check_layer(const Call *call)
{
    if (call->reply.allocated > 0 && ran_out(call, 1))
        fail_test("result", "return NULL when malloc() does",
                  "%s returned a layer, though there was no memory for it", call->function);
}

static AttentionResult get_attention(Call *call, const Input *inputs, unsigned count)
{
    AttentionResult result = {0};
    call_perform(call);
    result.output = get_result(call);
    result.weights = get_result(call);
    check_inputs(call, inputs, count);
    call_end(call);
    check_new(call, (result.output != NULL) + (result.weights != NULL));
    if ((result.output == NULL) != (result.weights == NULL))
        fail_test("result", "return both tensors, or free what you have and return {NULL, NULL}",
                  "%s returned half a result: %s is NULL", call->function,
                  result.output == NULL ? "output" : "weights");
    return result;
}

/* ---- attention.h ----------------------------------------------------------------------------- */

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    const Input inputs[] = {{"Q", Q}, {"K", K}, {"V", V}, {"mask", mask}};
    Call call = call_begin(WIRE_ATTENTION, "scaled_dot_product_attention");
    put_inputs(&call, inputs, 4);
    return get_attention(&call, inputs, 4);
}

SelfAttention *self_attention_create(int d_model)
{
    Call call = call_begin(WIRE_SELF_CREATE, "self_attention_create");
    wire_put_i32(&call.payload, d_model);
    call_perform(&call);
    uint32_t handle = wire_get_u32(&call.reader);
    int stored = wire_get_i32(&call.reader);
    call_end(&call);
    if (handle == 0)
        return NULL;
    check_layer(&call);
    RemoteLayer *remote = malloc(sizeof *remote);
    if (remote == NULL)
        fail_test("broken", NULL, "no memory for a layer");
    *remote = (RemoteLayer){.layer = {.d_model = stored}, .handle = handle};
    return &remote->layer;
}

static uint32_t handle_of(const SelfAttention *attention)
{
    return attention != NULL ? ((const RemoteLayer *)attention)->handle : 0;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    const Input inputs[] = {{"x", x}, {"mask", mask}};
    Call call = call_begin(WIRE_SELF_FORWARD, "self_attention_forward");
    wire_put_u32(&call.payload, handle_of(attention));
    put_inputs(&call, inputs, 2);
    return get_attention(&call, inputs, 2);
}

void self_attention_free(SelfAttention *remote)
{
    Call call = call_begin(WIRE_SELF_FREE, "self_attention_free");
    wire_put_u32(&call.payload, handle_of(remote));
    call_perform(&call);
    call_end(&call);
    free(remote);
}

static Tensor *get_mask(Call *call)
{
    call_perform(call);
    Tensor *mask = get_result(call);
    call_end(call);
    check_new(call, mask != NULL);
    return mask;
}

Tensor *create_causal_mask(int seq_len)
{
    Call call = call_begin(WIRE_CAUSAL, "create_causal_mask");
    wire_put_i32(&call.payload, seq_len);
    return get_mask(&call);
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Call call = call_begin(WIRE_BIDIRECTIONAL, "create_bidirectional_mask");
    wire_put_i32(&call.payload, seq_len);
    return get_mask(&call);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    Call call = call_begin(WIRE_PADDING, "create_padding_mask");
    uint32_t count = lengths != NULL && batch_size > 0 ? (uint32_t)batch_size : 0;
    wire_put_u32(&call.payload, lengths != NULL ? count + 1 : 0);
    for (uint32_t i = 0; i < count; i++)
        wire_put_i32(&call.payload, lengths[i]);
    wire_put_i32(&call.payload, batch_size);
    wire_put_i32(&call.payload, max_length);
    call_perform(&call);
    Tensor *mask = get_result(&call);
    for (uint32_t i = 0; i < count; i++) {
        int now = wire_get_i32(&call.reader);
        if (!call.reader.failed && now != lengths[i])
            fail_test("input_changed", "lengths belongs to the caller: only read it",
                      "%s changed its input lengths: lengths[%u] was %d and is now %d",
                      call.function, (unsigned)i, lengths[i], now);
    }
    call_end(&call);
    check_new(&call, mask != NULL);
    return mask;
}
