/* main.c: the command line: one program, a command for each thing to do. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"

static const Command *const commands[] = {
    &command_check,   &command_debug, &command_memcheck, &command_picture,
#ifdef WITH_INSTRUCTOR
    &command_grade,   &command_class, &command_show,     &command_adjust,   &command_export,
    &command_merge,   &command_stub,  &command_release,  &command_validate,
#endif
    &command_sandbox,
};

static void print_help(FILE *file)
{
    fprintf(file, "usage: grader COMMAND [OPTION...] [ARGUMENT...]\n\n"
                  "Grade attention.c: compile it in a sandbox, test it, check its memory.\n\n");
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(file, "  %-9s %-10s %s\n", commands[i]->name, commands[i]->arguments,
                commands[i]->summary);
    fprintf(file,
            "\n'grader COMMAND --help' explains a command. Exit status: 0 done, or full marks;\n"
            "1 points were lost; 2 the command line is wrong; 3 the grader failed.\n");
}

static const Command *find_command(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    const Command *command = argc > 1 ? find_command(argv[1]) : NULL;
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
    gboolean usage = error->domain == G_OPTION_ERROR ||
                     g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE) ||
                     g_error_matches(error, GRADER_ERROR, GRADER_ERROR_RUBRIC);
    return usage ? EXIT_USAGE : EXIT_OWN_FAULT;
}
