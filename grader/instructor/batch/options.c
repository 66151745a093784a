/* options.c: see options.h. */
#include "instructor/batch/options.h"

#include <stdio.h>

#include "base/error.h"
#include "commands/command.h"

void class_options_clear(ClassOptions *options)
{
    g_free(options->folder);
    g_free(options->gradebook);
}

char *class_options_folder(const ClassOptions *options)
{
    return g_strdup(options->folder != NULL ? options->folder : CLASS_FOLDER);
}

char *class_options_gradebook(const ClassOptions *options)
{
    if (options->gradebook != NULL)
        return g_strdup(options->gradebook);
    g_autofree char *folder = class_options_folder(options);
    return g_build_filename(folder, "gradebook.db", NULL);
}

Gradebook *class_options_open(const ClassOptions *options, GError **error)
{
    g_autofree char *path = class_options_gradebook(options);
    return gradebook_open(path, FALSE, error);
}

gboolean class_options_parse(ClassOptions *options, const char *arguments, const char *summary,
                             const GOptionEntry *entries, int least, int most, int *argc,
                             char ***argv, GError **error)
{
    const GOptionEntry common[] = {
        {"grades", 'd', 0, G_OPTION_ARG_FILENAME, &options->folder,
         "the folder that `grader grade` wrote (default: " CLASS_FOLDER ")", "DIR"},
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

gboolean class_print(const char *text, GError **error)
{
    if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
        return TRUE;
    grader_set_errno(error, "cannot write to standard output");
    return FALSE;
}
