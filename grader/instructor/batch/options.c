/* options.c: see options.h. */
#include "instructor/batch/options.h"

#include <stdio.h>

#include "base/error.h"
#include "commands/command.h"

void instructor_options_clear(InstructorOptions *options)
{
    g_free(options->folder);
    g_free(options->gradebook);
}

char *instructor_options_folder(const InstructorOptions *options)
{
    return g_strdup(options->folder != NULL ? options->folder : GRADES_FOLDER);
}

char *instructor_options_gradebook(const InstructorOptions *options)
{
    if (options->gradebook != NULL)
        return g_strdup(options->gradebook);
    g_autofree char *folder = instructor_options_folder(options);
    return g_build_filename(folder, "gradebook.db", NULL);
}

Gradebook *instructor_options_open(const InstructorOptions *options, GError **error)
{
    g_autofree char *path = instructor_options_gradebook(options);
    return gradebook_open(path, FALSE, error);
}

gboolean instructor_options_parse(InstructorOptions *options, const char *arguments,
                                  const char *summary, const GOptionEntry *entries, int least,
                                  int most, int *argc, char ***argv, GError **error)
{
    const GOptionEntry common[] = {
        {"grades", 'd', 0, G_OPTION_ARG_FILENAME, &options->folder,
         "the folder that `grader grade` wrote (default: " GRADES_FOLDER ")", "DIR"},
        {"gradebook", 'g', 0, G_OPTION_ARG_FILENAME, &options->gradebook,
         "instead of DIR/gradebook.db", "FILE"},
        G_OPTION_ENTRY_NULL};
    g_autofree char *command = g_strdup((*argv)[0]);
    const CommandLine line = {arguments, summary, entries, common};
    if (!command_parse(&line, argc, argv, error))
        return FALSE;
    if (*argc - 1 >= least && *argc - 1 <= most)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "usage: grader %s [OPTION...] %s", command,
                arguments);
    return FALSE;
}

gboolean print_text(const char *text, GError **error)
{
    if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
        return TRUE;
    grader_set_errno(error, "cannot write to standard output");
    return FALSE;
}
