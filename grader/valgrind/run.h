/*
 * run.h: replay the calls of some tests in one worker under Valgrind (inside/worker/replay.h).
 *
 * A run that says nothing about the student's code means something only if it is VALGRIND_TRUSTED,
 * and if its code has led nowhere strange (jumps.h), which a run of harmless code can explain.
 */
#pragma once

#include "sandbox/sandbox.h"
#include "valgrind/trust.h"

/* What to run, and where. Everything is borrowed. */
typedef struct {
    const Sandbox *sandbox;
    const char *libexec;    /* has the kit's own worker, and harmless code: control.so */
    const char *box;        /* has a copy of that worker, and the object; each run makes a folder */
    guint cpu_seconds;      /* the limit, for all tests together */
    const GPtrArray *tests; /* ReplayedTest */
    GHashTable *isolated;   /* those that get a process of their own, besides those that died */
} ValgrindSpec;

typedef struct {
    ValgrindVerdict verdict;
    gint64 cpu_usec;
    GPtrArray *tests; /* ObservedTest, in the order of the spec */
    ValgrindDocument *document;
    ValgrindJumps jumps;
} ValgrindRun;

/*
 * `number` tells the runs in one box apart. NULL and an error if Valgrind is missing or leaves no
 * sign that the worker began. A control tells whether that is our own fault, since it may also be
 * the object that cannot be loaded there.
 */
ValgrindRun *valgrind_run(const ValgrindSpec *spec, guint number, GError **error);

/*
 * The control: a run of the same tests, in a box of its own, with harmless code
 * (inside/control/attention.c) in the place of the student's. NULL if not even that can be
 * believed, on this machine, now.
 */
ValgrindRun *valgrind_run_control(const ValgrindSpec *spec);

void valgrind_run_free(ValgrindRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ValgrindRun, valgrind_run_free)
