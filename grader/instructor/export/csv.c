/* csv.c: the formats that are tables; see export.h. */
#include "instructor/export/export.h"

#include <string.h>

#include "base/escape.h"
#include "instructor/gradebook/words.h"
#include "result/next.h"
#include "result/words.h"
#include "rubric/disclose.h"

/* ---- cells ----------------------------------------------------------------------------------- */

/* Append untrusted text, escaped so that no spreadsheet calculates it. */
static void text_cell(GString *out, const char *text)
{
    g_autofree char *safe = escape_csv(text != NULL ? text : "");
    g_string_append(out, safe);
    g_string_append_c(out, ',');
}

/* Append a number; an empty cell if there is none. */
static void number_cell(GString *out, gboolean there, double number)
{
    if (there)
        g_string_append_printf(out, "%.2f", number);
    g_string_append_c(out, ',');
}

/* End a row in place of its last comma. */
static void end_row(GString *out)
{
    out->str[out->len - 1] = '\n';
}

static const Grade *grade_at(const Export *export, guint index)
{
    return export->grades->pdata[index];
}

/* ---- everything ------------------------------------------------------------------------------ */

static void append_csv_row(GString *out, const Export *export, const Grade *grade,
                           const Result *result)
{
    const char *const texts[] = {grade->student, grade->name,   grade->email,    grade->login,
                                 grade->sis_id,  grade->lms_id, grade->section,  grade->status,
                                 grade->attempt, grade->commit, grade->graded_at};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        text_cell(out, texts[i]);
    gboolean earned = result != NULL && result->status != SUBMISSION_UNGRADED;
    for (guint i = 0; i < export->rubric->items->len; i++) {
        const RubricItem *item = export->rubric->items->pdata[i];
        const ItemResult *got = earned ? result_item(result, item->id) : NULL;
        number_cell(out, got != NULL, got != NULL ? got->points : 0);
    }
    number_cell(out, earned, grade->score);
    number_cell(out, earned, grade->extra);
    g_string_append_printf(out, "%u,", grade->days_late);
    number_cell(out, earned, grade->late_penalty);
    number_cell(out, grade->adjusted, grade->adjustment);
    number_cell(out, grade->graded, grade->final);
    number_cell(out, TRUE, grade->max_score);
    end_row(out);
}

char *export_csv(const Export *export, GError **error)
{
    g_autoptr(GString) out = g_string_new("student,name,email,login,sis_id,lms_id,section,status,"
                                          "attempt,commit,graded_at,");
    for (guint i = 0; i < export->rubric->items->len; i++)
        text_cell(out, ((const RubricItem *)export->rubric->items->pdata[i])->id);
    g_string_append(out, "score,extra,days_late,late_penalty,adjustment,final,max_score\n");
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = grade_at(export, i);
        g_autoptr(Result) result = NULL;
        if (!gradebook_result_of(export->book, grade, &result, error))
            return NULL;
        append_csv_row(out, export, grade, result);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- Canvas ---------------------------------------------------------------------------------- */

char *export_canvas(const Export *export, GError **error)
{
    (void)error;
    g_autoptr(GString) out = g_string_new("Student,ID,SIS User ID,SIS Login ID,Section,");
    g_autofree char *title =
        export->assignment != NULL
            ? g_strdup_printf("%s (%s)", export->class->title, export->assignment)
            : g_strdup(export->class->title);
    text_cell(out, title);
    end_row(out);
    /* Canvas recognises this row by its four blanks, so they must not be quoted. */
    g_string_append_printf(out, "    Points Possible,,,,,%.2f\n", export->class->max_score);
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = grade_at(export, i);
        text_cell(out, grade->name);
        text_cell(out, grade->lms_id);
        text_cell(out, grade->sis_id);
        text_cell(out, grade->login);
        text_cell(out, grade->section);
        number_cell(out, grade->graded, grade->final);
        end_row(out);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- Moodle ---------------------------------------------------------------------------------- */

/* Feedback for the student: the sum, the items, what to do next. Moodle reads it as HTML. */
static char *feedback(const Export *export, const Grade *grade, const Result *result)
{
    if (result == NULL)
        return g_strdup("");
    g_autoptr(Result) shown = disclose(result, export->rubric->hidden);
    g_autofree char *sum = grade_sum(grade);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *safe_sum = escape_html(sum);
    g_string_append_printf(out, "<p>%s</p><ul>", safe_sum);
    for (guint i = 0; i < shown->items->len; i++) {
        const ItemResult *item = shown->items->pdata[i];
        g_autofree char *points = words_points(item->points);
        g_autofree char *max = words_points(item->max_points);
        g_autofree char *title = escape_html(item->title != NULL ? item->title : item->id);
        g_string_append_printf(out, "<li>%s: %s/%s</li>", title, points, max);
    }
    g_string_append(out, "</ul>");
    g_autofree char *next = next_step(shown);
    g_autofree char *safe_next = next != NULL ? escape_html(next) : NULL;
    if (safe_next != NULL)
        g_string_append_printf(out, "<p>Next: %s</p>", safe_next);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean feedback_cell(GString *out, const Export *export, const Grade *grade,
                              GError **error)
{
    g_autoptr(Result) result = NULL;
    if (!gradebook_result_of(export->book, grade, &result, error))
        return FALSE;
    g_autofree char *text = feedback(export, grade, result);
    text_cell(out, text);
    return TRUE;
}

char *export_moodle(const Export *export, GError **error)
{
    g_autoptr(GString) out = g_string_new("username,useridnumber,useremail,fullname,grade,"
                                          "feedback\n");
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = grade_at(export, i);
        text_cell(out, grade->login);
        text_cell(out, grade->sis_id);
        text_cell(out, grade->email);
        text_cell(out, grade->name);
        number_cell(out, grade->graded, grade->final);
        if (!feedback_cell(out, export, grade, error))
            return NULL;
        end_row(out);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *export_moodle_worksheet(const Export *export, GError **error)
{
    g_autoptr(GString) out = g_string_new("Identifier,Full name,Email address,Grade,Maximum Grade,"
                                          "Last modified (grade),Feedback comments\n");
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = grade_at(export, i);
        g_autofree char *id =
            grade->lms_id != NULL ? g_strconcat("Participant ", grade->lms_id, NULL) : NULL;
        text_cell(out, id);
        text_cell(out, grade->name);
        text_cell(out, grade->email);
        number_cell(out, grade->graded, grade->final);
        number_cell(out, TRUE, grade->max_score);
        text_cell(out, grade->graded ? grade->graded_at : NULL);
        if (!feedback_cell(out, export, grade, error))
            return NULL;
        end_row(out);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- nbgrader -------------------------------------------------------------------------------- */

char *export_nbgrader(const Export *export, GError **error)
{
    (void)error;
    g_autoptr(GString) out =
        g_string_new("assignment,duedate,timestamp,student_id,last_name,first_name,email,"
                     "raw_score,late_submission_penalty,score,max_score\n");
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = grade_at(export, i);
        g_autofree char *first = NULL, *last = NULL;
        grade_split_name(grade->name, &first, &last);
        gboolean earned = grade->graded && grade->record != 0;
        text_cell(out, export->assignment != NULL ? export->assignment : export->class->assignment);
        text_cell(out, export->rubric->late.due);
        text_cell(out, grade->graded_at);
        text_cell(out, grade->student);
        text_cell(out, last);
        text_cell(out, first);
        text_cell(out, grade->email);
        number_cell(out, earned, grade->score + grade->extra);
        number_cell(out, earned, grade->late_penalty);
        number_cell(out, grade->graded, grade->final);
        number_cell(out, TRUE, grade->max_score);
        end_row(out);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
