/*
 * call.h: one call of a function of attention.h, as a request to the worker and its answer
 * (grader/wire/wire.h). For proxy.c:
 *
 *     Call call = call_begin(WIRE_CAUSAL, "create_causal_mask");
 *     wire_put_i32(&call.payload, seq_len);
 *     call_perform(&call);
 *     Tensor *mask = wire_get_tensor(&call.reader, NULL, 0);
 *     call_end(&call);
 *
 * The first call of a test connects to its worker. Request and reply are recorded. Whatever is wrong
 * with the worker or its answer fails the running test, and none of these functions returns then.
 */
#pragma once

#include "wire/wire.h"

typedef struct {
    const char *function; /* for messages */
    WireHeader request;
    WireBuffer payload;
    WireHeader reply;
    unsigned char *answer;
    WireReader reader; /* over the answer */
} Call;

Call call_begin(WireKind kind, const char *function);

/* Send the request with its payload, and wait for the reply, whose payload `reader` then reads. */
void call_perform(Call *call);

/* The answer has been read: it must have been all. */
void call_end(Call *call);

/* Fail the running test: what came back is not an answer. */
void call_fail_protocol(const Call *call, const char *why);
