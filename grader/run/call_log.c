/* call_log.c: see call_log.h. */
#include "run/call_log.h"

#include <math.h>
#include <string.h>

#include "wire/reply.h"

#define ABSOLUTE_TOLERANCE 1e-5
#define RELATIVE_TOLERANCE 1e-4

/* ---- reading --------------------------------------------------------------------------------- */

/* One message of the log; FALSE at its end. */
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

CallLog *call_log_read(const char *path, GError **error)
{
    g_autoptr(CallLog) log = g_new0(CallLog, 1);
    log->calls = g_array_new(FALSE, TRUE, sizeof(LoggedCall));
    log->file = g_mapped_file_new(path, FALSE, error);
    if (log->file == NULL)
        return NULL;
    const char *at = g_mapped_file_get_contents(log->file);
    const char *end = at + g_mapped_file_get_length(log->file);
    LoggedCall call = {0};
    while (next_message(&at, end, &call.request, &call.payload)) {
        call.answered = next_message(&at, end, &call.reply, &call.answer);
        g_array_append_val(log->calls, call);
    }
    return g_steal_pointer(&log);
}

void call_log_free(CallLog *log)
{
    if (log == NULL)
        return;
    g_clear_pointer(&log->file, g_mapped_file_unref);
    g_array_unref(log->calls);
    g_free(log);
}

const LoggedCall *call_log_get(const CallLog *log, guint i)
{
    return &g_array_index(log->calls, LoggedCall, i);
}

gboolean call_log_is_unusable(const CallLog *log)
{
    for (guint i = 0; i < log->calls->len; i++) {
        const LoggedCall *call = call_log_get(log, i);
        guint status = call->answered ? call->reply.status : WIRE_OK;
        if (status == WIRE_INVALID_RESULT || status == WIRE_RESULT_IS_INPUT ||
            status == WIRE_RESULT_TWICE)
            return TRUE;
    }
    return FALSE;
}

/* ---- series ---------------------------------------------------------------------------------- */

#define WARMING_ROUNDS 2
#define MIN_ROUNDS 6

/* One of which an allocation failed, or with a strange result, tells nothing. */
static gboolean is_plain(const LoggedCall *call)
{
    return call->answered && call->request.fail_at == 0 && call->reply.status == WIRE_OK;
}

/* Tensors have the same shapes if they have the same length, as the tests use them. */
static gboolean is_equal(const LoggedCall *a, const LoggedCall *b)
{
    const ApiFunction *function = api_function(a->request.kind);
    if (!is_plain(a) || !is_plain(b) || function == NULL || b->request.kind != a->request.kind ||
        b->request.length != a->request.length)
        return FALSE;
    return api_takes(function, API_TAKES_TENSOR) ||
           memcmp(a->payload, b->payload, a->request.length) == 0;
}

/* Set *series to the calls from `start` to before `end` if they are more. */
static void take_longer(const CallLog *log, guint start, guint end, guint period,
                        CallSeries *series)
{
    guint rounds = (end - start) / period;
    if (rounds < MIN_ROUNDS || rounds - WARMING_ROUNDS <= series->rounds)
        return;
    guint first = call_log_get(log, start)->request.kind;
    guint last = call_log_get(log, start + period - 1)->request.kind;
    *series = (CallSeries){.kind = MIN(first, last),
                           .rounds = rounds - WARMING_ROUNDS,
                           .end = {start + WARMING_ROUNDS * period, start + rounds * period}};
}

CallSeries call_log_series(const CallLog *log)
{
    CallSeries series = {0};
    for (guint period = 1; period <= 2; period++) {
        guint start = 0;
        for (guint i = period; i < log->calls->len; i++) {
            if (is_equal(call_log_get(log, i), call_log_get(log, i - period)))
                continue;
            take_longer(log, start, i, period, &series);
            start = i + 1 - period;
        }
        if (log->calls->len > start)
            take_longer(log, start, log->calls->len, period, &series);
    }
    return series;
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

/* What the i-th tensor of a result is called. */
static const char *name_result(const ApiFunction *function, guint i)
{
    if (function->gives == API_GIVES_ATTENTION)
        return i == 0 ? "output" : "weights";
    return g_str_has_suffix(function->name, "_mask") ? "the mask" : "the result";
}

static gboolean is_same(const Reply *was, const Reply *is)
{
    gboolean same = was->handle == is->handle && was->d_model == is->d_model;
    for (guint i = 0; i < API_MAX_PARAMETERS; i++) {
        const WireArgument *a = &was->left[i], *b = &is->left[i];
        same = same && a->count == b->count && (a->lengths == NULL) == (b->lengths == NULL) &&
               (a->lengths == NULL || memcmp(a->lengths, b->lengths, a->count * sizeof(int)) == 0);
    }
    return same;
}

static char *reply_difference(const ApiFunction *function, const Reply *was, const Reply *is)
{
    char *difference = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(was->tensors) && difference == NULL; i++)
        difference = tensor_difference(name_result(function, i), was->tensors[i], is->tensors[i]);
    for (guint i = 0; i < function->count && difference == NULL; i++)
        difference = tensor_difference("an input", was->left[i].tensor, is->left[i].tensor);
    if (difference == NULL && !is_same(was, is))
        difference = g_strdup("what it returned is not the same");
    return difference;
}

static char *payload_difference(const ApiFunction *function, WireReader was, WireReader is)
{
    Reply a = reply_read(&was, function), b = reply_read(&is, function);
    char *difference = reply_difference(function, &a, &b);
    if (difference == NULL && !(wire_finished(&was) && wire_finished(&is)))
        difference = g_strdup("what it returned is not the same");
    reply_release(&a);
    reply_release(&b);
    return difference;
}

char *call_log_difference(const LoggedCall *call, const WireHeader *reply, const guchar *answer)
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
    const ApiFunction *function = api_function(call->request.kind);
    if (function == NULL)
        return g_strdup("there is no such function");
    return payload_difference(function, wire_reader(call->answer, call->reply.length),
                              wire_reader(answer, reply->length));
}
