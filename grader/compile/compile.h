/*
 * compile.h: compile a submission into attention.so with one run of gcc in the sandbox.
 *
 * A shared object and not a program: the worker (built once) loads it, so the linker runs once, in
 * the same gcc, and what the gate judges is exactly what runs.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"
#include "sandbox/sandbox.h"

#define COMPILE_OBJECT "attention.so"

typedef enum {
    COMPILE_TO_GRADE,
    COMPILE_TO_DEBUG, /* not optimised, so that a debugger sees every variable and every line */
} CompilePurpose;

/*
 * Compile the sources in `box`, a folder that holds the submitted files and, in include/, the kit's
 * headers, to box/attention.so. Errors and warnings become result->diagnostics; if there is no
 * object, result->status becomes NOT_COMPILED with a reason. FALSE with an error for our own fault.
 */
gboolean compile_submission(const Rubric *rubric, const Sandbox *sandbox, const char *box,
                            CompilePurpose purpose, Result *result, GError **error);
