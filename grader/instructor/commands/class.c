/* class.c: `grader class`: the class as the gradebook has it. */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "commands/command.h"
#include "instructor/batch/options.h"
#include "instructor/export/view.h"

static int run_class(int argc, char **argv, GError **error)
{
    g_auto(InstructorOptions) options = {0};
    gboolean brief = FALSE;
    const GOptionEntry entries[] = {{"brief", 'b', 0, G_OPTION_ARG_NONE, &brief,
                                     "the summary only, without a line for each student", NULL},
                                    G_OPTION_ENTRY_NULL};
    if (!instructor_options_parse(
            &options, "",
            "Show the class: grades, distribution, points per item, what failed "
            "most, and who needs a look.",
            entries, 0, 0, &argc, &argv, error))
        return EXIT_USAGE;
    g_autoptr(Gradebook) book = instructor_options_open(&options, error);
    const ViewStyle style = {
        .colour = isatty(STDOUT_FILENO) && g_getenv("NO_COLOR") == NULL,
        .table = !brief,
    };
    g_autofree char *text = book != NULL ? view_text(book, &style, error) : NULL;
    return text != NULL && print_text(text, error) ? EXIT_FULL_MARKS : EXIT_OWN_FAULT;
}

const Command command_class = {"class", "", "the class at a glance, from the gradebook", run_class};
