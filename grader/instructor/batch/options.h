/*
 * options.h: the command line that the commands for instructors have in common.
 */
#pragma once

#include "commands/options.h"
#include "instructor/gradebook/gradebook.h"

/* The folder of gradebook and reports by default; `make clean` must not remove it. */
#define GRADES_FOLDER "grades"

typedef struct {
    char *folder;    /* --grades DIR, or NULL */
    char *gradebook; /* --gradebook FILE, or NULL */
} InstructorOptions;

void instructor_options_clear(InstructorOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InstructorOptions, instructor_options_clear)

/* The folder for reports, and the gradebook in it or elsewhere; to be freed. */
char *instructor_options_folder(const InstructorOptions *options);
char *instructor_options_gradebook(const InstructorOptions *options);

/* Open the gradebook of these options, which must exist. */
Gradebook *instructor_options_open(const InstructorOptions *options, GError **error);

/*
 * Parse the command line of a command that only reads a gradebook: --grades, --gradebook and the
 * command's own entries, then from `least` to `most` arguments.
 */
gboolean instructor_options_parse(InstructorOptions *options, const char *arguments,
                                  const char *summary, const GOptionEntry *entries, int least,
                                  int most, int *argc, char ***argv, GError **error);

/* Write a text to standard output. */
gboolean print_text(const char *text, GError **error);
