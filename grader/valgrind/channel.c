/* channel.c: see channel.h. */
#include "valgrind/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define CHUNK 65536

static gpointer read_all(gpointer data)
{
    MemoryChannel *channel = data;
    g_autofree char *bytes = g_malloc(CHUNK);
    for (;;) {
        ssize_t got = read(channel->ours, bytes, CHUNK);
        if (got > 0)
            channel->take(channel->data, bytes, (gsize)got);
        else if (got == 0 || errno != EINTR)
            return NULL;
    }
}

gboolean memory_channel_open(MemoryChannel *channel, MemoryTake take, gpointer data, GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        grader_set_errno(error, "cannot make a socket");
        return FALSE;
    }
    shutdown(ends[0], SHUT_WR); /* who reads from the other end does not wait for ever */
    *channel = (MemoryChannel){.ours = ends[0], .theirs = ends[1], .take = take, .data = data};
    channel->reader = g_thread_new("memory", read_all, channel);
    return TRUE;
}

void memory_channel_hand_over(MemoryChannel *channel)
{
    if (channel->reader != NULL && channel->theirs >= 0)
        close(channel->theirs);
    channel->theirs = -1;
}

/* What is in the socket can still be read after the shutdown, and then it is at its end. */
void memory_channel_finish(MemoryChannel *channel)
{
    if (channel->reader == NULL)
        return;
    memory_channel_hand_over(channel);
    shutdown(channel->ours, SHUT_RD);
    g_thread_join(g_steal_pointer(&channel->reader));
    close(channel->ours);
}
