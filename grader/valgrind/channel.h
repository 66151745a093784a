/*
 * channel.h: what a run under Valgrind says, read while it says it.
 *
 * Student code runs in the process that speaks. So this is a socket: what was said is out of its
 * reach, and unlike a file or a pipe it cannot be opened again by its name in /proc.
 */
#pragma once

#include <glib.h>

/* Gets all that is said, in pieces, in a thread of its own. */
typedef void (*MemoryTake)(gpointer data, const char *bytes, gsize length);

typedef struct {
    int theirs; /* for the run */
    int ours;
    MemoryTake take;
    gpointer data;
    GThread *reader;
} MemoryChannel;

gboolean memory_channel_open(MemoryChannel *channel, MemoryTake take, gpointer data,
                             GError **error);

/* The run has `theirs`, or will never have it. */
void memory_channel_hand_over(MemoryChannel *channel);

/* The run has ended: take the rest. Also for one that is all zero, or was finished. */
void memory_channel_finish(MemoryChannel *channel);
