/* man.c: `grader man`: the manual page, made from the tables that parse the command lines. */
#include <stdio.h>

#include "commands/command.h"
#include "kit.h"

/* Print a text so that roff changes nothing in it. */
static void print_text(const char *text)
{
    for (gboolean begins = TRUE; *text != '\0'; begins = *text++ == '\n') {
        if (begins && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void print_option(const GOptionEntry *entry)
{
    printf(".TP\n");
    if (entry->short_name != '\0')
        printf("\\fB\\-%c\\fR, ", entry->short_name);
    printf("\\fB");
    print_text("--");
    print_text(entry->long_name);
    printf("\\fR");
    if (entry->arg_description != NULL) {
        printf("=\\fI");
        print_text(entry->arg_description);
        printf("\\fR");
    }
    putchar('\n');
    print_text(entry->description);
    putchar('\n');
}

/* The rows that have a name: the others stand for arguments. */
static void print_options(const GOptionEntry *entries)
{
    for (; entries != NULL && entries->long_name != NULL; entries++)
        if (*entries->long_name != '\0')
            print_option(entries);
}

static void print_line(const CommandLine *line, G_GNUC_UNUSED void *data)
{
    print_text(line->summary);
    putchar('\n');
    print_options(line->own);
    print_options(line->shared);
}

static void print_command(const Command *command)
{
    printf(".SS \"grader %s [OPTION...] ", command->name);
    print_text(command->arguments);
    printf("\"\n");
    command_describe(command, print_line, NULL);
}

static int run_man(int argc, char **argv, GError **error)
{
    const CommandLine line = {.summary = "Print this manual page, for `man -l -`."};
    if (!command_parse(&line, &argc, &argv, error))
        return EXIT_USAGE;
    printf(".TH GRADER 1 \"\" \"attention kit " KIT_VERSION "\" \"The attention kit\"\n"
           ".SH NAME\ngrader \\- grade attention.c\n"
           ".SH SYNOPSIS\n.B grader\nCOMMAND [OPTION...] [ARGUMENT...]\n"
           ".SH DESCRIPTION\n"
           "Grade attention.c: compile it in a sandbox, test it, check its memory.\n"
           ".SH COMMANDS\nEach command has the option \\fB\\-\\-help\\fR.\n");
    for (const Command *const *command = commands; *command != NULL; command++)
        print_command(*command);
    printf(".SH OPTIONS\n"
           ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nlist the commands\n"
           ".TP\n\\fB\\-\\-version\\fR\nprint the version of the kit\n"
           ".SH EXIT STATUS\n"
           ".TP\n0\nfull marks, or done\n"
           ".TP\n1\npoints were lost\n"
           ".TP\n2\nthe command line or the rubric is wrong\n"
           ".TP\n3\nthe grader's own fault, or something is not installed\n"
           ".SH COMPLETION\n"
           "In bash: source <(build/grader completion bash)\n");
    return EXIT_FULL_MARKS;
}

const Command command_man = {"man", "", "print the manual page", run_man};
