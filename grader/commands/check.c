/* check.c: `grader check DIR`: one submission against the public tests. */
#include "base/error.h"
#include "commands/command.h"
#include "commands/options.h"
#include "run/run.h"

static gboolean has_item(const Rubric *rubric, const char *item, GError **error)
{
    if (rubric_item(rubric, item) != NULL)
        return TRUE;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < rubric->items->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               ((const RubricItem *)rubric->items->pdata[i])->id);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "there is no item '%s', but %s", item,
                names->str);
    return FALSE;
}

/* Choose the tests of one item, or one test; all of them if neither is named. */
static gboolean choose_tests(GradeContext *context, const char *item, const char *test,
                             GError **error)
{
    if ((item != NULL && !has_item(context->rubric, item, error)) ||
        (test != NULL && !run_has_test(context->listed, test, error)))
        return FALSE;
    if (test != NULL)
        context->filter = g_strdup(test);
    else if (item != NULL)
        context->filter = g_strconcat(item, "/*", NULL);
    return TRUE;
}

static int run_check(int argc, char **argv, GError **error)
{
    g_auto(GradeOptions) options = {0};
    g_autofree char *item = NULL, *test = NULL;
    const GOptionEntry entries[] = {
        {"item", 'i', 0, G_OPTION_ARG_STRING, &item, "run only the tests of this rubric item",
         "ITEM"},
        {"test", 't', 0, G_OPTION_ARG_STRING, &test, "run only this test", "ITEM/TEST"},
        G_OPTION_ENTRY_NULL};
    if (!options_parse(&options, "DIR", "Grade the submission in DIR against the public tests.",
                       entries, &argc, &argv, error))
        return EXIT_USAGE;
    if (argc != 2) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "check takes one folder: %s",
                    "grader check starter");
        return EXIT_USAGE;
    }
    g_autoptr(Workbench) bench = workbench_open(options.rubric, "public", error);
    if (bench == NULL)
        return EXIT_OWN_FAULT;
    bench->context->lenient = TRUE;
    bench->context->jobs = g_get_num_processors();
    if (!choose_tests(bench->context, item, test, error))
        return EXIT_USAGE;
    g_autofree char *name = options_name(argv[1]);
    g_autoptr(Result) result =
        grade_submission(bench->context, name, argv[1], options_seed(&options));
    int status = options_print(&options, result, "make %s TEST=%s", error);
    return options_publish(&options, result, argv[1], error) ? status : EXIT_OWN_FAULT;
}

const Command command_check = {"check", "DIR", "grade one submission against the public tests",
                               run_check};
