/*
 * reply.h: where a reply is checked. What a worker sends comes from beside student code and may be
 * any bytes; nothing of it is believed before it has passed here.
 *
 * reply_refuse() judges the header against the request that it answers, reply_read() the payload
 * against the function's row in wire/api.h. What is then a Reply has well-formed tensors, each of
 * its own memory. Whether they are right is for the tests.
 *
 * For the trusted side only: the proxy, the call log and the picture. The worker does not have it.
 */
#pragma once

#include "wire/wire.h"

/*
 * Why this header cannot be the reply to that request, in words, or NULL if it can: magic, kind,
 * sequence, nonce, status and length are checked.
 */
const char *reply_refuse(const WireHeader *reply, const WireHeader *request);

typedef struct {
    Tensor *tensors[2]; /* the result: a TENSOR, or output and weights of an ATTENTION; else NULL */
    uint32_t handle;    /* the result: a LAYER; 0 is NULL */
    int32_t d_model;
    WireArgument left[API_MAX_PARAMETERS]; /* what the call left of TENSOR and LENGTHS */
} Reply;

/*
 * Read the payload of a reply whose status is WIRE_OK. The reader fails if it is malformed; that it
 * is finished is for the caller to ask. Release the reply in any case.
 */
Reply reply_read(WireReader *reader, const ApiFunction *function);
void reply_release(Reply *reply);
