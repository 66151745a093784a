/* results.c: see results.h. */
#include "memory/results.h"

#include <string.h>

#include "inside/worker/replay.h"

/* What a result begins with. */
typedef struct {
    ReplayResult where;
    WireHeader reply;
} Head;

static void compare(MemoryResults *results, const Head *head, const guchar *answer)
{
    if (head->where.test >= results->tests->len)
        return;
    ReplayedTest *test = results->tests->pdata[head->where.test];
    if (test->compared == test->record->calls->len || test->difference != NULL)
        return;
    const LoggedCall *call = &g_array_index(test->record->calls, LoggedCall, test->compared);
    test->compared++;
    test->compared_kind = call->request.kind;
    test->difference = call_log_difference(call, &head->reply, answer);
}

void memory_results_take(gpointer data, const char *bytes, gsize length)
{
    MemoryResults *results = data;
    while (length > 0 && !results->broken) {
        Head head = {0};
        GByteArray *message = results->message;
        if (message->len >= sizeof head)
            memcpy(&head, message->data, sizeof head);
        gsize part = MIN(length, sizeof head + head.reply.length - message->len);
        g_byte_array_append(message, (const guint8 *)bytes, (guint)part);
        bytes += part;
        length -= part;
        if (message->len < sizeof head)
            return;
        memcpy(&head, message->data, sizeof head);
        results->broken = head.reply.length > WIRE_MAX_PAYLOAD;
        if (results->broken || message->len < sizeof head + head.reply.length)
            continue;
        compare(results, &head, message->data + sizeof head);
        g_byte_array_set_size(message, 0);
    }
}

char *memory_results_difference(const ReplayedTest *test, const char **function)
{
    *function = api_name(test->compared_kind);
    if (test->difference != NULL)
        return g_strdup(test->difference);
    return test->compared < test->record->calls->len ? g_strdup("there is no result") : NULL;
}
