/* repeating.c: see repeating.h. */
#include "commands/repeating.h"

#include <stdio.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/wrap.h"

static gboolean find_program(const char *program, GError **error)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (path == NULL)
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "%s is not installed; run 'make setup'", program);
    return path != NULL;
}

/* One line that says how the test went, and one that says what happens now. */
static void introduce(const Recording *recording)
{
    const TestResult *test = recording_test(recording);
    guint calls = recording->calls->calls->len;
    g_autofree char *message =
        escape_text(test->message != NULL ? test->message : "it passes", -1, 1000, FALSE);
    g_autofree char *line =
        g_strdup_printf("%s, seed %u: %s", recording->test, recording->result->seed, message);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    wrap_text(wrapped, 0, 2, line);
    printf("%s\n", wrapped->str);
    printf("Its %u call%s made again, without the sandbox: your code on your machine.\n", calls,
           calls == 1 ? " is" : "s are");
    if (test->status != TEST_PASSED && calls > 1)
        printf("A test ends with the first mistake, so look at the last call first.\n");
    fflush(stdout);
}

int repeating_run(const Command *command, const Repeating *how, int argc, char **argv,
                  GError **error)
{
    g_auto(GradeOptions) options = {0};
    g_autofree char *test = NULL;
    const GOptionEntry entries[] = {{"test", 't', 0, G_OPTION_ARG_STRING, &test,
                                     "the public test whose calls are made again", "ITEM/TEST"},
                                    G_OPTION_ENTRY_NULL};
    if (!options_parse(&options, command->arguments, how->summary, entries, &argc, &argv, error))
        return EXIT_USAGE;
    if (argc != 2) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "%s takes one folder: %s %s starter",
                    command->name, "grader", command->name);
        return EXIT_USAGE;
    }
    if (!find_program(how->program, error))
        return EXIT_OWN_FAULT;
    g_autoptr(Recording) recording = recording_new(&options, argv[1], test, how->purpose, error);
    if (recording == NULL)
        return EXIT_OWN_FAULT;
    if (recording->calls == NULL)
        return options_print(&options, recording->result, NULL, error);
    introduce(recording);
    return how->repeat(recording, argv[1], error);
}
