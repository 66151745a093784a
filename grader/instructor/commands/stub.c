/* stub.c: `grader stub`: write the starter's attention.c, made from the solution's. */
#include "commands/command.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "kit.h"
#include "instructor/release/stub.h"

/* Read the command line. What is not given stays NULL. */
static gboolean read_arguments(int argc, char **argv, char **solution, char **output,
                               GError **error)
{
    g_auto(GStrv) rest = NULL;
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, output,
         "write to FILE instead of starter/attention.c", "FILE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL,
         command_stub.arguments},
        G_OPTION_ENTRY_NULL,
    };
    const CommandLine line = {.summary = command_stub.summary, .own = entries};
    if (!command_parse(&line, &argc, &argv, error))
        return FALSE;
    if (rest != NULL && rest[1] != NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "one solution at a time: '%s' is one too many", rest[1]);
        return FALSE;
    }
    *solution = rest != NULL ? g_strdup(rest[0]) : NULL;
    return TRUE;
}

/* Fill in where the kit has the two files. */
static gboolean use_kit(char **solution, char **output, GError **error)
{
    if (*solution != NULL && *output != NULL)
        return TRUE;
    g_autoptr(Kit) kit = kit_find(error);
    if (kit == NULL)
        return FALSE;
    if (*solution == NULL)
        *solution = g_build_filename(kit->root, "solution", "attention.c", NULL);
    if (*output == NULL)
        *output = g_build_filename(kit->root, "starter", "attention.c", NULL);
    return TRUE;
}

static gboolean write_starter(const char *solution, const char *output, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;
    if (!g_file_get_contents(solution, &text, &length, error))
        return FALSE;
    if (strlen(text) != length) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SOLUTION, "%s: is no text: it holds a NUL",
                    solution);
        return FALSE;
    }
    g_autofree char *starter = stub_generate(text, solution, error);
    return starter != NULL && files_write(output, starter, error);
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *solution = NULL;
    g_autofree char *output = NULL;
    if (!read_arguments(argc, argv, &solution, &output, error))
        return EXIT_USAGE;
    if (!use_kit(&solution, &output, error) || !write_starter(solution, output, error))
        return EXIT_OWN_FAULT;
    return EXIT_FULL_MARKS;
}

const Command command_stub = {
    .name = "stub",
    .arguments = "[SOLUTION]",
    .summary = "make the starter's attention.c from the solution's",
    .run = run,
};
