/* picture.c: `grader picture DIR`: the weights that the student's code computes. */
#include <stdio.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "commands/heatmap.h"
#include "commands/session.h"

/* The public test with the module's sequence, in full and causal. */
#define PICTURE_TEST "integration/causal"

/* Nothing to draw: the report of what cannot be compiled, or what the test said. */
static int explain(const GradeOptions *options, const Session *session, GError **error)
{
    const TestResult *test = session_test(session);
    if (session->log == NULL || test == NULL)
        return options_print(options, session->result, NULL, error);
    g_autofree char *message = escape_text(
        test->message != NULL ? test->message : "no matrix of weights", -1, 1000, FALSE);
    printf("There is nothing to draw in %s: %s\n", session->test, message);
    return EXIT_POINTS_LOST;
}

/* In the terminal first: that much works in a folder in which nothing can be written. */
static int draw(const GPtrArray *panels, const char *output, GError **error)
{
    g_autofree char *text = picture_text(panels, g_get_charset(NULL));
    g_autofree char *svg = picture_svg(panels);
    g_autofree char *folder = g_path_get_dirname(output);
    printf("%s\n", text);
    fflush(stdout);
    if (g_mkdir_with_parents(folder, 0755) < 0) {
        grader_set_errno(error, "cannot make the folder '%s'", folder);
        return EXIT_OWN_FAULT;
    }
    if (!files_write(output, svg, error))
        return EXIT_OWN_FAULT;
    printf("The same in colour: %s\n", output);
    return EXIT_FULL_MARKS;
}

static int run_picture(int argc, char **argv, GError **error)
{
    g_auto(GradeOptions) options = {0};
    g_autofree char *test = NULL, *output = NULL;
    const GOptionEntry entries[] = {
        {"test", 't', 0, G_OPTION_ARG_STRING, &test,
         "draw the weights in this public test instead of " PICTURE_TEST, "ITEM/TEST"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "instead of build/picture.svg", "FILE"},
        G_OPTION_ENTRY_NULL};
    if (!options_parse(&options, command_picture.arguments,
                       "Draw the attention weights that the submission computes.", entries, &argc,
                       &argv, error))
        return EXIT_USAGE;
    if (argc != 2) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "picture takes one folder: %s",
                    "grader picture starter");
        return EXIT_USAGE;
    }
    g_autoptr(Session) session =
        session_new(&options, argv[1], test != NULL ? test : PICTURE_TEST, COMPILE_TO_GRADE, error);
    if (session == NULL)
        return EXIT_OWN_FAULT;
    g_autoptr(GPtrArray) panels =
        session->log != NULL ? picture_panels(session->log) : g_ptr_array_new();
    if (panels->len == 0)
        return explain(&options, session, error);
    return draw(panels, output != NULL ? output : "build/picture.svg", error);
}

const Command command_picture = {"picture", "DIR", "draw the weights that a submission computes",
                                 run_picture};
