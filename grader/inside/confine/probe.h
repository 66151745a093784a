/*
 * probe.h: try what a submission must not do, from where it would run.
 *
 * Prints a line `NAME RESULT` for each attempt on standard output: RESULT is 0 if it succeeded,
 * the errno that refused it, or "killed" if the process was killed for it. What each should be, and
 * which layer it speaks for, the grader knows (sandbox/probe.c).
 */
#pragma once

/* What it tries to write, in the box; whoever made the box removes it. */
#define PROBE_FILE "written"

/* `argv`: a descriptor with the filter of lockdown.h, a path and a process outside. */
int probe_main(int argc, char **argv);
