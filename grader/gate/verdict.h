/*
 * verdict.h: the object on trial, and how a rule refuses it.
 */
#pragma once

#include "base/source.h"
#include "gate/object.h"
#include "result/result.h"
#include "rubric/rubric.h"

typedef struct {
    const Rubric *rubric;
    const GateObject *object;
    const Source *source;
    const char *file; /* name of the source in messages */
    Result *result;
    guint n_refused; /* how often something was refused, repetitions too */
} Gate;

/*
 * Refuse the object: `rule` in a few words, then what breaks it. `line` is where in the source, or
 * 0; `hint` says what to do instead. Repetitions of a message are dropped.
 */
void gate_refuse(Gate *gate, const char *rule, guint line, const char *hint, const char *format,
                 ...) G_GNUC_PRINTF(5, 6);

/* Was so much refused that to look on is a waste? An object may have a million faults. */
gboolean gate_has_enough(const Gate *gate);
