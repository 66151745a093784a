/* command.c: see command.h. */
#include "commands/command.h"

#include <string.h>

const Command *const commands[] = {
    &command_check,    &command_debug, &command_memcheck,   &command_picture,
#ifdef WITH_INSTRUCTOR
    &command_grade,    &command_class, &command_show,       &command_adjust,
    &command_export,   &command_merge, &command_stub,       &command_release,
    &command_validate,
#endif
    &command_sandbox,  &command_man,   &command_completion, NULL,
};

const Command *command_find(const char *name)
{
    for (const Command *const *command = commands; *command != NULL; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

/* While command_describe() runs a command: who wants to know its command line. */
static struct {
    CommandVisitor *visit;
    void *data;
} description;

void command_describe(const Command *command, CommandVisitor *visit, void *data)
{
    char *argv[] = {(char *)command->name, NULL};
    g_autoptr(GError) described = NULL;
    description.visit = visit;
    description.data = data;
    command->run(1, argv, &described);
    description.visit = NULL;
}

gboolean command_parse(const CommandLine *line, int *argc, char ***argv, GError **error)
{
    if (description.visit != NULL) {
        description.visit(line, description.data);
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "described, not run");
        return FALSE;
    }
    g_autoptr(GOptionContext) context = g_option_context_new(line->arguments);
    g_autofree char *name = g_strconcat("grader ", (*argv)[0], NULL);
    g_set_prgname(name);
    g_option_context_set_summary(context, line->summary);
    if (line->own != NULL)
        g_option_context_add_main_entries(context, line->own, NULL);
    if (line->shared != NULL)
        g_option_context_add_main_entries(context, line->shared, NULL);
    return g_option_context_parse(context, argc, argv, error);
}
