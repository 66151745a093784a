/* show.c: `grader show STUDENT`: one student's grade, how it came about, and the report. */
#include <stdio.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/wrap.h"
#include "commands/command.h"
#include "instructor/batch/options.h"
#include "instructor/gradebook/words.h"
#include "report/text.h"

static void line(GString *out, const char *head, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_autofree char *safe = escape_text(text, -1, 1000, FALSE);
    gsize start = out->len;
    g_string_append(out, head);
    wrap_pad(out, start, 12);
    wrap_text(out, 12, 12, safe);
    g_string_append_c(out, '\n');
}

static void append_head(GString *out, const Grade *grade, const GPtrArray *history)
{
    g_autofree char *sum = grade_sum(grade);
    line(out, "student", grade->name);
    if (!g_str_equal(grade->name, grade->student))
        line(out, "key", grade->student);
    line(out, "email", grade->email);
    line(out, "section", grade->section);
    line(out, "grade", sum);
    line(out, "from", grade->origin);
    line(out, "attempt", grade->attempt);
    line(out, "commit", grade->commit);
    for (guint i = 0; i < history->len; i++)
        line(out, i == 0 ? "history" : "", history->pdata[i]);
}

static gboolean show(Gradebook *book, const char *wanted, GError **error)
{
    g_autofree char *student = gradebook_student(book, wanted, error);
    g_autoptr(Grade) grade = student != NULL ? gradebook_grade(book, student, error) : NULL;
    g_autoptr(GPtrArray) history = grade != NULL ? gradebook_history(book, student, error) : NULL;
    if (history == NULL)
        return FALSE;
    g_autoptr(GString) out = g_string_new(NULL);
    append_head(out, grade, history);
    if (grade->record != 0) {
        g_autoptr(Result) result = gradebook_result(book, grade->record, error);
        if (result == NULL)
            return FALSE;
        const ReportStyle style = {.show = DISCLOSE_ALL};
        g_autofree char *report = report_text(result, &style);
        g_string_append_printf(out, "\n%s", report);
    }
    return print_text(out->str, error);
}

static int run_show(int argc, char **argv, GError **error)
{
    g_auto(InstructorOptions) options = {0};
    if (!instructor_options_parse(
            &options, "STUDENT",
            "Show a student's grade, its history and the report. STUDENT is the "
            "name, login, email or number.",
            NULL, 1, 1, &argc, &argv, error))
        return EXIT_USAGE;
    g_autoptr(Gradebook) book = instructor_options_open(&options, error);
    return book != NULL && show(book, argv[1], error) ? EXIT_FULL_MARKS : EXIT_OWN_FAULT;
}

const Command command_show = {"show", "STUDENT", "a student's grade, its history and the report",
                              run_show};
