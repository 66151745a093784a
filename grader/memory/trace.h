/*
 * trace.h: follow the messages of inside/worker/replay.h through Valgrind's document: which test
 * each error belongs to, and whether all of it can be believed.
 */
#pragma once

#include "base/process.h"
#include "inside/worker/replay.h"
#include "memory/replay.h"
#include "valgrind/log.h"

typedef struct {
    const ReplayScript *script;
    GPtrArray *tests; /* ReplayedTest, new; a test's index is its index here */
    const MemoryLog *log;

    const ValgrindDocument *document;
    gboolean ready, done;
    gboolean foreign;      /* there are messages that are not the worker's */
    gboolean controlled;   /* the tests are over */
    ReplayedTest *running; /* when the document ended */
    ReplayedTest *last;    /* the one that ended last */
    GPtrArray *controls;   /* ValgrindEvent: what was seen after the last test */
} MemoryTrace;

/* Fill `trace` and what the tests hold of the run. */
void memory_trace_read(MemoryTrace *trace, const ValgrindDocument *document);

/* Decide replay->state, with its culprit or reason. The run had a limit of CPU time. */
void memory_trace_judge(const MemoryTrace *trace, const ProcessOutcome *outcome, guint cpu_seconds,
                        MemoryReplay *replay);

void memory_trace_clear(MemoryTrace *trace);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MemoryTrace, memory_trace_clear)
