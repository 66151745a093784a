/*
 * repeating.h: what `grader debug` and `grader memcheck` have in common: they make the calls of one
 * public test again, on the student's own machine, in a program that shows more than a report.
 */
#pragma once

#include "commands/command.h"
#include "commands/recording.h"

typedef struct {
    const char *summary;    /* for --help */
    const char *program;    /* without which it cannot be done */
    CompilePurpose purpose; /* how attention.c is compiled for it */
    /* Repeat the calls; `folder` is the student's. Returns an exit status. */
    int (*repeat)(const Recording *recording, const char *folder, GError **error);
} Repeating;

/*
 * Run such a command: read its line, look for the program, record the test, say how it went, repeat.
 * If there is nothing to repeat, the report says why.
 */
int repeating_run(const Command *command, const Repeating *how, int argc, char **argv,
                  GError **error);
