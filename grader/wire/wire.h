/*
 * wire.h: the language that the proxy (in the test program, trusted) and the worker (beside the
 * student's code, untrusted) speak over one stream socket.
 *
 * A test calls a function of attention.h; the proxy sends one request, the worker makes the call
 * and sends exactly one reply. Both are a WireHeader and `length` bytes of payload. Integers are of
 * the machine's own order: both ends run on one machine.
 *
 *     request   each argument
 *     reply     the result, then what the call left of each argument
 *
 * in the order of the function's row in wire/api.h. A type of it is written as
 *
 *     TENSOR, also twice in an ATTENTION:
 *             u8 form   WIRE_NULL, WIRE_TENSOR, or WIRE_SAME + k: the pointer of the request's k-th
 *             u8 ndim, i32 shape[ndim], f32 data[product of shape]       only if WIRE_TENSOR
 *     INT     i32                                   as an argument that was left: nothing
 *     LENGTHS u32 count + 1 or 0 for NULL, i32 lengths[count]
 *     LAYER, FREED_LAYER
 *             u32 handle (0: NULL)                  as an argument that was left: nothing
 *             u32 handle, i32 d_model as stored     as a result
 *
 * A TENSOR that was left is WIRE_NULL if the request had no elements for it, or if the call changed
 * its shape. The replies are checked in wire/reply.h. Every read of a payload goes through a
 * WireReader, which cannot leave it.
 *
 * Plain C without GLib: this file is linked to the worker, to the test programs and to the grader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor.h"
#include "wire/api.h"

#define WIRE_MAGIC 0x31545441u      /* "ATT1" */
#define WIRE_MAX_PAYLOAD (4u << 20) /* bytes; the largest test needs a few hundred KiB */
#define WIRE_FAIL_REST 0x80000000u
#define WIRE_EXIT_NO_MEMORY 124 /* how a worker ends that cannot allocate a message */

enum { WIRE_NULL = 0, WIRE_TENSOR = 1, WIRE_SAME = 16 };

/* What a message is: a call, by the number of its function (API_create_causal_mask), or a word. */
typedef enum {
    WIRE_READY = 0xbead,  /* a worker's first word, said before it comes to any code of the student;
                              whatever it says later may be a lie */
    WIRE_DEATH = 0xdead,  /* the fork server's, in place of a reply: the worker is dead; its payload
                              is an i32 status as of waitpid() */
    WIRE_NO_MORE = 0xd1e, /* the grader's, in place of a worker's first: there is no worker for this
                             test, since too many tests before it waited for ever */
} WireWord;

/* How the call went, as the worker sees it. */
typedef enum {
    WIRE_OK,
    WIRE_NOT_DEFINED,     /* attention.c has no such function */
    WIRE_INVALID_RESULT,  /* a result whose ndim, shape, size or data cannot be a tensor's */
    WIRE_RESULT_IS_INPUT, /* a result that is, or lies in, a tensor that was passed in */
    WIRE_RESULT_TWICE,    /* output and weights are one tensor, or share their data */
    WIRE_BAD_REQUEST,     /* our own fault */
    WIRE_STATUSES,
} WireStatus;

typedef struct {
    uint32_t magic;
    uint16_t kind;     /* of a call, or a WireWord; a reply repeats that of its request */
    uint16_t status;   /* WireStatus in a reply, 0 in a request */
    uint32_t sequence; /* 1 for the first call of a test */
    uint32_t length;   /* bytes of payload */
    uint64_t nonce;    /* random for each worker; a reply repeats it */
    union {
        uint32_t fail_at; /* request: let the fail_at-th allocation of this call fail; 0: none.
                             WIRE_FAIL_REST added to it: and all that follow */
        uint32_t freed;   /* reply: how many blocks the call freed */
    };
    uint32_t allocated; /* reply: how many allocations the call asked for */
} WireHeader;

/*
 * Before all that, the first that a proxy says on its connection, to the grader: which test it is.
 * Strings end with a NUL byte. The worker never sees it.
 */
typedef struct {
    char suite[64], test[64];
} WireHello;

/* ---- writing --------------------------------------------------------------------------------- */

/* A growing payload. Release it with wire_buffer_release(). After a failure it stays `failed`. */
typedef struct {
    unsigned char *bytes;
    size_t length, capacity;
    bool failed; /* no memory, or longer than WIRE_MAX_PAYLOAD */
} WireBuffer;

void wire_put(WireBuffer *buffer, const void *bytes, size_t length);
void wire_put_u32(WireBuffer *buffer, uint32_t value);
void wire_put_i32(WireBuffer *buffer, int32_t value);
void wire_put_tensor(WireBuffer *buffer, const Tensor *tensor); /* NULL is WIRE_NULL */
void wire_put_same(WireBuffer *buffer, unsigned k);
void wire_put_lengths(WireBuffer *buffer, const int *lengths, uint32_t count); /* or NULL */
void wire_buffer_release(WireBuffer *buffer);

/* ---- reading --------------------------------------------------------------------------------- */

/* A place in a payload. Once `failed`, every read gives 0 or NULL. */
typedef struct {
    const unsigned char *at, *end;
    bool failed;
} WireReader;

WireReader wire_reader(const void *bytes, size_t length);
uint32_t wire_get_u32(WireReader *reader);
int32_t wire_get_i32(WireReader *reader);

/*
 * Read a tensor: a new one, or NULL for WIRE_NULL. WIRE_SAME + k gives `earlier[k]` itself and
 * needs k < n_earlier; with n_earlier 0 (as in every reply) it fails. Fails on anything malformed.
 */
Tensor *wire_get_tensor(WireReader *reader, Tensor *const *earlier, unsigned n_earlier);

/*
 * Read an array, to be freed: exactly as long as it says, so that Valgrind sees a read past its
 * end. NULL for NULL, and on failure.
 */
int *wire_get_lengths(WireReader *reader, uint32_t *count);

/* True if nothing failed and nothing is left over. */
bool wire_finished(const WireReader *reader);

/* ---- arguments ------------------------------------------------------------------------------- */

/* An argument as it was read: the members for its type. */
typedef struct {
    Tensor *tensor;  /* TENSOR */
    int *lengths;    /* LENGTHS */
    uint32_t count;  /* of lengths */
    int32_t number;  /* INT */
    uint32_t handle; /* LAYER, FREED_LAYER */
    bool owned;      /* of a tensor: neither NULL nor the pointer of an earlier one */
} WireArgument;

/*
 * Read the arguments of a request, as many as the function has. False if they are malformed or are
 * not all. Release them in any case.
 */
bool wire_get_arguments(WireReader *reader, const ApiFunction *function, WireArgument *arguments);
void wire_release_arguments(WireArgument *arguments, unsigned count);

/* ---- moving ---------------------------------------------------------------------------------- */

/*
 * Write or read all of it. False at the end of the file or on an error; errno is 0 at the end. The
 * caller ignores SIGPIPE: the other end may be gone.
 */
bool wire_write_all(int fd, const void *bytes, size_t length);
bool wire_read_all(int fd, void *bytes, size_t length);
