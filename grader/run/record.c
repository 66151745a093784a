/* record.c: recorded calls and their repetition; see record.h. */
#include "run/record.h"

#include <math.h>
#include <string.h>

#define ABSOLUTE_TOLERANCE 1e-5
#define RELATIVE_TOLERANCE 1e-4

/* ---- reading --------------------------------------------------------------------------------- */

/* One message of the record; FALSE at its end. */
static gboolean next_message(const char **at, const char *end, WireHeader *header,
                             const guchar **payload)
{
    gsize left = (gsize)(end - *at);
    if (left < sizeof *header)
        return FALSE;
    memcpy(header, *at, sizeof *header);
    if (header->magic != WIRE_MAGIC || header->length > left - sizeof *header)
        return FALSE;
    *payload = (const guchar *)*at + sizeof *header;
    *at += sizeof *header + header->length;
    return TRUE;
}

MemoryRecord *memory_record_read(const char *path, GError **error)
{
    g_autoptr(MemoryRecord) record = g_new0(MemoryRecord, 1);
    record->calls = g_array_new(FALSE, TRUE, sizeof(RecordedCall));
    record->file = g_mapped_file_new(path, FALSE, error);
    if (record->file == NULL)
        return NULL;
    const char *at = g_mapped_file_get_contents(record->file);
    const char *end = at + g_mapped_file_get_length(record->file);
    RecordedCall call = {0};
    while (next_message(&at, end, &call.request, &call.payload)) {
        call.answered = next_message(&at, end, &call.reply, &call.answer);
        g_array_append_val(record->calls, call);
    }
    return g_steal_pointer(&record);
}

void memory_record_free(MemoryRecord *record)
{
    if (record == NULL)
        return;
    g_clear_pointer(&record->file, g_mapped_file_unref);
    g_array_unref(record->calls);
    g_free(record);
}

const char *memory_record_function(guint kind)
{
    static const char *const functions[WIRE_KINDS] = {
        [WIRE_ATTENTION] = "scaled_dot_product_attention",
        [WIRE_SELF_CREATE] = "self_attention_create",
        [WIRE_SELF_FORWARD] = "self_attention_forward",
        [WIRE_SELF_FREE] = "self_attention_free",
        [WIRE_CAUSAL] = "create_causal_mask",
        [WIRE_PADDING] = "create_padding_mask",
        [WIRE_BIDIRECTIONAL] = "create_bidirectional_mask",
    };
    return kind < G_N_ELEMENTS(functions) ? functions[kind] : NULL;
}

gboolean memory_record_is_unusable(const MemoryRecord *record)
{
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordedCall *call = &g_array_index(record->calls, RecordedCall, i);
        guint status = call->answered ? call->reply.status : WIRE_OK;
        if (status == WIRE_INVALID_RESULT || status == WIRE_RESULT_IS_INPUT ||
            status == WIRE_RESULT_TWICE)
            return TRUE;
    }
    return FALSE;
}

/* ---- calls alike ----------------------------------------------------------------------------- */

#define WARMING_ROUNDS 2
#define MIN_ROUNDS 6

/* One of which an allocation failed, or with a strange result, tells nothing. */
static gboolean is_plain(const RecordedCall *call)
{
    return call->answered && call->request.fail_at == 0 && call->reply.status == WIRE_OK;
}

/* Tensors have the same shapes if they have the same length, as the tests use them. */
static gboolean is_alike(const RecordedCall *a, const RecordedCall *b)
{
    guint kind = a->request.kind;
    if (!is_plain(a) || !is_plain(b) || b->request.kind != kind ||
        b->request.length != a->request.length)
        return FALSE;
    return kind == WIRE_ATTENTION || kind == WIRE_SELF_FORWARD ||
           memcmp(a->payload, b->payload, a->request.length) == 0;
}

/* Set *alike to those of the calls from `start` to before `end` if they are more. */
static void take_longer(const GArray *calls, guint start, guint end, guint period,
                        MemoryAlike *alike)
{
    guint rounds = (end - start) / period;
    if (rounds < MIN_ROUNDS || rounds - WARMING_ROUNDS <= alike->rounds)
        return;
    guint first = g_array_index(calls, RecordedCall, start).request.kind;
    guint last = g_array_index(calls, RecordedCall, start + period - 1).request.kind;
    *alike = (MemoryAlike){.kind = MIN(first, last), /* of a pair the one that creates */
                           .rounds = rounds - WARMING_ROUNDS,
                           .end = {start + WARMING_ROUNDS * period, start + rounds * period}};
}

MemoryAlike memory_record_alike(const MemoryRecord *record)
{
    const GArray *calls = record->calls;
    MemoryAlike alike = {0};
    for (guint period = 1; period <= 2; period++) {
        guint start = 0;
        for (guint i = period; i < calls->len; i++) {
            if (is_alike(&g_array_index(calls, RecordedCall, i),
                         &g_array_index(calls, RecordedCall, i - period)))
                continue;
            take_longer(calls, start, i, period, &alike);
            start = i + 1 - period;
        }
        if (calls->len > start)
            take_longer(calls, start, calls->len, period, &alike);
    }
    return alike;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static gboolean is_close(double was, double is)
{
    if (isnan(was) || isnan(is))
        return isnan(was) && isnan(is);
    return was == is || fabs(was - is) <= ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * fabs(was);
}

static char *tensor_difference(const char *name, const Tensor *was, const Tensor *is)
{
    if ((was == NULL) != (is == NULL))
        return g_strdup_printf("%s was %s and is %s", name, was == NULL ? "NULL" : "a tensor",
                               is == NULL ? "NULL" : "a tensor");
    if (was == NULL)
        return NULL;
    if (!tensor_same_shape(was, is))
        return g_strdup_printf("%s has another shape", name);
    for (gsize i = 0; i < was->size; i++)
        if (!is_close(was->data[i], is->data[i]))
            return g_strdup_printf("element %" G_GSIZE_FORMAT " of %s was %g and is %g", i, name,
                                   (double)was->data[i], (double)is->data[i]);
    return NULL;
}

/* How many tensors a reply begins with, and what the first two are called. */
static guint tensors_of(guint kind, const char *names[2])
{
    names[0] = kind == WIRE_ATTENTION || kind == WIRE_SELF_FORWARD ? "output" : "the mask";
    names[1] = "weights";
    switch (kind) {
    case WIRE_ATTENTION:
        return 6;
    case WIRE_SELF_FORWARD:
        return 4;
    case WIRE_CAUSAL:
    case WIRE_PADDING:
    case WIRE_BIDIRECTIONAL:
        return 1;
    default:
        return 0;
    }
}

static char *payload_difference(guint kind, WireReader *was, WireReader *is)
{
    const char *names[2];
    guint tensors = tensors_of(kind, names);
    char *difference = NULL;
    for (guint i = 0; i < tensors && difference == NULL; i++) {
        Tensor *a = wire_get_tensor(was, NULL, 0), *b = wire_get_tensor(is, NULL, 0);
        difference = tensor_difference(i < 2 ? names[i] : "an input", a, b);
        tensor_free(a);
        tensor_free(b);
    }
    gsize rest = (gsize)(was->end - was->at);
    if (difference == NULL && (was->failed || is->failed || rest != (gsize)(is->end - is->at) ||
                               memcmp(was->at, is->at, rest) != 0))
        difference = g_strdup("what it returned is not the same");
    return difference;
}

char *memory_record_difference(const RecordedCall *call, const WireHeader *reply,
                               const guchar *answer)
{
    if (!call->answered)
        return NULL;
    if (call->reply.status != reply->status)
        return g_strdup("only one of the two results is a tensor");
    if (call->reply.allocated != reply->allocated)
        return g_strdup_printf("it asked for memory %u times and asks %u times",
                               call->reply.allocated, reply->allocated);
    if (call->reply.freed != reply->freed)
        return g_strdup_printf("it freed %u blocks and frees %u", call->reply.freed, reply->freed);
    if (call->reply.length == reply->length && memcmp(call->answer, answer, reply->length) == 0)
        return NULL;
    WireReader was = wire_reader(call->answer, call->reply.length);
    WireReader is = wire_reader(answer, reply->length);
    return payload_difference(call->request.kind, &was, &is);
}
