/*
 * listen.h: take in what a run under Valgrind says, while it says it: its XML, its log, and the
 * results of the replayed calls.
 *
 * Student code runs in the process that speaks. So each of the three has a socket: what was said is
 * out of its reach, and unlike a file or a pipe a socket cannot be opened again by its name in
 * /proc. A thread reads each socket. It compares each result with the native one as soon as it has
 * arrived, so that no more than one is in memory.
 */
#pragma once

#include "base/process.h"
#include "valgrind/log.h"
#include "valgrind/observed.h"

#define LISTENER_SOCKETS 3

typedef struct ValgrindListener ValgrindListener;

typedef struct {
    int theirs, ours; /* the run's end, and that of the grader */
    void (*take)(ValgrindListener *listener, const char *bytes, gsize length);
    ValgrindListener *listener;
    GThread *reader; /* calls take(); NULL if the socket is not open */
} ListenerSocket;

struct ValgrindListener {
    int alarm;         /* becomes readable when the run has made a forbidden system call */
    GString *document; /* the XML, bounded */
    ValgrindLog log;

    const GPtrArray *tests; /* ObservedTest; a test's index in the results is its index here */
    GByteArray *result;     /* the one that has begun to arrive */
    gboolean broken;        /* what came last was no result; nothing after it is believed */
    ListenerSocket sockets[LISTENER_SOCKETS];
};

/* `worker` is the path, outside of the sandbox, of the program that runs. `tests` is borrowed. */
ValgrindListener *valgrind_listener_open(const char *worker, const GPtrArray *tests,
                                         GError **error);

/* Fill in the descriptors that the run is to have. */
void valgrind_listener_fds(const ValgrindListener *listener, ProcessFd fds[LISTENER_SOCKETS]);

/* Close them here, once the run has them or never will. */
void valgrind_listener_hand_over(ValgrindListener *listener);

/* The run has ended: take the rest. Only then its fields may be read. */
void valgrind_listener_finish(ValgrindListener *listener);

void valgrind_listener_free(ValgrindListener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ValgrindListener, valgrind_listener_free)
