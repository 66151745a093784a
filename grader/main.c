/* main.c: the command line: one program, a command for each thing to do. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"
#include "kit.h"

static void print_help(FILE *file)
{
    fprintf(file, "usage: grader COMMAND [OPTION...] [ARGUMENT...]\n\n"
                  "Grade attention.c: compile it in a sandbox, test it, check its memory.\n\n");
    for (const Command *const *command = commands; *command != NULL; command++)
        fprintf(file, "  %-10s %-10s %s\n", (*command)->name, (*command)->arguments,
                (*command)->summary);
    fprintf(file,
            "\n'grader COMMAND --help' explains a command. Exit status: 0 done, or full marks;\n"
            "1 points were lost; 2 the command line is wrong; 3 the grader failed.\n");
}

/* TRUE if the word is no command but a question, which is then answered. */
static gboolean answer(const char *word)
{
    if (g_str_equal(word, "--help") || g_str_equal(word, "-h"))
        print_help(stdout);
    else if (g_str_equal(word, "--version"))
        puts("grader (the attention kit) " KIT_VERSION);
    else
        return FALSE;
    return TRUE;
}

static int exit_status(const GError *error)
{
    gboolean usage = error->domain == G_OPTION_ERROR ||
                     g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE) ||
                     g_error_matches(error, GRADER_ERROR, GRADER_ERROR_RUBRIC);
    return usage ? EXIT_USAGE : EXIT_OWN_FAULT;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    if (argc > 1 && answer(argv[1]))
        return EXIT_SUCCESS;
    const Command *command = argc > 1 ? command_find(argv[1]) : NULL;
    if (command == NULL) {
        if (argc > 1)
            fprintf(stderr, "grader: there is no command '%s'\n\n", argv[1]);
        print_help(stderr);
        return EXIT_USAGE;
    }
    g_autoptr(GError) error = NULL;
    int status = command->run(argc - 1, argv + 1, &error);
    if (error == NULL)
        return status;
    fprintf(stderr, "grader: %s\n", error->message);
    return exit_status(error);
}
