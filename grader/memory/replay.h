/*
 * replay.h: one run of the worker under Valgrind, which repeats the recorded calls of some
 * tests (inside/worker/replay.h), and what it said: errors, told apart by test, and results.
 *
 * A run that says nothing about the student's code is believed only if it is REPLAY_TRUSTED.
 */
#pragma once

#include "memory/memory.h"
#include "run/call_log.h"
#include "valgrind/code.h"
#include "valgrind/xml.h"

/* A result had undefined elements: the kind of the call, and how many events were before. */
typedef struct {
    guint kind, event;
} ReplayUndefined;

/* A test to replay and, after a run, what was seen in it. */
typedef struct {
    const MemoryTest *test;
    CallLog *record;
    gboolean isolated; /* in a process of its own, because it may die */

    gboolean begun, ended;
    guint milliseconds; /* of CPU time */
    guint errors;       /* how often Valgrind saw one, shown or not; leaks not included */
    GPtrArray *events;  /* ValgrindEvent, of the run's document */
    GArray *undefined;  /* ReplayUndefined */

    CallSeries alike;
    guint alike_ends; /* how many of the two were told of */
    GPtrArray *kept;  /* ValgrindEvent: between them, what is new and can still be reached */

    guint compared, compared_kind; /* results: how many, and what the last one is of */
    char *difference;              /* from the recorded ones, the first that was seen */
} ReplayedTest;

typedef enum {
    REPLAY_TRUSTED,
    REPLAY_DIED,     /* the process ended in `culprit` */
    REPLAY_SLOW,     /* its time was up; `culprit` took the most of it */
    REPLAY_TAMPERED, /* `reason` */
} ReplayState;

typedef struct {
    ReplayState state;
    ReplayedTest *culprit;
    char *reason;
    gint64 cpu_usec;
    ValgrindDocument *document;
    MemoryCode code; /* where a run that is trusted may yet have jumped, see valgrind/code.h */
} MemoryReplay;

ReplayedTest *replayed_test_new(const MemoryTest *test, CallLog *record);
void replayed_test_free(ReplayedTest *test);

/*
 * Run the tests (ReplayedTest). The worker in `box` is a copy of the one in `libexec`. `number` tells the runs for one submission apart. An error if
 * Valgrind is missing or leaves no sign that the worker began: a control tells whether
 * that is our own fault, since it may also be the object that cannot be loaded there.
 */
MemoryReplay *memory_replay_run(const Sandbox *sandbox, const RubricLimits *limits,
                                const char *libexec, const char *box, guint number,
                                GPtrArray *tests, GError **error);

/*
 * The control: a run of the same tests when harmless code (grader/inside/control) takes the student's
 * place; NULL if it cannot be believed, on this machine, now. In a new box, with the programs of
 * `libexec`.
 */
MemoryReplay *memory_replay_control(const Sandbox *sandbox, const RubricLimits *limits,
                                    const char *libexec, GPtrArray *tests);

void memory_replay_free(MemoryReplay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemoryReplay, memory_replay_free)
