/* listen.c: see listen.h. */
#include "valgrind/listen.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "inside/worker/replay.h"

#define CHUNK 65536
#define MAX_DOCUMENT (8u << 20) /* bytes of XML; what is more is dropped */

/* ---- what each socket says ------------------------------------------------------------------- */

static void take_document(ValgrindListener *listener, const char *bytes, gsize length)
{
    gsize room = MAX_DOCUMENT - MIN(listener->document->len, MAX_DOCUMENT);
    g_string_append_len(listener->document, bytes, (gssize)MIN(length, room));
}

/* After a forbidden call the run cannot be saved, and student code may make it wait for ever. */
static void take_log(ValgrindListener *listener, const char *bytes, gsize length)
{
    gboolean quiet = listener->log.forbidden == NULL;
    valgrind_log_take(&listener->log, bytes, length);
    if (quiet && listener->log.forbidden != NULL)
        eventfd_write(listener->alarm, 1);
}

/* What a result begins with. */
typedef struct {
    ReplayResult where;
    WireHeader reply;
} ResultHead;

static void compare(const ValgrindListener *listener, const ResultHead *head, const guchar *answer)
{
    if (head->where.test >= listener->tests->len)
        return;
    ObservedTest *test = listener->tests->pdata[head->where.test];
    const GArray *calls = test->test->log->calls;
    if (test->compared == calls->len || test->difference != NULL)
        return;
    const LoggedCall *call = &g_array_index(calls, LoggedCall, test->compared);
    test->compared++;
    test->compared_kind = call->request.kind;
    test->difference = call_log_difference(call, &head->reply, answer);
}

static void take_results(ValgrindListener *listener, const char *bytes, gsize length)
{
    GByteArray *result = listener->result;
    while (length > 0 && !listener->broken) {
        ResultHead head = {0};
        if (result->len >= sizeof head)
            memcpy(&head, result->data, sizeof head);
        gsize part = MIN(length, sizeof head + head.reply.length - result->len);
        g_byte_array_append(result, (const guint8 *)bytes, (guint)part);
        bytes += part;
        length -= part;
        if (result->len < sizeof head)
            return;
        memcpy(&head, result->data, sizeof head);
        listener->broken = head.reply.length > WIRE_MAX_PAYLOAD;
        if (listener->broken || result->len < sizeof head + head.reply.length)
            continue;
        compare(listener, &head, result->data + sizeof head);
        g_byte_array_set_size(result, 0);
    }
}

/* ---- sockets --------------------------------------------------------------------------------- */

static gpointer read_all(gpointer data)
{
    ListenerSocket *socket = data;
    g_autofree char *bytes = g_malloc(CHUNK);
    for (;;) {
        ssize_t got = read(socket->ours, bytes, CHUNK);
        if (got > 0)
            socket->take(socket->listener, bytes, (gsize)got);
        else if (got == 0 || errno != EINTR)
            return NULL;
    }
}

static gboolean open_socket(ListenerSocket *socket, GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        grader_set_errno(error, "cannot make a socket");
        return FALSE;
    }
    shutdown(ends[0], SHUT_WR); /* whoever reads from the other end does not wait for ever */
    socket->ours = ends[0];
    socket->theirs = ends[1];
    socket->reader = g_thread_new("memory", read_all, socket);
    return TRUE;
}

ValgrindListener *valgrind_listener_open(const char *worker, const GPtrArray *tests, GError **error)
{
    g_autoptr(ValgrindListener) listener = g_new0(ValgrindListener, 1);
    listener->document = g_string_new(NULL);
    valgrind_log_init(&listener->log, worker);
    listener->tests = tests;
    listener->result = g_byte_array_new();
    listener->alarm = eventfd(0, EFD_CLOEXEC);
    if (listener->alarm < 0) {
        grader_set_errno(error, "cannot make an event");
        return NULL;
    }
    ListenerSocket *sockets = listener->sockets;
    sockets[0].take = take_document;
    sockets[1].take = take_log;
    sockets[2].take = take_results;
    for (guint i = 0; i < LISTENER_SOCKETS; i++) {
        sockets[i].listener = listener;
        if (!open_socket(&sockets[i], error))
            return NULL;
    }
    return g_steal_pointer(&listener);
}

void valgrind_listener_fds(const ValgrindListener *listener, ProcessFd fds[LISTENER_SOCKETS])
{
    static const int numbers[] = {REPLAY_XML_FD, REPLAY_LOG_FD, REPLAY_RESULTS_FD};
    for (guint i = 0; i < LISTENER_SOCKETS; i++)
        fds[i] = (ProcessFd){listener->sockets[i].theirs, numbers[i]};
}

void valgrind_listener_hand_over(ValgrindListener *listener)
{
    for (guint i = 0; i < LISTENER_SOCKETS; i++) {
        ListenerSocket *socket = &listener->sockets[i];
        if (socket->reader != NULL && socket->theirs >= 0)
            close(socket->theirs);
        socket->theirs = -1;
    }
}

/* What is in a socket can still be read after the shutdown, and then it is at its end. */
void valgrind_listener_finish(ValgrindListener *listener)
{
    valgrind_listener_hand_over(listener);
    for (guint i = 0; i < LISTENER_SOCKETS; i++) {
        ListenerSocket *socket = &listener->sockets[i];
        if (socket->reader == NULL)
            continue;
        shutdown(socket->ours, SHUT_RD);
        g_thread_join(g_steal_pointer(&socket->reader));
        close(socket->ours);
    }
}

void valgrind_listener_free(ValgrindListener *listener)
{
    if (listener == NULL)
        return;
    valgrind_listener_finish(listener);
    if (listener->alarm >= 0)
        close(listener->alarm);
    g_string_free(listener->document, TRUE);
    valgrind_log_clear(&listener->log);
    g_byte_array_unref(listener->result);
    g_free(listener);
}
