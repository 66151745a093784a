/*
 * completion.c: `grader completion bash`: what bash needs to complete the command line of the
 * grader, made from the tables that parse it.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"

/* Each option as a word: "--rubric=FILE" with what it takes, "--again" if that is nothing. */
static void print_options(const GOptionEntry *entries)
{
    for (; entries != NULL && entries->long_name != NULL; entries++) {
        const char *value = entries->arg_description != NULL ? entries->arg_description : "";
        const char *equals = entries->arg_description != NULL ? "=" : "";
        if (*entries->long_name != '\0')
            printf(" --%s%s%s", entries->long_name, equals, value);
        if (entries->short_name != '\0')
            printf(" -%c%s%s", entries->short_name, equals, value);
    }
}

static void print_line(const CommandLine *line, G_GNUC_UNUSED void *data)
{
    print_options(line->own);
    print_options(line->shared);
}

static const char script_begin[] =
    "# Completion of the grader's commands and options, made by `grader completion bash`.\n"
    "_grader() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local options=() option value=\n"
    "    COMPREPLY=()\n"
    "    # The = of --format=json is a word of its own.\n"
    "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    [ \"$word\" != = ] || word=\n"
    "    case ${COMP_WORDS[1]} in\n";

static const char script_middle[] = "    esac\n"
                                    "    # What the option before the word takes, if anything.\n"
                                    "    for option in \"${options[@]}\"; do\n"
                                    "        [[ $option != \"$before=\"* ]] || value=${option#*=}\n"
                                    "    done\n"
                                    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                                    "        mapfile -t COMPREPLY < <(compgen -W '--help --version";

static const char script_end[] =
    "' -- \"$word\")\n"
    "    elif [[ -z $value && $word == -* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"${options[*]%%=*}\" -- \"$word\")\n"
    "    elif [[ $value =~ ^(|FILE|FOLDER|DIR|PATH)$ ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "    fi\n"
    "}\n"
    "complete -F _grader grader\n";

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
    fputs(script_begin, stdout);
    for (const Command *const *command = commands; *command != NULL; command++) {
        printf("    %s) options=(--help", (*command)->name);
        command_describe(*command, print_line, NULL);
        printf(") ;;\n");
    }
    fputs(script_middle, stdout);
    for (const Command *const *command = commands; *command != NULL; command++)
        printf(" %s", (*command)->name);
    fputs(script_end, stdout);
    return EXIT_FULL_MARKS;
}

const Command command_completion = {"completion", "bash", "print what completes a command line",
                                    run_completion};
