/* merge.c: `grader merge FILE...`: gradebooks of parts of a class into one. */
#include <glib/gstdio.h>
#include <stdio.h>

#include "base/files.h"
#include "commands/command.h"
#include "instructor/batch/options.h"

static int run_merge(int argc, char **argv, GError **error)
{
    g_auto(InstructorOptions) options = {0};
    if (!instructor_options_parse(
            &options, "FILE...",
            "Add the gradebooks of shards (`grader grade --shard K/N`), or of "
            "another computer, to one. Doing it twice changes nothing.",
            NULL, 1, G_MAXINT, &argc, &argv, error))
        return EXIT_USAGE;
    g_autofree char *path = instructor_options_gradebook(&options);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(Gradebook) book =
        files_make_folder(folder, 0700, error) ? gradebook_open(path, TRUE, error) : NULL;
    if (book == NULL)
        return EXIT_OWN_FAULT;
    for (int i = 1; i < argc; i++)
        if (!gradebook_merge(book, argv[i], error))
            return EXIT_OWN_FAULT;
    g_autoptr(GPtrArray) grades = gradebook_grades(book, error);
    if (grades == NULL)
        return EXIT_OWN_FAULT;
    g_autofree char *text = g_strdup_printf("merged %d gradebook%s: %u students in %s\n", argc - 1,
                                            argc == 2 ? "" : "s", grades->len, path);
    return print_text(text, error) ? EXIT_FULL_MARKS : EXIT_OWN_FAULT;
}

const Command command_merge = {"merge", "FILE...", "put gradebooks of parts of a class together",
                               run_merge};
