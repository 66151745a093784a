/*
 * command.h: the commands of the grader. Each is one file command_NAME.c with a Command; main.c
 * lists them.
 */
#pragma once

#include <glib.h>

/* Exit statuses, the same for every command. */
enum {
    EXIT_FULL_MARKS = 0, /* or: done */
    EXIT_POINTS_LOST = 1,
    EXIT_USAGE = 2,
    EXIT_OWN_FAULT = 3,
};

typedef struct {
    const char *name;
    const char *arguments; /* "DIR" */
    const char *summary;   /* one line for `grader --help` */
    /* argv[0] is the command's name. Sets an error for EXIT_USAGE and EXIT_OWN_FAULT. */
    int (*run)(int argc, char **argv, GError **error);
} Command;

extern const Command command_check;
extern const Command command_debug;
extern const Command command_memcheck;
extern const Command command_picture;
extern const Command command_sandbox;

/* From class/, which only instructors have; the build defines WITH_INSTRUCTOR there. */
extern const Command command_grade;
extern const Command command_class;
extern const Command command_show;
extern const Command command_adjust;
extern const Command command_export;
extern const Command command_merge;
extern const Command command_stub;
extern const Command command_release;
extern const Command command_validate;
