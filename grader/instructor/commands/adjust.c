/* adjust.c: `grader adjust STUDENT`: what a person decides on top of the grading. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/escape.h"
#include "commands/command.h"
#include "instructor/batch/options.h"
#include "result/words.h"

/* Texts come as bytes (G_OPTION_ARG_FILENAME): in the C locale GLib would refuse an accent. */
typedef struct {
    InstructorOptions instructor;
    char *points, *days, *reason, *author, *item;
} Options;

static void options_free(Options *options)
{
    instructor_options_clear(&options->instructor);
    g_free(options->points);
    g_free(options->days);
    g_free(options->reason);
    g_free(options->author);
    g_free(options->item);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_free)

static gboolean usage(GError **error, const char *message)
{
    g_set_error_literal(error, GRADER_ERROR, GRADER_ERROR_USAGE, message);
    return FALSE;
}

static gboolean parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"points", 'p', 0, G_OPTION_ARG_STRING, &options->points,
         "points to add, or with a minus to take away", "N"},
        {"days-late", 0, 0, G_OPTION_ARG_STRING, &options->days,
         "how many days late it counts as, whatever was found", "N"},
        {"reason", 'r', 0, G_OPTION_ARG_FILENAME, &options->reason, "why, for the record", "TEXT"},
        {"author", 0, 0, G_OPTION_ARG_FILENAME, &options->author,
         "who decided it (default: your login)", "NAME"},
        {"item", 'i', 0, G_OPTION_ARG_FILENAME, &options->item, "the rubric item it is about",
         "ITEM"},
        G_OPTION_ENTRY_NULL};
    return instructor_options_parse(
        &options->instructor, "STUDENT",
        "Add points to a student's grade, or take some, or set how late it "
        "was. A regrade leaves this alone; to take it back, adjust again.",
        entries, 1, 1, argc, argv, error);
}

static gboolean is_text(const char *text)
{
    return text != NULL && *text != '\0' && g_utf8_validate(text, -1, NULL);
}

static gboolean read_values(const Options *options, Adjustment *adjustment, GError **error)
{
    if (options->points == NULL && options->days == NULL)
        return usage(error, "adjust takes --points N or --days-late N");
    if (!is_text(options->reason))
        return usage(error, "adjust takes --reason TEXT: what will you answer in a month?");
    if (options->points != NULL) {
        char *end = NULL;
        adjustment->points = g_ascii_strtod(options->points, &end);
        if (*end != '\0' || end == options->points || !isfinite(adjustment->points) ||
            fabs(adjustment->points) > 10000)
            return usage(error, "--points takes a number, such as 2.5 or -1");
    }
    if (options->days != NULL) {
        guint64 days;
        if (!g_ascii_string_to_unsigned(options->days, 10, 0, 10000, &days, NULL))
            return usage(error, "--days-late takes a whole number");
        adjustment->sets_days = TRUE;
        adjustment->days_late = (guint)days;
    }
    adjustment->reason = options->reason;
    adjustment->author = is_text(options->author) ? options->author : g_get_user_name();
    adjustment->item = options->item;
    return TRUE;
}

static gboolean adjust(Gradebook *book, const char *wanted, Adjustment *adjustment, GError **error)
{
    g_autofree char *student = gradebook_student(book, wanted, error);
    if (student == NULL)
        return FALSE;
    g_autoptr(Grade) before = gradebook_grade(book, student, error);
    adjustment->student = student;
    if (before == NULL || !gradebook_adjust(book, adjustment, error))
        return FALSE;
    g_autoptr(Grade) after = gradebook_grade(book, student, error);
    if (after == NULL)
        return FALSE;
    g_autofree char *name = escape_text(after->name, -1, 100, FALSE);
    g_autofree char *from = before->graded ? words_points(before->final) : g_strdup("no grade");
    g_autofree char *to = after->graded ? words_points(after->final) : g_strdup("no grade");
    g_autofree char *text = g_strdup_printf("%s: %s -> %s\n", name, from, to);
    return print_text(text, error);
}

static int run_adjust(int argc, char **argv, GError **error)
{
    g_auto(Options) options = {0};
    Adjustment adjustment = {0};
    if (!parse(&options, &argc, &argv, error) || !read_values(&options, &adjustment, error))
        return EXIT_USAGE;
    g_autoptr(Gradebook) book = instructor_options_open(&options.instructor, error);
    return book != NULL && adjust(book, argv[1], &adjustment, error) ? EXIT_FULL_MARKS
                                                                     : EXIT_OWN_FAULT;
}

const Command command_adjust = {"adjust", "STUDENT", "add points to a grade, with a reason",
                                run_adjust};
