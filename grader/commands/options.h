/*
 * options.h: what the commands that grade have in common on the command line.
 */
#pragma once

#include "workbench.h"

typedef struct {
    char *rubric; /* --rubric FILE, or NULL for the kit's */
    char *format; /* --format text|json, or NULL for text */
    char *colour; /* --colour auto|always|never, or NULL for auto */
    char *report; /* --report FOLDER, or NULL for none */
    char *seed;   /* --seed N, or NULL for a fresh one */
    guint32 seed_number;
} GradeOptions;

void options_clear(GradeOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GradeOptions, options_clear)

/* Parse a command line of the common options and the command's own `entries`: command_parse(). */
gboolean options_parse(GradeOptions *options, const char *arguments, const char *summary,
                       const GOptionEntry *entries, int *argc, char ***argv, GError **error);

/* The seed that was asked for, or a fresh one. */
guint32 options_seed(const GradeOptions *options);

/* The name of a submission in this folder: the last part of its real path. */
char *options_name(const char *path);

/* Should a report to standard output be coloured? */
gboolean options_colour(const GradeOptions *options);

/*
 * Print the report of one submission in the format asked for; `repeat` as in report/text.h.
 * Returns the exit status that its points call for.
 */
int options_print(const GradeOptions *options, const Result *result, const char *repeat,
                  GError **error);

/*
 * Write the report of one submission into the folder of --report and, on a runner of GitHub Actions,
 * where GitHub looks for it (report/ci.h). `folder` is the submission's.
 */
gboolean options_publish(const GradeOptions *options, const Result *result, const char *folder,
                         GError **error);
