/* json.c: the formats that are JSON; see export.h. */
#include "instructor/export/export.h"

#include <string.h>

#include "base/escape.h"
#include "instructor/export/view.h"
#include "instructor/gradebook/words.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "result/words.h"
#include "rubric/disclose.h"

static json_t *text(const char *string)
{
    return string != NULL ? json_string(string) : json_null();
}

/* Points have two decimals, so that 0.1 + 0.2 is 0.3. */
static json_t *points(gboolean there, double number)
{
    g_autofree char *words = words_points(number);
    return there ? json_real(g_ascii_strtod(words, NULL)) : json_null();
}

static char *dump(json_t *object)
{
    char *raw = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    g_autofree char *safe = escape_json(raw);
    char *out = g_strconcat(safe, "\n", NULL);
    free(raw);
    json_decref(object);
    return out;
}

/* ---- the class ------------------------------------------------------------------------------- */

static json_t *items(const Result *result)
{
    json_t *list = json_array();
    for (guint i = 0; result != NULL && i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:o, s:o, s:b}", "id", item->id, "points",
                                        points(result->status != SUBMISSION_UNGRADED, item->points),
                                        "max_points", points(TRUE, item->max_points), "penalty",
                                        points(TRUE, item->penalty), "extra", item->extra));
    }
    return list;
}

static json_t *student(const Grade *grade, const Result *result)
{
    gboolean earned = result != NULL && result->status != SUBMISSION_UNGRADED;
    json_t *object = json_object();
    const struct {
        const char *key, *value;
    } texts[] = {
        {"student", grade->student}, {"name", grade->name},          {"email", grade->email},
        {"login", grade->login},     {"sis_id", grade->sis_id},      {"lms_id", grade->lms_id},
        {"section", grade->section}, {"status", grade->status},      {"attempt", grade->attempt},
        {"commit", grade->commit},   {"graded_at", grade->graded_at}};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        json_object_set_new(object, texts[i].key, text(texts[i].value));
    json_object_set_new(object, "handed_in", json_boolean(grade->record != 0));
    json_object_set_new(object, "on_roster", json_boolean(grade->listed));
    json_object_set_new(object, "items", items(result));
    json_object_set_new(object, "score", points(earned, grade->score));
    json_object_set_new(object, "extra", points(earned, grade->extra));
    json_object_set_new(object, "days_late", json_integer(grade->days_late));
    json_object_set_new(object, "late_penalty", points(earned, grade->late_penalty));
    json_object_set_new(object, "adjustment", points(grade->adjusted, grade->adjustment));
    json_object_set_new(object, "final", points(grade->graded, grade->final));
    json_object_set_new(object, "max_score", points(TRUE, grade->max_score));
    return object;
}

char *export_json(const Export *export, GError **error)
{
    json_t *students = json_array();
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = export->grades->pdata[i];
        g_autoptr(Result) result = NULL;
        if (!gradebook_result_of(export->book, grade, &result, error)) {
            json_decref(students);
            return NULL;
        }
        json_array_append_new(students, student(grade, result));
    }
    return dump(json_pack("{s:o, s:o, s:o, s:o}", "assignment", text(export->class->assignment),
                          "title", text(export->class->title), "max_score",
                          points(TRUE, export->class->max_score), "students", students));
}

char *export_text(const Export *export, GError **error)
{
    const ViewStyle style = {.table = TRUE};
    return view_text(export->book, &style, error);
}

/* ---- one student ----------------------------------------------------------------------------- */

char *export_student_junit(const Rubric *rubric, const Grade *grade, const Result *result)
{
    (void)rubric;
    (void)grade;
    return report_junit(result);
}

char *export_student_markdown(const Rubric *rubric, const Grade *grade, const Result *result)
{
    g_autofree char *report = report_markdown(result, rubric->hidden);
    if (grade == NULL || (grade->late_penalty == 0 && !grade->adjusted && grade->extra == 0))
        return g_steal_pointer(&report);
    g_autofree char *sum = grade_sum(grade);
    return g_strdup_printf("%s\n**Grade: %s.**\n", report, sum);
}

/* A line for each test of the item that failed. */
static char *item_output(const ItemResult *item)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = item->tests->pdata[i];
        if (test->status == TEST_PASSED)
            continue;
        g_string_append_printf(out, "%s: %s\n", test->title != NULL ? test->title : test->name,
                               test->message != NULL ? test->message
                                                     : test_status_word(test->status));
        if (test->hint != NULL)
            g_string_append_printf(out, "  hint: %s\n", test->hint);
    }
    for (guint i = 0; i < item->memory->len; i++) {
        const MemoryFinding *finding = item->memory->pdata[i];
        g_autofree char *place = words_place(finding);
        g_string_append_printf(out, "memory: %s%s%s\n", words_memory(finding),
                               place != NULL ? " " : "", place != NULL ? place : "");
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static json_t *gradescope_test(const ItemResult *item, guint number)
{
    g_autofree char *output = item_output(item);
    g_autofree char *place = g_strdup_printf("%u", number);
    return json_pack("{s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:s, s:s}", "score",
                     points(TRUE, item->points), "max_score", points(TRUE, item->max_points),
                     "status", item->points >= item->max_points ? "passed" : "failed", "name",
                     text(item->title != NULL ? item->title : item->id), "name_format", "text",
                     "number", place, "output", text(output), "output_format", "text", "visibility",
                     "visible");
}

/* Without a score Gradescope says that the autograder failed, which is true of an ungraded one. */
char *export_student_gradescope(const Rubric *rubric, const Grade *grade, const Result *result)
{
    g_autoptr(Result) shown = disclose(result, rubric->hidden);
    g_autofree char *report = export_student_markdown(rubric, grade, result);
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:{s:s, s:I}}", "execution_time",
                  points(TRUE, (double)result->cpu_usec / G_USEC_PER_SEC), "output", text(report),
                  "output_format", "md", "test_output_format", "text", "visibility", "visible",
                  "stdout_visibility", "hidden", "extra_data", "status",
                  submission_status_word(result->status), "seed", (json_int_t)result->seed);
    if (result->status == SUBMISSION_UNGRADED)
        return dump(object);
    double score = grade != NULL && grade->graded ? grade->final : result->score + result->extra;
    json_object_set_new(object, "score", points(TRUE, score));
    json_t *tests = json_array();
    for (guint i = 0; i < shown->items->len; i++)
        json_array_append_new(tests, gradescope_test(shown->items->pdata[i], i + 1));
    json_object_set_new(object, "tests", tests);
    return dump(object);
}
