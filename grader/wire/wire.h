/*
 * wire.h: the language that the proxy (in the test program, trusted) and the worker (beside the
 * student's code, untrusted) speak over one stream socket.
 *
 * A test calls a function of attention.h; the proxy sends one request, the worker makes the call
 * and sends exactly one reply. Both are a WireHeader and `length` bytes of payload. Integers are of
 * the machine's own order: both ends run on one machine. A tensor is
 *
 *     u8 form   WIRE_NULL, WIRE_TENSOR, or WIRE_SAME + k: the same pointer as the k-th tensor
 *     u8 ndim, i32 shape[ndim], f32 data[product of shape]       only if WIRE_TENSOR
 *
 * Nothing that arrives is believed before wire_open_*() has checked it: a length within bounds, a
 * known kind, the sequence number and nonce that were asked for, tensors that end where the payload
 * ends. Every read of a payload goes through a WireReader, which cannot leave it.
 *
 * Plain C without GLib: this file is linked to the worker, to the test programs and to the grader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor.h"

#define WIRE_MAGIC 0x31545441u      /* "ATT1" */
#define WIRE_MAX_PAYLOAD (4u << 20) /* bytes; the largest test needs a few hundred KiB */
#define WIRE_MAX_TENSORS 6          /* in one message */
#define WIRE_FAIL_REST 0x80000000u
#define WIRE_EXIT_NO_MEMORY 124 /* how a worker ends that cannot allocate a message */

enum { WIRE_NULL = 0, WIRE_TENSOR = 1, WIRE_SAME = 16 };

/* What to call. The order is also the order of the worker's table. */
typedef enum {
    WIRE_ATTENTION = 1, /* u32 0, tensors Q K V mask -> output weights, then the four again */
    WIRE_SELF_CREATE,   /* i32 d_model -> u32 handle (0: NULL), i32 d_model as stored */
    WIRE_SELF_FORWARD,  /* u32 handle (0: NULL), tensors x mask -> output weights, then the two */
    WIRE_SELF_FREE,     /* u32 handle (0: NULL) -> nothing */
    WIRE_CAUSAL,        /* i32 seq_len -> tensor */
    WIRE_PADDING,       /* u32 count + 1 or 0 for NULL, i32 lengths[count], i32 batch_size,
                           i32 max_length -> tensor, then i32 lengths[count] again */
    WIRE_BIDIRECTIONAL, /* i32 seq_len -> tensor */
    WIRE_KINDS,
    WIRE_READY =
        0xbead, /* not a call: a worker's first word, said before it comes to any code of the
                            student; whatever it says later may be a lie */
    WIRE_DEATH = 0xdead,  /* not a call: the nursery's word, in place of a reply, that the worker is
                            dead: i32 status as of waitpid() */
    WIRE_NO_MORE = 0xd1e, /* not a call: the grader's word, instead of a worker's first: there is
                             none for this test, too many tests before it waited for ever */
} WireKind;

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
    uint16_t kind;     /* WireKind; a reply repeats that of its request */
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
 * Read a tensor: a new one, or NULL for WIRE_NULL. WIRE_SAME + k gives `earlier[k]` itself and needs
 * k < n_earlier; with n_earlier 0 (as in every reply) it fails. Fails on anything malformed.
 */
Tensor *wire_get_tensor(WireReader *reader, Tensor *const *earlier, unsigned n_earlier);

/* True if nothing failed and nothing is left over. */
bool wire_finished(const WireReader *reader);

/*
 * Why this header cannot be the reply to that request, in words, or NULL if it can: magic, kind,
 * sequence, nonce, status and length are checked.
 */
const char *wire_refuse_reply(const WireHeader *reply, const WireHeader *request);

/* ---- moving ---------------------------------------------------------------------------------- */

/*
 * Write or read all of it. False at the end of the file or on an error; errno is 0 at the end. The
 * caller ignores SIGPIPE: the other end may be gone.
 */
bool wire_write_all(int fd, const void *bytes, size_t length);
bool wire_read_all(int fd, void *bytes, size_t length);
