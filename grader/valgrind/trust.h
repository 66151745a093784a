/*
 * trust.h: can a run under Valgrind be believed?
 *
 * Code that runs under Valgrind could silence it, or speak in its name. So a run is believed only
 * if it has left one closed XML document with the worker's messages in their order, an empty log,
 * each of the errors that the worker makes on purpose, and neither system calls nor writes that
 * only an attack makes.
 */
#pragma once

#include "base/process.h"
#include "valgrind/log.h"
#include "valgrind/observed.h"

typedef enum {
    VALGRIND_TRUSTED,
    VALGRIND_DIED,     /* the process ended in `culprit` */
    VALGRIND_SLOW,     /* its time was up; `culprit` took the most of it */
    VALGRIND_TAMPERED, /* `reason` */
} ValgrindTrust;

typedef struct {
    ValgrindTrust trust;
    const ObservedTest *culprit;
    char *reason; /* new */
} ValgrindVerdict;

/* All that is known of a run. */
typedef struct {
    const ReplayScript *script;
    const GPtrArray *tests; /* ObservedTest; that a run was too slow for gets its time here */
    const Observation *seen;
    const ValgrindDocument *document;
    const ValgrindLog *log;
    const ProcessOutcome *outcome;
    guint cpu_seconds; /* the limit */
} ValgrindEvidence;

ValgrindVerdict valgrind_judge(const ValgrindEvidence *evidence);
