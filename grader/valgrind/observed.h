/*
 * observed.h: a test that is replayed, and what one run under Valgrind saw of it.
 *
 * The worker's messages (inside/worker/replay.h) are in Valgrind's document between the errors.
 * They say in which test an error happened; a message that the worker would not send there shows
 * that somebody else has sent it.
 */
#pragma once

#include "inside/worker/replay.h"
#include "run/call_log.h"
#include "valgrind/xml.h"

/* A test that is to be replayed, and how it went natively. No run changes it. */
typedef struct {
    const char *suite, *name; /* "masking", "causal_mask"; borrowed */
    CallLog *log;
    CallSeries series; /* its longest series of calls, after which retained memory is looked for */
    gint64 cpu_usec;   /* of its worker */
    gboolean died;     /* its worker died, so each run isolates it */
} ReplayedTest;

/* Takes `log`. */
ReplayedTest *replayed_test_new(const char *suite, const char *name, CallLog *log);
void replayed_test_free(ReplayedTest *test);

/* A result had undefined elements: the kind of the call, and how many events were before. */
typedef struct {
    guint kind, event;
} UndefinedResult;

/* What one run saw of a test. */
typedef struct {
    const ReplayedTest *test; /* borrowed */
    gboolean isolated;        /* it ran in a process of its own, because it may die */

    gboolean begun, ended;
    guint milliseconds; /* of CPU time */
    guint errors;       /* how often Valgrind saw one, reported or not; leaks not included */
    GPtrArray *events;  /* ValgrindEvent, of the run's document */
    GArray *undefined;  /* UndefinedResult */

    guint searches;      /* for retained memory: how many of the two were made */
    GPtrArray *retained; /* ValgrindEvent: what the second search found that the first did not */

    guint compared, compared_kind; /* results: how many, and what the last one is of */
    char *difference;              /* the first one from the native results, or NULL */
} ObservedTest;

ObservedTest *observed_test_new(const ReplayedTest *test, gboolean isolated);
void observed_test_free(ObservedTest *test);

/* Were both searches for retained memory made, or none needed? */
gboolean observed_test_is_searched(const ObservedTest *test);

/* What the document says about the run as a whole. */
typedef struct {
    gboolean ready;        /* the worker came to the point from which on student code runs */
    gboolean controlled;   /* the tests are over, and the worker's own errors begin */
    gboolean done;         /* the worker has made them all */
    gboolean foreign;      /* there are messages that are not the worker's */
    ObservedTest *running; /* the test in which the document ended, or NULL */
    ObservedTest *last;    /* the test that ended last, or NULL */
    GPtrArray *controls;   /* ValgrindEvent: what Valgrind saw after the last test */
} Observation;

/*
 * Read a run's document into `tests`, which are ObservedTest and new: a test's index in messages is
 * its index there. The events stay the document's.
 */
void observation_read(Observation *seen, const ValgrindDocument *document, guint64 token,
                      const GPtrArray *tests);
void observation_clear(Observation *seen);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Observation, observation_clear)
