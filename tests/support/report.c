#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/internal/ordered-set.h>
#include <criterion/stats.h>
#include <jansson.h>

/* A JSON string of any bytes: what is not UTF-8 loses its bytes above 127. */
static json_t *text(const char *bytes)
{
    if (!bytes)
        return json_string("");
    json_t *string = json_string(bytes);
    if (string)
        return string;
    char *ascii = strdup(bytes);
    if (!ascii)
        return NULL;
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c > 127)
            *c = '?';
    string = json_string(ascii);
    free(ascii);
    return string;
}

static json_t *describe_test(const struct criterion_test *test, const char *status)
{
    const char *title = test->data->description ? test->data->description : test->name;
    return json_pack("{s:o, s:o, s:o, s:s}", "suite", text(test->category), "name",
                     text(test->name), "title", text(title), "status", status);
}

static const char *status_word(const struct criterion_test_stats *stats)
{
    if (stats->timed_out)
        return "timeout";
    if (stats->crashed)
        return "crashed";
    if (stats->test_status == CR_STATUS_SKIPPED)
        return "skipped";
    return stats->test_status == CR_STATUS_PASSED ? "passed" : "failed";
}

/* Criterion reports assertions latest first. */
static json_t *failed_messages(const struct criterion_test_stats *stats)
{
    json_t *messages = json_array();
    for (const struct criterion_assert_stats *a = stats->asserts; a; a = a->next)
        if (!a->passed)
            json_array_insert_new(messages, 0, text(a->message));
    if (stats->message)
        json_array_append_new(messages, text(stats->message));
    return messages;
}

static json_t *describe_run(const struct criterion_test_stats *stats)
{
    json_t *run = describe_test(stats->test, status_word(stats));
    json_object_set_new(run, "assertions",
                        json_integer(stats->passed_asserts + stats->failed_asserts));
    json_object_set_new(run, "messages", failed_messages(stats));
    json_object_set_new(run, "signal", json_integer(stats->signal));
    return run;
}

static bool is_no_plain_file(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* A device or a pipe is written to: as root, rename() would put a file in the place of /dev/null. */
static bool write_whole(const json_t *report, const char *path)
{
    if (is_no_plain_file(path))
        return json_dump_file(report, path, JSON_INDENT(1)) == 0;
    char *unfinished = NULL;
    if (asprintf(&unfinished, "%s.part", path) < 0)
        return false;
    bool written =
        json_dump_file(report, unfinished, JSON_INDENT(1)) == 0 && rename(unfinished, path) == 0;
    if (!written)
        fprintf(stderr, "cannot write the report '%s': %s\n", path, strerror(errno));
    free(unfinished);
    return written;
}

static bool publish(json_t *tests)
{
    json_t *report = json_pack("{s:o}", "tests", tests);
    const char *path = getenv("ATTENTION_REPORT");
    bool published = path ? write_whole(report, path)
                          : json_dumpf(report, stdout, JSON_INDENT(1)) == 0 && puts("") >= 0;
    json_decref(report);
    return published;
}

/* The file that is named after the suite comes first, then others by name; in a file, line by line. */
static int compare_places(const void *left, const void *right)
{
    const struct criterion_test *a = *(struct criterion_test *const *)left;
    const struct criterion_test *b = *(struct criterion_test *const *)right;
    int suites = strcmp(a->category, b->category);
    if (suites != 0)
        return suites;
    int a_own = strstr(a->data->file_, a->category) != NULL;
    int b_own = strstr(b->data->file_, b->category) != NULL;
    if (a_own != b_own)
        return b_own - a_own;
    int files = strcmp(a->data->file_, b->data->file_);
    return files != 0 ? files : (int)a->data->line_ - (int)b->data->line_;
}

static size_t collect_tests(const struct criterion_test_set *set,
                            const struct criterion_test **tests)
{
    size_t count = 0;
    for (struct criterion_ordered_set_node *suite = set->suites->first; suite;
         suite = suite->next) {
        const struct criterion_ordered_set *of_suite =
            ((const struct criterion_suite_set *)(void *)(suite + 1))->tests;
        for (struct criterion_ordered_set_node *node = of_suite ? of_suite->first : NULL; node;
             node = node->next)
            tests[count++] = (const struct criterion_test *)(void *)(node + 1);
    }
    return count;
}

bool report_list(const struct criterion_test_set *set)
{
    const struct criterion_test **tests = malloc((set->tests + 1) * sizeof *tests);
    if (!tests)
        return false;
    size_t count = collect_tests(set, tests);
    qsort(tests, count, sizeof *tests, compare_places);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, describe_test(tests[i], "listed"));
    free(tests);
    return publish(list);
}

/* The filter of the command line works by disabling tests; no test of ours is disabled otherwise. */
ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    if (!getenv("ATTENTION_REPORT"))
        return;
    json_t *tests = json_array();
    for (const struct criterion_suite_stats *suite = stats->suites; suite; suite = suite->next)
        for (const struct criterion_test_stats *test = suite->tests; test; test = test->next)
            if (!test->test->data->disabled)
                json_array_append_new(tests, describe_run(test));
    publish(tests);
}
