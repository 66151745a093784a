/* options.c: see options.h. */
#include "commands/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "commands/command.h"
#include "report/ci.h"
#include "report/github.h"
#include "report/text.h"
#include "result/json.h"

void options_clear(GradeOptions *options)
{
    g_free(options->rubric);
    g_free(options->format);
    g_free(options->colour);
    g_free(options->report);
    g_free(options->seed);
}

static gboolean is_one_of(const char *value, const char *option, const char *const *words,
                          GError **error)
{
    if (value == NULL || g_strv_contains(words, value))
        return TRUE;
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "--%s takes one of %s, not '%s'", option,
                list, value);
    return FALSE;
}

static gboolean check_values(GradeOptions *options, GError **error)
{
    guint64 seed = 0;
    g_autoptr(GError) reason = NULL;
    if (options->seed != NULL &&
        !g_ascii_string_to_unsigned(options->seed, 10, 0, G_MAXUINT32, &seed, &reason)) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "--seed takes a number from 0 to %u, not '%s'", G_MAXUINT32, options->seed);
        return FALSE;
    }
    options->seed_number = (guint32)seed;
    return is_one_of(options->format, "format", (const char *[]){"text", "json", NULL}, error) &&
           is_one_of(options->colour, "colour", (const char *[]){"auto", "always", "never", NULL},
                     error);
}

gboolean options_parse(GradeOptions *options, const char *arguments, const char *summary,
                       const GOptionEntry *entries, int *argc, char ***argv, GError **error)
{
    const GOptionEntry common[] = {{"format", 'f', 0, G_OPTION_ARG_STRING, &options->format,
                                    "text (default), or json: the object of result.json", "FORMAT"},
                                   {"seed", 's', 0, G_OPTION_ARG_STRING, &options->seed,
                                    "repeat the inputs of an earlier grading exactly", "N"},
                                   {"report", 0, 0, G_OPTION_ARG_FILENAME, &options->report,
                                    "also write result.json, junit.xml and summary.md of one "
                                    "submission into FOLDER",
                                    "FOLDER"},
                                   {"rubric", 0, 0, G_OPTION_ARG_FILENAME, &options->rubric,
                                    "instead of the kit's rubric.yaml", "FILE"},
                                   {"colour", 0, 0, G_OPTION_ARG_STRING, &options->colour,
                                    "auto (default), always or never", "WHEN"},
                                   G_OPTION_ENTRY_NULL};
    const CommandLine line = {arguments, summary, entries, common};
    return command_parse(&line, argc, argv, error) && check_values(options, error);
}

guint32 options_seed(const GradeOptions *options)
{
    return options->seed != NULL ? options->seed_number : grade_fresh_seed();
}

char *options_name(const char *path)
{
    g_autofree char *real = realpath(path, NULL);
    return g_path_get_basename(real != NULL ? real : path);
}

gboolean options_colour(const GradeOptions *options)
{
    if (options->colour == NULL || g_str_equal(options->colour, "auto"))
        return isatty(STDOUT_FILENO) && g_getenv("NO_COLOR") == NULL &&
               g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    return g_str_equal(options->colour, "always");
}

static gboolean is_json(const GradeOptions *options)
{
    return g_strcmp0(options->format, "json") == 0;
}

/* The report in the format that was asked for; as text in a runner's log, so that it obeys nothing. */
static char *format_report(const GradeOptions *options, const Result *result, const char *repeat)
{
    const ReportStyle style = {
        .colour = options_colour(options), .show = DISCLOSE_ALL, .repeat = repeat};
    if (is_json(options))
        return result_to_json(result);
    g_autofree char *text = report_text(result, &style);
    return report_ci_is_github() ? report_github_log(text) : g_steal_pointer(&text);
}

int options_print(const GradeOptions *options, const Result *result, const char *repeat,
                  GError **error)
{
    g_autofree char *text = format_report(options, result, repeat);
    if (fputs(text, stdout) == EOF || fflush(stdout) == EOF) {
        grader_set_errno(error, "cannot write the report");
        return EXIT_OWN_FAULT;
    }
    if (result->status == SUBMISSION_UNGRADED)
        return EXIT_OWN_FAULT;
    return result_is_full(result) ? EXIT_FULL_MARKS : EXIT_POINTS_LOST;
}

gboolean options_publish(const GradeOptions *options, const Result *result, const char *folder,
                         GError **error)
{
    if (options->report != NULL && !report_ci_write(result, options->report, error)) {
        g_prefix_error(error, "the report above cannot be kept: ");
        return FALSE;
    }
    return !report_ci_is_github() || is_json(options) || report_ci_github(result, folder, error);
}
