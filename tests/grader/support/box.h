/*
 * box.h: for the tests of the sandbox: a sandbox with some layers off, and a box with the program
 * `inside` (programs/) in it. Each test is a process of its own, so it may become another user.
 */
#pragma once

#include "sandbox/sandbox.h"

/* The ways in which layers can be missing, from all there to none but seccomp and limits. */
extern const char *const box_layers_off[];
#define BOX_WAYS 3

/* Where the kit's programs were built: libexec/ and tests/ below it. */
char *box_build_folder(void);

/* From now on an ordinary user; skips the test where that user cannot reach the kit. */
void box_become_ordinary(void);

/* From now on this process and its children have a kernel without this system call. */
void box_forget_call(const char *name);

/* A sandbox without these layers ("" for all); fails the test if it cannot be opened. */
Sandbox *box_sandbox(const char *off, const RubricLimits *limits);

/* The state and the reason of a layer, as "enforced" or "unavailable: why". */
char *box_layer(const Sandbox *sandbox, const char *name);
gboolean box_has(const Sandbox *sandbox, const char *name);

/* A new box; removed by box_free(). */
char *box_new(void);
void box_free(char *box);

/* What to run: `argv` as words separated by spaces. */
Process *box_start(const Sandbox *sandbox, SandboxProfile profile, const char *box,
                   const char *command, int given_fd, GError **error);

/* Run it to its end; fails the test if it does not start. */
Process *box_run(const Sandbox *sandbox, SandboxProfile profile, const char *box,
                 const char *command);

/* The default limits of the tests. */
extern const RubricLimits box_limits;
