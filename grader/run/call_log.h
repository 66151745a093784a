/*
 * call_log.h: what a test called, and what came back: the file that the proxy wrote
 * (grader/proxy/proxy.h), and its comparison with the replay of the calls under Valgrind.
 */
#pragma once

#include <glib.h>

#include "wire/wire.h"

typedef struct {
    WireHeader request, reply;
    const guchar *payload, *answer; /* in the file */
    gboolean answered;              /* FALSE: the worker died, or was late, in this call */
} LoggedCall;

typedef struct {
    GMappedFile *file; /* not read into memory: a reply may have 4 MiB */
    GArray *calls;     /* LoggedCall; what was cut off at the end is left out */
} CallLog;

CallLog *call_log_read(const char *path, GError **error);
void call_log_free(CallLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CallLog, call_log_free)

/* The i-th call, which is there. */
const LoggedCall *call_log_get(const CallLog *log, guint i);

/*
 * How the reply in a replay differs from the logged one, in words; NULL if it does not. Elements
 * may differ by 1e-5 + 1e-4 of their value: Valgrind calculates long double with 64 bits.
 */
char *call_log_difference(const LoggedCall *call, const WireHeader *reply, const guchar *answer);

/*
 * Equal calls that follow each other, alone or in pairs (create and free): of one function, with
 * input of one shape, successful. The first two rounds may allocate what the others use again.
 * `end` are the numbers of calls of the test that are made when those two are over, and when all
 * are.
 */
typedef struct {
    guint kind;   /* API_create_causal_mask, ...; of a pair the one that creates */
    guint rounds; /* without the first two; 0: the test has no such calls, or too few */
    guint end[2];
} CallSeries;

/* The longest series of the test. */
CallSeries call_log_series(const CallLog *log);

/*
 * Was one of the results so wrong that nobody could free it? What is lost then is no leak. It is
 * what the native run says: under Valgrind student code could say so in the worker's name.
 */
gboolean call_log_is_unusable(const CallLog *log);
