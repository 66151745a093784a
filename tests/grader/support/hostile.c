/* hostile.c: see hostile.h. */
#include "support/hostile.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/text.h"
#include "result/json.h"
#include "support/leftovers.h"

#define NOBODY 65534
#define SEED 20260101u

/* What the first comment of an attention.c demands. */
typedef struct {
    char *expect, *rule, *memory, *known;
    double score;
    GPtrArray *absent, *says; /* char * */
} Demand;

/* ---- the grader ------------------------------------------------------------------------------ */

static gboolean kit_is_readable(void)
{
    g_autoptr(Kit) kit = kit_find(NULL);
    g_autofree char *rubric = kit != NULL ? g_build_filename(kit->root, "rubric.yaml", NULL) : NULL;
    return kit != NULL && access(rubric, R_OK) == 0 && access(kit->tests, R_OK | X_OK) == 0;
}

/* Become an ordinary user for good, or skip the test where that user cannot read the kit. */
static void become_nobody(void)
{
    if (geteuid() != 0)
        cr_skip_test("this is an ordinary user already");
    cr_assert(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
              setresuid(NOBODY, NOBODY, NOBODY) == 0);
    if (!kit_is_readable())
        cr_skip_test("nobody may not read the folder of the kit");
}

/* Open the hidden tests, with limits that make attacks which take their time short. */
static Workbench *open_hidden(GError **error)
{
    g_autoptr(Workbench) bench = workbench_new(NULL, error);
    if (bench == NULL)
        return NULL;
    bench->rubric->limits.compile_seconds = 3;
    bench->rubric->limits.test_seconds = 1;
    bench->rubric->limits.memory_seconds = 6;
    if (!workbench_prepare(bench, "hidden", error) ||
        !sandbox_require(bench->sandbox, bench->rubric->sandbox, error))
        return NULL;
    return g_steal_pointer(&bench);
}

void hostile_run(gboolean as_user, HostileGrading *grade, const void *data)
{
    if (g_getenv("HOSTILE") == NULL)
        cr_skip_test("it takes minutes: make hostile");
    leftovers_adopt();
    if (as_user)
        become_nobody();
    g_autoptr(GError) error = NULL;
    g_autofree char *scratch = g_dir_make_tmp("hostile-XXXXXX", &error);
    cr_assert(scratch != NULL, "%s", error != NULL ? error->message : "");
    g_setenv("TMPDIR", scratch, TRUE);
    g_autoptr(Workbench) bench = open_hidden(&error);
    cr_assert(bench != NULL, "%s", error != NULL ? error->message : "");
    g_autoptr(GString) faults = g_string_new(NULL);
    Leftovers before = leftovers_look(scratch);
    grade(bench, data, faults);
    leftovers_compare(&before, scratch, faults);
    g_rmdir(scratch);
    cr_assert(faults->len == 0, "\n%s", faults->str);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *hostile_names(const Workbench *bench, const char *kind)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *only = g_getenv("HOSTILE");
    g_autofree char *corpus = g_build_filename(bench->kit->root, "tests", "hostile", NULL);
    g_autoptr(GDir) folder = g_dir_open(corpus, 0, NULL);
    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;)
        if (g_str_has_prefix(name, kind) && g_str_has_prefix(name, only != NULL ? only : ""))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

Result *hostile_grade(const Workbench *bench, const char *name, const char *path)
{
    return grade_submission(bench->context, name, path, SEED);
}

/* ---- demands --------------------------------------------------------------------------------- */

static void demand_free(Demand *demand)
{
    g_free(demand->expect);
    g_free(demand->rule);
    g_free(demand->memory);
    g_free(demand->known);
    g_ptr_array_unref(demand->absent);
    g_ptr_array_unref(demand->says);
    g_free(demand);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Demand, demand_free)

static void take_line(Demand *demand, const char *key, const char *value)
{
    if (g_str_equal(key, "expect"))
        demand->expect = g_strdup(value);
    else if (g_str_equal(key, "rule"))
        demand->rule = g_strdup(value);
    else if (g_str_equal(key, "memory"))
        demand->memory = g_strdup(value);
    else if (g_str_equal(key, "known"))
        demand->known = g_strdup(value);
    else if (g_str_equal(key, "score"))
        demand->score = g_ascii_strtod(value, NULL);
    else if (g_str_equal(key, "absent"))
        g_ptr_array_add(demand->absent, g_strdup(value));
    else if (g_str_equal(key, "says"))
        g_ptr_array_add(demand->says, g_strdup(value));
}

/* NULL if the file cannot be read or demands nothing. */
static Demand *demand_read(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    char *end = strstr(text, "*/");
    if (end != NULL)
        *end = '\0';
    g_autoptr(Demand) demand = g_new0(Demand, 1);
    demand->absent = g_ptr_array_new_with_free_func(g_free);
    demand->says = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *colon = strstr(lines[i], ": ");
        if (!g_str_has_prefix(lines[i], " * ") || colon == NULL)
            continue;
        *colon = '\0';
        take_line(demand, lines[i] + 3, g_strstrip(colon + 2));
    }
    return demand->expect != NULL ? g_steal_pointer(&demand) : NULL;
}

/* ---- reports --------------------------------------------------------------------------------- */

static char *show(const Result *result)
{
    const ReportStyle style = {.show = DISCLOSE_ALL, .repeat = "make %s TEST=%s"};
    return report_text(result, &style);
}

/* Characters that change what is shown around them, or are not shown. */
static gboolean acts(gunichar c)
{
    return (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

static void judge_text(const char *name, const char *text, GString *faults)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        g_string_append_printf(faults, "  %s: its report is not UTF-8\n", name);
        return;
    }
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean line_start = at == text || at[-1] == '\n';
        if (acts(c))
            g_string_append_printf(faults, "  %s: U+%04X in its report\n", name, c);
        if (line_start && (g_str_has_prefix(at, "::") || g_str_has_prefix(at, "##")))
            g_string_append_printf(faults, "  %s: a workflow command in its report\n", name);
        if (acts(c))
            return;
    }
}

void hostile_judge_reports(const char *name, const Result *result, GString *faults)
{
    g_autofree char *text = show(result);
    judge_text(name, text, faults);
    g_autofree char *json = result_to_json(result);
    judge_text(name, json, faults);
    g_autoptr(Result) again = result_from_json(json, strlen(json), NULL);
    if (again == NULL || again->score != result->score || again->status != result->status)
        g_string_append_printf(faults, "  %s: its result.json is not what was graded\n", name);
}

/* ---- judging --------------------------------------------------------------------------------- */

static gboolean is_expected(const Demand *demand, SubmissionStatus status)
{
    g_auto(GStrv) words = g_strsplit(demand->expect, " or ", -1);
    return g_strv_contains((const char *const *)words, submission_status_word(status));
}

static void judge_status(const char *name, const Demand *demand, const Result *result,
                         GString *faults)
{
    const char *reason = result->reason != NULL ? result->reason : "";
    double score = result->status == SUBMISSION_GRADED ? demand->score : 0;
    g_autofree char *rule = g_strdup_printf("(rule: %s)", demand->rule);
    if (!is_expected(demand, result->status))
        g_string_append_printf(faults, "  %s: %s, expected %s: %s\n", name,
                               submission_status_word(result->status), demand->expect, reason);
    else if (demand->rule != NULL && strstr(reason, rule) == NULL)
        g_string_append_printf(faults, "  %s: refused for '%s', expected %s\n", name, reason, rule);
    else if (result->score != score)
        g_string_append_printf(faults, "  %s: %g points, expected %g\n", name, result->score,
                               score);
}

static void judge_memory(const char *name, const Demand *demand, const Result *result,
                         GString *faults)
{
    ItemResult *item = result_item(result, "masking");
    if (demand->memory == NULL || item == NULL || result->status != SUBMISSION_GRADED)
        return;
    gboolean wanted = g_str_equal(demand->memory, "yes");
    if ((item->memory->len > 0) != wanted)
        g_string_append_printf(faults, "  %s: %u memory findings, expected %s (%s)\n", name,
                               item->memory->len, wanted ? "some" : "none",
                               result->memory_state != NULL ? result->memory_state : "?");
}

static void judge_words(const char *name, const Demand *demand, const Result *result,
                        GString *faults)
{
    g_autofree char *text = show(result);
    for (guint i = 0; i < demand->absent->len; i++)
        if (strstr(text, demand->absent->pdata[i]) != NULL)
            g_string_append_printf(faults, "  %s: its report tells '%s'\n", name,
                                   (char *)demand->absent->pdata[i]);
    for (guint i = 0; i < demand->says->len; i++)
        if (strstr(text, demand->says->pdata[i]) == NULL)
            g_string_append_printf(faults, "  %s: its report does not say '%s'\n", name,
                                   (char *)demand->says->pdata[i]);
}

void hostile_judge(const Workbench *bench, const char *name, GString *faults)
{
    g_autofree char *path = g_build_filename(bench->kit->root, "tests", "hostile", name, NULL);
    g_autofree char *source = g_build_filename(path, "attention.c", NULL);
    g_autoptr(Demand) demand = demand_read(source);
    if (demand == NULL) {
        g_string_append_printf(faults, "  %s: its first comment demands nothing\n", name);
        return;
    }
    g_autoptr(Result) result = hostile_grade(bench, name, path);
    hostile_judge_reports(name, result, faults);
    if (demand->known != NULL)
        return;
    judge_status(name, demand, result, faults);
    judge_memory(name, demand, result, faults);
    judge_words(name, demand, result, faults);
}
