/*
 * call.h: one call of a function of attention.h, as a request to the worker and its answer
 * (grader/wire/wire.h). For functions.c:
 *
 *     Call call = call_begin(API_create_causal_mask, values);
 *     wire_put_i32(&call.payload, values[0].INT);
 *     call_perform(&call);
 *     Reply reply = reply_read(&call.reader, call.function);
 *     call_end(&call);
 *
 * The first call of a test connects to its worker. Request and reply are written to the test's call
 * log. Whatever is wrong with the worker or its answer fails the running test, and none of these
 * functions returns then.
 */
#pragma once

#include "wire/wire.h"

typedef struct {
    const ApiFunction *function;
    const ApiValue *values; /* the caller's */
    WireHeader request;
    WireBuffer payload;
    WireHeader reply;
    unsigned char *answer;
    WireReader reader; /* over the answer */
} Call;

/* A call of the function with this number, API_create_causal_mask for one. */
Call call_begin(unsigned number, const ApiValue *values);

/* Send the request with its payload, and wait for the reply, whose payload `reader` then reads. */
void call_perform(Call *call);

/* The answer has been read: it must have been all. */
void call_end(Call *call);

/* Fail the running test: what came back is not an answer. */
void call_fail_protocol(const Call *call, const char *why);
