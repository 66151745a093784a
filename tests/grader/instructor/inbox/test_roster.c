/* Tests of instructor/inbox/roster.h: lists of students as an LMS exports them. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/inbox/roster.h"

static char *top, *path;
static Rubric rubric;
static GPtrArray *submissions;

static void set_up(void)
{
    top = g_dir_make_tmp("attention-test-XXXXXX", NULL);
    path = g_build_filename(top, "roster.csv", NULL);
    rubric = (Rubric){.late = {.per_day = 0.1, .max = 1, .grace_hours = 1}};
    rubric.late.due = g_strdup("2026-11-20T12:00:00Z");
    submissions = g_ptr_array_new_with_free_func((GDestroyNotify)submission_free);
}

static void tear_down(void)
{
    g_ptr_array_unref(submissions);
    g_free(rubric.late.due);
    files_remove_tree(top);
    g_free(path);
    g_free(top);
}

TestSuite(roster, .init = set_up, .fini = tear_down);

static Submission *add(const char *student, const char *lms_id)
{
    Submission *submission = submission_new(student, "/nowhere");
    submission->lms_id = g_strdup(lms_id);
    g_ptr_array_add(submissions, submission);
    return submission;
}

static gboolean apply(const char *text, GError **error)
{
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    return roster_apply(path, &rubric, submissions, error);
}

/* "key=name" of all, those without a submission in brackets, those not on the roster with "?". */
static void expect(const char *text, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    cr_assert(apply(text, &error), "%s", error != NULL ? error->message : "");
    for (guint i = 0; i < submissions->len; i++) {
        const Submission *each = submissions->pdata[i];
        const char *before = each->path == NULL ? "[" : each->listed ? "" : "?";
        g_string_append_printf(found, "%s%s%s=%s%s", i > 0 ? " " : "", before, each->student,
                               each->name, each->path == NULL ? "]" : "");
    }
    cr_expect_str_eq(found->str, wanted);
}

Test(roster, a_plain_list)
{
    add("ann", NULL);
    add("eve", NULL);
    expect("student_id,name,email\nann,Ann Lee,ann@x.org\nbob,Bob Ray,bob@x.org\n",
           "ann=Ann Lee [bob=Bob Ray] ?eve=eve");
}

Test(roster, a_mark_before_a_quote)
{
    add("ann", NULL);
    expect("\xef\xbb\xbf\"student_id\",\"name\"\n\"ann\",\"Lee, Ann\"\n", "ann=Lee, Ann");
}

Test(roster, canvas)
{
    Submission *smith = add("smithjohn_7", "7");
    g_free(smith->name);
    smith->name = g_strdup("smithjohn");
    expect("Student,ID,SIS User ID,SIS Login ID,Section,HW (1)\n    Points Possible,,,,,30\n"
           "\"Smith, John\",7,s7,jsmith,A,\n\"Student, Test\",9,,,A,\n",
           "jsmith=Smith, John");
    cr_expect_str_eq(smith->section, "A");
    cr_expect_str_eq(smith->sis_id, "s7");
}

Test(roster, moodle_worksheet)
{
    add("Ann Lee_55", "55");
    expect(
        "\xef\xbb\xbfIdentifier,Full name,Email address,Status\r\nParticipant 55,Ann Lee,a@x.org,"
        "ok\r\nParticipant 56,Bo Ray,b@x.org,\r\n",
        "a@x.org=Ann Lee [b@x.org=Bo Ray]");
}

Test(roster, semicolons_and_two_names)
{
    add("ann", NULL);
    expect("First name;Last name;Email\nAnn;O'Neil;ann@x.org\n", "ann@x.org=Ann O'Neil");
}

Test(roster, names_match_without_accents_and_order)
{
    add("Zoe Muller", NULL);
    add("leeann", NULL);
    expect("login,name\nz,Zoë Müller\na,Ann Lee\n", "a=Ann Lee z=Zoë Müller");
}

Test(roster, two_of_one_name_match_nobody)
{
    add("Ann Lee", NULL);
    expect("login,name\na,Ann Lee\nb,Ann Lee\n", "?Ann Lee=Ann Lee [a=Ann Lee] [b=Ann Lee]");
}

Test(roster, two_folders_of_one_student_are_attempts)
{
    add("Ann Lee", NULL);
    add("ann", NULL);
    add("ann@x.org", NULL);
    expect("login,name,email\nann,Ann Lee,ann@x.org\n", "ann=Ann Lee ann=Ann Lee ann=Ann Lee");
    const char *const attempts[] = {"", "2", "3"};
    for (guint i = 0; i < 3; i++)
        cr_expect_str_eq(((Submission *)submissions->pdata[i])->attempt, attempts[i]);
}

/* Canvas and Moodle export who is in two sections twice: it must not cost the grade. */
Test(roster, a_student_in_two_rows_is_one)
{
    add("ann", NULL);
    expect("student_id,name,section\nann,Ann Lee,A\nann,Ann Lee,B\n", "ann=Ann Lee");
}

Test(roster, who_has_the_name_of_two_is_still_graded)
{
    add("Ann Lee", NULL);
    expect("name,section\nAnn Lee,A\nAnn Lee,B\n", "?Ann Lee=Ann Lee");
}

Test(roster, tabs)
{
    add("ann", NULL);
    expect("student_id\tname\nann\tLee, Ann\n", "ann=Lee, Ann");
}

Test(roster, an_encoding_that_is_not_utf8_is_refused)
{
    g_autoptr(GError) error = NULL;
    cr_assert_not(apply("student_id,name\nann,M\xfcller\n", &error));
    cr_expect(g_str_has_suffix(error->message, "is not UTF-8: save it as CSV UTF-8"), "%s",
              error->message);
}

Test(roster, days_late)
{
    Submission *ann = add("ann", NULL), *bob = add("bob", NULL), *cem = add("cem", NULL);
    Submission *dia = add("dia", NULL);
    g_autoptr(GError) error = NULL;
    cr_assert(apply("login,submitted_at,days_late\nann,2026-11-20T12:59:00Z,\n"
                    "bob,2026-11-20T13:01:00Z,\ncem,2026-11-21T12:00:01Z,\ndia,,4\n",
                    &error));
    cr_expect_eq(ann->days_late, 0);
    cr_expect_eq(bob->days_late, 1);
    cr_expect_eq(cem->days_late, 2);
    cr_expect_eq(dia->days_late, 4);
}

static void expect_fault(const char *text, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    cr_expect_not(apply(text, &error));
    cr_assert_not_null(error);
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE));
    cr_expect(strstr(error->message, wanted) != NULL, "%s", error->message);
}

Test(roster, faults_are_told_with_their_row)
{
    add("ann", NULL);
    expect_fault("login,days_late\nann,some\n", "row 2: days_late must be a whole number");
    expect_fault("login,submitted_at\nann,yesterday\n", "row 2: submitted_at must be a time");
    expect_fault("a,b\n1,2\n", "has no column that is known");
    expect_fault("login,name\nann,\"Ann\" Lee\n", "a stray quote in row 2");
    expect_fault("", "has no column that is known");
}

Test(roster, one_that_is_not_there_is_a_usage_error)
{
    g_autoptr(GError) error = NULL;
    cr_expect_not(roster_apply("/nonexistent.csv", &rubric, submissions, &error));
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE));
    cr_expect_str_eq(error->message, "the roster '/nonexistent.csv' cannot be read");
}

Test(roster, a_rubric_whose_late_makes_no_sense_is_refused)
{
    const struct {
        const char *line, *message;
    } cases[] = {
        {"late: {per_day: 2}", "r:1: late: 'per_day' must be at least 0 and at most 1, not '2'"},
        {"late: {max: 1}", "r:1: late: 'per_day' is missing"},
        {"late: {per_day: 1, due: 2026-11-20}", "r:1: late: 'due': '2026-11-20' is no time"},
        {"attempts: first", "r:1: 'attempts' must be one of latest, best, not 'first'"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_null(rubric_parse("r", cases[i].line, strlen(cases[i].line), &error));
        cr_expect(g_str_has_prefix(error->message, cases[i].message), "%s", error->message);
    }
}
