/*
 * options.h: what the commands for a class have in common on the command line.
 */
#pragma once

#include "commands/options.h"
#include "instructor/gradebook/gradebook.h"

/* Where everything about a class is kept, unless --grades says otherwise: not in build/, which
   `make clean` removes. */
#define CLASS_FOLDER "grades"

typedef struct {
    char *folder;    /* --grades DIR, or NULL */
    char *gradebook; /* --gradebook FILE, or NULL */
} ClassOptions;

void class_options_clear(ClassOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClassOptions, class_options_clear)

/* The folder for reports, and the gradebook in it or elsewhere; to be freed. */
char *class_options_folder(const ClassOptions *options);
char *class_options_gradebook(const ClassOptions *options);

/* Open the gradebook of these options, which must exist. */
Gradebook *class_options_open(const ClassOptions *options, GError **error);

/*
 * Parse the command line of a command that only reads a gradebook: --grades, --gradebook and the
 * command's own entries, then from `least` to `most` arguments.
 */
gboolean class_options_parse(ClassOptions *options, const char *arguments, const char *summary,
                             const GOptionEntry *entries, int least, int most, int *argc,
                             char ***argv, GError **error);

/* Write to standard output; whether that failed is in the error. */
gboolean class_print(const char *text, GError **error);
