/*
 * completion.c: `grader completion bash`: what bash needs to complete the command line of the
 * grader, made from the tables that parse it.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"

/* The names of a command's options, each with a blank before it. */
typedef struct {
    GString *all, *with_value, *with_file;
} OptionNames;

/* The type does not say it: a text may be G_OPTION_ARG_FILENAME, too, to be taken as bytes. */
static gboolean takes_file(const GOptionEntry *entry)
{
    static const char *const files[] = {"FILE", "FOLDER", "DIR", "PATH", NULL};
    return entry->arg_description != NULL && g_strv_contains(files, entry->arg_description);
}

static void add_option(OptionNames *names, const GOptionEntry *entry)
{
    g_autoptr(GString) spelt = g_string_new(NULL);
    g_string_printf(spelt, " --%s", entry->long_name);
    if (entry->short_name != '\0')
        g_string_append_printf(spelt, " -%c", entry->short_name);
    g_string_append(names->all, spelt->str);
    if (takes_file(entry))
        g_string_append(names->with_file, spelt->str);
    else if (entry->arg != G_OPTION_ARG_NONE)
        g_string_append(names->with_value, spelt->str);
}

static void add_options(OptionNames *names, const GOptionEntry *entries)
{
    for (; entries != NULL && entries->long_name != NULL; entries++)
        if (*entries->long_name != '\0')
            add_option(names, entries);
}

static void add_line(const CommandLine *line, void *data)
{
    add_options(data, line->own);
    add_options(data, line->shared);
}

static void print_command(const Command *command)
{
    g_autoptr(GString) all = g_string_new(" --help");
    g_autoptr(GString) with_value = g_string_new(NULL), with_file = g_string_new(NULL);
    OptionNames names = {all, with_value, with_file};
    command_describe(command, add_line, &names);
    printf("    %s) options='%s' values='%s ' files='%s ' ;;\n", command->name, all->str,
           with_value->str, with_file->str);
}

static const char script_begin[] =
    "# Completion of the grader's commands and options, made by `grader completion bash`.\n"
    "_grader() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local options='' values='' files=''\n"
    "    COMPREPLY=()\n"
    "    # The = of --format=json is a word of its own.\n"
    "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    [ \"$word\" != = ] || word=\n"
    "    case ${COMP_WORDS[1]} in\n";

static const char script_middle[] = "    esac\n"
                                    "    if [[ \"$values\" == *\" $before \"* ]]; then\n"
                                    "        return\n"
                                    "    elif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                                    "        mapfile -t COMPREPLY < <(compgen -W '--help --version";

static const char script_end[] =
    "' -- \"$word\")\n"
    "    elif [[ $word == -* && \"$files\" != *\" $before \"* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
    "    else\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "    fi\n"
    "}\n"
    "complete -F _grader grader\n";

static void print_bash(void)
{
    fputs(script_begin, stdout);
    for (const Command *const *command = commands; *command != NULL; command++)
        print_command(*command);
    fputs(script_middle, stdout);
    for (const Command *const *command = commands; *command != NULL; command++)
        printf(" %s", (*command)->name);
    fputs(script_end, stdout);
}

static int run_completion(int argc, char **argv, GError **error)
{
    const CommandLine line = {
        .arguments = "bash",
        .summary = "Print what completes commands and options in bash, which reads it by\n"
                   "source <(build/grader completion bash)"};
    if (!command_parse(&line, &argc, &argv, error))
        return EXIT_USAGE;
    if (argc != 2 || strcmp(argv[1], "bash") != 0) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "completion takes one shell: grader completion bash");
        return EXIT_USAGE;
    }
    print_bash();
    return EXIT_FULL_MARKS;
}

const Command command_completion = {"completion", "bash", "print what completes a command line",
                                    run_completion};
