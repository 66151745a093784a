/*
 * command.h: the commands of the grader, and how each reads its command line. A command is a file
 * with a Command, and a row of `commands` in command.c.
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

extern const Command command_check, command_debug, command_memcheck, command_picture;
extern const Command command_sandbox, command_man, command_completion;

/* Those of grader/instructor, which students do not have: the build defines WITH_INSTRUCTOR there. */
extern const Command command_grade, command_class, command_show, command_adjust, command_export;
extern const Command command_merge, command_stub, command_release, command_validate;

/* All commands that this program has, ending with NULL. */
extern const Command *const commands[];

/* The command of that name, or NULL. */
const Command *command_find(const char *name);

/* What the command line of a command may be. */
typedef struct {
    const char *arguments;      /* "DIR" */
    const char *summary;        /* what its --help says first */
    const GOptionEntry *own;    /* its own options, or NULL */
    const GOptionEntry *shared; /* the options that it has in common with others, or NULL */
} CommandLine;

/*
 * Parse a command line with GLib's option parser. What is left in argv are the arguments. --help
 * prints and exits.
 */
gboolean command_parse(const CommandLine *line, int *argc, char ***argv, GError **error);

/*
 * Call `visit` with the CommandLine that the command gives to command_parse(), so that the manual and
 * the completion are made from the table that is parsed. The command does nothing else.
 */
typedef void CommandVisitor(const CommandLine *line, void *data);
void command_describe(const Command *command, CommandVisitor *visit, void *data);
