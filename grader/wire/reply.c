/* reply.c: see reply.h. */
#include "wire/reply.h"

const char *reply_refuse(const WireHeader *reply, const WireHeader *request)
{
    if (reply->magic != WIRE_MAGIC)
        return "it does not begin as a reply does";
    if (reply->kind != request->kind)
        return "it answers another function";
    if (reply->sequence != request->sequence)
        return "it answers another call";
    if (reply->nonce != request->nonce)
        return "it is not of this worker";
    if (reply->status >= WIRE_STATUSES)
        return "its status is unknown";
    if (reply->length > WIRE_MAX_PAYLOAD)
        return "it is too long";
    return NULL;
}

/* No tensor of a reply is the same pointer as another. */
static Tensor *get_tensor(WireReader *reader)
{
    return wire_get_tensor(reader, NULL, 0);
}

static void get_result(WireReader *reader, ApiResultType type, Reply *reply)
{
    switch (type) {
    case API_GIVES_NOTHING:
        break;
    case API_GIVES_TENSOR:
        reply->tensors[0] = get_tensor(reader);
        break;
    case API_GIVES_ATTENTION:
        reply->tensors[0] = get_tensor(reader);
        reply->tensors[1] = get_tensor(reader);
        break;
    case API_GIVES_LAYER:
        reply->handle = wire_get_u32(reader);
        reply->d_model = wire_get_i32(reader);
        break;
    }
}

static void get_left(WireReader *reader, ApiParameterType type, WireArgument *left)
{
    switch (type) {
    case API_TAKES_TENSOR:
        left->tensor = get_tensor(reader);
        left->owned = true;
        break;
    case API_TAKES_LENGTHS:
        left->lengths = wire_get_lengths(reader, &left->count);
        break;
    case API_TAKES_INT:
    case API_TAKES_LAYER:
    case API_TAKES_FREED_LAYER:
        break;
    }
}

Reply reply_read(WireReader *reader, const ApiFunction *function)
{
    Reply reply = {0};
    get_result(reader, function->gives, &reply);
    for (unsigned i = 0; i < function->count; i++)
        get_left(reader, function->parameters[i].type, &reply.left[i]);
    return reply;
}

void reply_release(Reply *reply)
{
    tensor_free(reply->tensors[0]);
    tensor_free(reply->tensors[1]);
    wire_release_arguments(reply->left, API_MAX_PARAMETERS);
    *reply = (Reply){0};
}
