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

void wire_put_lengths(WireBuffer *buffer, const int *lengths, uint32_t count)
{
    wire_put_u32(buffer, lengths != NULL ? count + 1 : 0);
    for (uint32_t i = 0; lengths != NULL && i < count; i++)
        wire_put_i32(buffer, lengths[i]);
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

int *wire_get_lengths(WireReader *reader, uint32_t *count)
{
    uint32_t present = wire_get_u32(reader);
    *count = present > 0 ? present - 1 : 0;
    if (present == 0)
        return NULL;
    int *lengths = NULL;
    if (*count <= (size_t)(reader->end - reader->at) / sizeof(int32_t))
        lengths = malloc(*count > 0 ? *count * sizeof *lengths : 1);
    if (lengths == NULL) {
        reader->failed = true;
        *count = 0;
    }
    for (uint32_t i = 0; i < *count; i++)
        lengths[i] = wire_get_i32(reader);
    return lengths;
}

bool wire_finished(const WireReader *reader)
{
    return !reader->failed && reader->at == reader->end;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* `tensors` are those of the request so far: a later one may be the same pointer. */
static void get_argument(WireReader *reader, ApiParameterType type, WireArgument *argument,
                         Tensor **tensors, unsigned *n_tensors)
{
    const unsigned char *at = reader->at;
    switch (type) {
    case API_TAKES_TENSOR:
        argument->tensor = wire_get_tensor(reader, tensors, *n_tensors);
        argument->owned = argument->tensor != NULL && *at == WIRE_TENSOR;
        tensors[(*n_tensors)++] = argument->tensor;
        break;
    case API_TAKES_INT:
        argument->number = wire_get_i32(reader);
        break;
    case API_TAKES_LENGTHS:
        argument->lengths = wire_get_lengths(reader, &argument->count);
        break;
    case API_TAKES_LAYER:
    case API_TAKES_FREED_LAYER:
        argument->handle = wire_get_u32(reader);
        break;
    }
}

bool wire_get_arguments(WireReader *reader, const ApiFunction *function, WireArgument *arguments)
{
    Tensor *tensors[API_MAX_PARAMETERS];
    unsigned n_tensors = 0;
    memset(arguments, 0, function->count * sizeof *arguments);
    for (unsigned i = 0; i < function->count; i++)
        get_argument(reader, function->parameters[i].type, &arguments[i], tensors, &n_tensors);
    return wire_finished(reader);
}

void wire_release_arguments(WireArgument *arguments, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (arguments[i].owned)
            tensor_free(arguments[i].tensor);
        free(arguments[i].lengths);
    }
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
