/* wire.c: encode and decode what proxy and worker say; see wire.h. */
#include "wire/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- writing --------------------------------------------------------------------------------- */

static bool make_room(WireBuffer *buffer, size_t length)
{
    if (length > WIRE_MAX_PAYLOAD || buffer->length > WIRE_MAX_PAYLOAD - length)
        return false;
    size_t needed = buffer->length + length;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = needed * 2;
    unsigned char *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void wire_put(WireBuffer *buffer, const void *bytes, size_t length)
{
    if (buffer->failed || length == 0)
        return;
    if (!make_room(buffer, length)) {
        buffer->failed = true;
        return;
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

static void put_u8(WireBuffer *buffer, uint8_t value)
{
    wire_put(buffer, &value, sizeof value);
}

void wire_put_u32(WireBuffer *buffer, uint32_t value)
{
    wire_put(buffer, &value, sizeof value);
}

void wire_put_i32(WireBuffer *buffer, int32_t value)
{
    wire_put(buffer, &value, sizeof value);
}

void wire_put_tensor(WireBuffer *buffer, const Tensor *tensor)
{
    if (tensor == NULL) {
        put_u8(buffer, WIRE_NULL);
        return;
    }
    put_u8(buffer, WIRE_TENSOR);
    put_u8(buffer, (uint8_t)tensor->ndim);
    for (int axis = 0; axis < tensor->ndim; axis++)
        wire_put_i32(buffer, tensor->shape[axis]);
    wire_put(buffer, tensor->data, tensor->size * sizeof(float));
}

void wire_put_same(WireBuffer *buffer, unsigned k)
{
    put_u8(buffer, (uint8_t)(WIRE_SAME + k));
}

void wire_buffer_release(WireBuffer *buffer)
{
    free(buffer->bytes);
    *buffer = (WireBuffer){0};
}

/* ---- reading --------------------------------------------------------------------------------- */

WireReader wire_reader(const void *bytes, size_t length)
{
    /* A payload of no bytes has no address; NULL + 0 is not defined in C, so it gets one. */
    static const unsigned char nothing[1];
    const unsigned char *at = bytes != NULL ? bytes : nothing;
    return (WireReader){.at = at, .end = at + (bytes != NULL ? length : 0)};
}

/* The next `length` bytes, or NULL if there are not so many. */
static const unsigned char *take(WireReader *reader, size_t length)
{
    if (reader->failed || length > (size_t)(reader->end - reader->at)) {
        reader->failed = true;
        return NULL;
    }
    const unsigned char *bytes = reader->at;
    reader->at += length;
    return bytes;
}

static uint8_t get_u8(WireReader *reader)
{
    const unsigned char *bytes = take(reader, 1);
    return bytes != NULL ? bytes[0] : 0;
}

uint32_t wire_get_u32(WireReader *reader)
{
    uint32_t value = 0;
    const unsigned char *bytes = take(reader, sizeof value);
    if (bytes != NULL)
        memcpy(&value, bytes, sizeof value);
    return value;
}

int32_t wire_get_i32(WireReader *reader)
{
    return (int32_t)wire_get_u32(reader);
}

static Tensor *fail(WireReader *reader)
{
    reader->failed = true;
    return NULL;
}

/* Shape and elements. The size is checked against what is left before anything is allocated. */
static Tensor *get_new_tensor(WireReader *reader)
{
    int ndim = get_u8(reader);
    int shape[TENSOR_MAX_AXES];
    if (ndim < 1 || ndim > TENSOR_MAX_AXES)
        return fail(reader);
    size_t left = (size_t)(reader->end - reader->at) / sizeof(float);
    size_t size = 1;
    for (int axis = 0; axis < ndim; axis++) {
        shape[axis] = wire_get_i32(reader);
        if (reader->failed || shape[axis] < 1 || (size_t)shape[axis] > left / size)
            return fail(reader);
        size *= (size_t)shape[axis];
    }
    const unsigned char *elements = take(reader, size * sizeof(float));
    if (elements == NULL)
        return NULL;
    Tensor *tensor = tensor_create(ndim, shape);
    if (tensor == NULL)
        return fail(reader);
    memcpy(tensor->data, elements, size * sizeof(float));
    return tensor;
}

Tensor *wire_get_tensor(WireReader *reader, Tensor *const *earlier, unsigned n_earlier)
{
    uint8_t form = get_u8(reader);
    if (reader->failed || form == WIRE_NULL)
        return NULL;
    if (form == WIRE_TENSOR)
        return get_new_tensor(reader);
    if (form >= WIRE_SAME && form - (unsigned)WIRE_SAME < n_earlier)
        return earlier[form - WIRE_SAME];
    return fail(reader);
}

bool wire_finished(const WireReader *reader)
{
    return !reader->failed && reader->at == reader->end;
}

const char *wire_refuse_reply(const WireHeader *reply, const WireHeader *request)
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

/* ---- moving ---------------------------------------------------------------------------------- */

bool wire_write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

bool wire_read_all(int fd, void *bytes, size_t length)
{
    char *at = bytes;
    while (length > 0) {
        ssize_t got = read(fd, at, length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = 0;
        if (got <= 0)
            return false;
        at += got;
        length -= (size_t)got;
    }
    return true;
}
