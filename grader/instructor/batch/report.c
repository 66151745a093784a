/* report.c: see report.h. */
#include "instructor/batch/report.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "commands/command.h"
#include "instructor/export/files.h"
#include "instructor/export/view.h"
#include "result/words.h"

static GHashTable *students_of(const GPtrArray *submissions)
{
    GHashTable *students = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < submissions->len; i++)
        g_hash_table_add(students, ((const Submission *)submissions->pdata[i])->student);
    return students;
}

static gboolean print_reports(const BatchWork *work, const GHashTable *students, GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(work->book, error);
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        if (!g_hash_table_contains((GHashTable *)students, grade->student) || grade->record == 0)
            continue;
        g_autoptr(Result) result = gradebook_result(work->book, grade->record, error);
        if (result == NULL)
            return FALSE;
        options_print(&work->options->common, result, NULL, error);
        if (work->inbox->single &&
            !options_publish(&work->options->common, result, result->path, error))
            return FALSE;
        if (*error != NULL || (i + 1 < grades->len && !print_text("\n", error)))
            return FALSE;
    }
    return grades != NULL;
}

static GPtrArray *lines_to_look_at(const BatchWork *work)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < work->inbox->submissions->len && work->options->roster != NULL; i++) {
        const Submission *submission = work->inbox->submissions->pdata[i];
        if (!submission->listed)
            g_ptr_array_add(lines, g_strdup_printf("%s: not on the roster", submission->name));
    }
    for (guint i = 0; i < work->inbox->refusals->len; i++)
        g_ptr_array_add(lines, g_strdup(work->inbox->refusals->pdata[i]));
    return lines;
}

static gboolean print_class(const BatchWork *work, const GHashTable *students, GError **error)
{
    g_autoptr(GPtrArray) lines = lines_to_look_at(work);
    const ViewStyle style = {.colour = options_colour(&work->options->common),
                             .table = TRUE,
                             .only = students,
                             .listed = lines};
    g_autofree char *text = view_text(work->book, &style, error);
    return text != NULL && print_text(text, error);
}

/* ---- the foot -------------------------------------------------------------------------------- */

static const Grade *find_grade(const GPtrArray *grades, const char *student)
{
    for (guint i = 0; i < grades->len; i++)
        if (strcmp(((const Grade *)grades->pdata[i])->student, student) == 0)
            return grades->pdata[i];
    return NULL;
}

static char *mark(const Grade *grade)
{
    return grade->graded ? words_points(grade->final) : g_strdup("ungraded");
}

static gboolean append_moves(const BatchWork *work, GString *out, GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(work->book, error);
    guint moved = 0;
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *after = grades->pdata[i];
        const Grade *before = find_grade(work->before, after->student);
        if (before == NULL || before->record == 0 ||
            (before->graded == after->graded && before->final == after->final))
            continue;
        g_autofree char *name = escape_text(after->name, -1, 200, FALSE);
        g_autofree char *from = mark(before), *to = mark(after);
        g_string_append_printf(out, "%s  %s: %s -> %s\n",
                               moved++ == 0 ? "\ngrades that moved\n" : "", name, from, to);
    }
    return grades != NULL;
}

static gboolean print_foot(const BatchWork *work, const BatchOutcome *outcome, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (!append_moves(work, out, error))
        return FALSE;
    g_autofree char *book = instructor_options_gradebook(&work->options->instructor);
    g_string_append_printf(out, "\n%u graded, %u unchanged", outcome->graded, outcome->reused);
    if (outcome->ungraded > 0)
        g_string_append_printf(out, ", %u ungraded: run it again", outcome->ungraded);
    if (outcome->stopped)
        g_string_append(out, ", the others not yet: run it again to go on");
    g_string_append_printf(out, "\nreports    %s/reports\ngradebook  %s\n", work->folder, book);
    return print_text(out->str, error);
}

static int exit_status(const BatchWork *work, const GHashTable *students,
                       const BatchOutcome *outcome, GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(work->book, error);
    int status = EXIT_FULL_MARKS;
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        if (g_hash_table_contains((GHashTable *)students, grade->student) &&
            !(grade->graded && grade->score >= grade->max_score))
            status = EXIT_POINTS_LOST;
    }
    return grades == NULL || outcome->ungraded > 0 || outcome->stopped ? EXIT_OWN_FAULT : status;
}

int print_batch(const BatchWork *work, const BatchOutcome *outcome, GError **error)
{
    const BatchOptions *options = work->options;
    gboolean json = g_strcmp0(options->common.format, "json") == 0;
    g_autoptr(GHashTable) students = students_of(work->inbox->submissions);
    g_autofree char *reports = g_build_filename(work->folder, "reports", NULL);
    if (!student_files_write(work->book, reports, students, error))
        return EXIT_OWN_FAULT;
    if ((json || options->verbose || work->inbox->single) && !print_reports(work, students, error))
        return EXIT_OWN_FAULT;
    if (!json && !work->inbox->single &&
        (!print_class(work, students, error) || !print_foot(work, outcome, error)))
        return EXIT_OWN_FAULT;
    return exit_status(work, students, outcome, error);
}
