/* Tests of rubric/rubric.h: what is read, and the one line that each fault of the file gets. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "rubric/rubric.h"

/* A small rubric that is right; its lines are counted in the tests below. */
static const char *const good_lines[] = {
    /*  1 */ "assignment: attention",
    /*  2 */ "title: Attention in C",
    /*  3 */ "files: [attention.c]",
    /*  4 */ "credit: all",
    /*  5 */ "items:",
    /*  6 */ "  - id: first",
    /*  7 */ "    grade_id: test-first",
    /*  8 */ "    title: the first item",
    /*  9 */ "    points: 10",
    /* 10 */ "  - id: second",
    /* 11 */ "    grade_id: test-second",
    /* 12 */ "    title: the second item",
    /* 13 */ "    points: 2.5",
    /* 14 */ "    needs: [first]",
    /* 15 */ "memory:",
    /* 16 */ "  penalty: 0.2",
    /* 17 */ "limits:",
    /* 18 */ "  compile_seconds: 20",
    /* 19 */ "  test_seconds: 2",
    /* 20 */ "  memory_seconds: 60",
    /* 21 */ "  memory_mib: 1024",
    /* 22 */ "  output_kib: 256",
    /* 23 */ "  file_kib: 256",
    /* 24 */ "hidden: hint",
    /* 25 */ "sandbox: layers",
    /* 26 */ "allowed: [malloc free, memcpy]",
};

/* The good rubric with one line (counted from 1) replaced; 0 replaces none. */
static char *rubric_with(guint line, const char *by)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(good_lines); i++)
        g_string_append_printf(text, "%s\n", i + 1 == line ? by : good_lines[i]);
    return g_string_free(text, FALSE);
}

static Rubric *parse(const char *text, GError **error)
{
    return rubric_parse("rubric.yaml", text, strlen(text), error);
}

Test(rubric, reads_every_setting)
{
    g_autofree char *text = rubric_with(0, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Rubric) rubric = parse(text, &error);
    cr_assert_not_null(rubric, "%s", error != NULL ? error->message : "");
    cr_assert_str_eq(rubric->path, "rubric.yaml");
    cr_assert_eq(strlen(rubric->sha256), 64);
    cr_assert_str_eq(rubric->assignment, "attention");
    cr_assert_str_eq(rubric->title, "Attention in C");
    cr_assert_eq(rubric->files->len, 1);
    cr_assert_str_eq(g_ptr_array_index(rubric->files, 0), "attention.c");
    cr_assert_eq(rubric->credit, CREDIT_ALL);
    cr_assert_eq(rubric->items->len, 2);
    const RubricItem *item = rubric_item(rubric, "second");
    cr_assert_str_eq(item->grade_id, "test-second");
    cr_assert_str_eq(item->title, "the second item");
    cr_assert_eq(item->points, 2.5);
    cr_assert_not(item->extra);
    cr_assert_eq(item->line, 10);
    cr_assert_eq(item->needs->len, 1);
    cr_assert_str_eq(g_ptr_array_index(item->needs, 0), "first");
    cr_assert_eq(rubric->memory_penalty, 0.2);
    cr_assert_eq(rubric->limits.compile_seconds, 20);
    cr_assert_eq(rubric->limits.test_seconds, 2);
    cr_assert_eq(rubric->limits.memory_seconds, 60);
    cr_assert_eq(rubric->limits.memory_mib, 1024);
    cr_assert_eq(rubric->limits.output_kib, 256);
    cr_assert_eq(rubric->limits.file_kib, 256);
    cr_assert_eq(rubric->hidden, DISCLOSE_HINT);
    cr_assert_eq(rubric->sandbox, REQUIRE_LAYERS);
    cr_assert_eq(rubric->allowed->len, 3);
    cr_assert(rubric_allows(rubric, "free"));
    cr_assert_not(rubric_allows(rubric, "malloc free"));
    cr_assert_not(rubric_allows(rubric, "system"));
    cr_assert_null(rubric_item(rubric, "third"));
    cr_assert_eq(rubric_total(rubric), 12.5);
}

/* As many bytes of two structs are the same. */
#define EXPECT_SAME(a, b) cr_expect(memcmp(&(a), &(b), sizeof(a)) == 0, #a)

/* The least that a rubric may say is what one says that spells out every default. */
Test(rubric, has_defaults)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Rubric) least = parse("assignment: attention\n"
                                    "items: [{id: masking, points: 5}]\n"
                                    "allowed: [malloc]\n",
                                    &error);
    cr_assert_not_null(least, "%s", error != NULL ? error->message : "");
    g_autoptr(Rubric) full = parse("assignment: attention\n"
                                   "title: attention\n"
                                   "files: [attention.c]\n"
                                   "credit: all\n"
                                   "items: [{id: masking, grade_id: masking, title: masking,"
                                   " points: 5, needs: [], extra: false}]\n"
                                   "memory: {penalty: 0.2}\n"
                                   "limits: {compile_seconds: 10, test_seconds: 1,"
                                   " memory_seconds: 20, memory_mib: 1024, output_kib: 4096,"
                                   " file_kib: 256}\n"
                                   "hidden: hint\n"
                                   "sandbox: layers\n"
                                   "attempts: latest\n"
                                   "allowed: [malloc]\n",
                                   &error);
    cr_assert_not_null(full, "%s", error != NULL ? error->message : "");
    const RubricItem *item = rubric_item(least, "masking"), *other = rubric_item(full, "masking");
    cr_expect_str_eq(least->title, full->title);
    cr_expect_str_eq(least->files->pdata[0], full->files->pdata[0]);
    cr_expect_str_eq(item->grade_id, other->grade_id);
    cr_expect_str_eq(item->title, other->title);
    cr_expect_eq(item->needs->len, other->needs->len);
    cr_expect_eq(item->extra, other->extra);
    EXPECT_SAME(least->credit, full->credit);
    EXPECT_SAME(least->memory_penalty, full->memory_penalty);
    EXPECT_SAME(least->limits, full->limits);
    EXPECT_SAME(least->hidden, full->hidden);
    EXPECT_SAME(least->sandbox, full->sandbox);
    EXPECT_SAME(least->attempts, full->attempts);
    EXPECT_SAME(least->late, full->late);
}

/* rubric.yaml documents each default beside a key that has it. */
Test(rubric, the_kits_own_says_the_defaults)
{
    g_autoptr(Rubric) kit = rubric_load("rubric.yaml", NULL);
    g_autoptr(Rubric) least =
        parse("{assignment: attention, items: [{id: a, points: 1}], allowed: [exp]}", NULL);
    cr_assert(kit != NULL && least != NULL);
    cr_expect_str_eq(kit->files->pdata[0], least->files->pdata[0]);
    EXPECT_SAME(kit->credit, least->credit);
    EXPECT_SAME(kit->memory_penalty, least->memory_penalty);
    EXPECT_SAME(kit->limits, least->limits);
    EXPECT_SAME(kit->hidden, least->hidden);
    EXPECT_SAME(kit->sandbox, least->sandbox);
    EXPECT_SAME(kit->attempts, least->attempts);
    EXPECT_SAME(kit->late, least->late);
}

Test(rubric, one_limit_leaves_the_others_alone)
{
    g_autoptr(Rubric) rubric = parse("assignment: a\nitems: [{id: a, points: 1}]\n"
                                     "limits: {file_kib: 7}\nmemory: {}\nallowed: [exp]\n",
                                     NULL);
    cr_assert_not_null(rubric);
    cr_expect_eq(rubric->limits.file_kib, 7);
    cr_expect_eq(rubric->limits.output_kib, 4096);
    cr_expect_eq(rubric->memory_penalty, 0.2);
}

Test(rubric, knows_every_word)
{
    static const struct {
        guint line;
        const char *text;
        RubricCredit credit;
        RubricDisclosure hidden;
        RubricSandbox sandbox;
    } cases[] = {
        {4, "credit: proportional", CREDIT_PROPORTIONAL, DISCLOSE_HINT, REQUIRE_LAYERS},
        {24, "hidden: points", CREDIT_ALL, DISCLOSE_POINTS, REQUIRE_LAYERS},
        {24, "hidden: title", CREDIT_ALL, DISCLOSE_TITLE, REQUIRE_LAYERS},
        {24, "hidden: all", CREDIT_ALL, DISCLOSE_ALL, REQUIRE_LAYERS},
        {25, "sandbox: nothing", CREDIT_ALL, DISCLOSE_HINT, REQUIRE_NOTHING},
        {25, "sandbox: full", CREDIT_ALL, DISCLOSE_HINT, REQUIRE_FULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = rubric_with(cases[i].line, cases[i].text);
        g_autoptr(Rubric) rubric = parse(text, NULL);
        cr_assert_not_null(rubric, "%s", cases[i].text);
        cr_assert_eq(rubric->credit, cases[i].credit, "%s", cases[i].text);
        cr_assert_eq(rubric->hidden, cases[i].hidden, "%s", cases[i].text);
        cr_assert_eq(rubric->sandbox, cases[i].sandbox, "%s", cases[i].text);
    }
}

Test(rubric, extra_credit_is_outside_the_total)
{
    g_autofree char *text = rubric_with(13, "    points: 2.5\n    extra: true");
    g_autoptr(Rubric) rubric = parse(text, NULL);
    cr_assert(rubric_item(rubric, "second")->extra);
    cr_assert_eq(rubric_total(rubric), 10);
}

Test(rubric, names_the_line_of_each_fault)
{
    static const struct {
        guint line;     /* of the good rubric that is replaced */
        const char *by; /* what stands there instead */
        const char *message;
    } cases[] = {
        {9, "    poinst: 10",
         "rubric.yaml:9: items: unknown key 'poinst' (did you mean 'points'?)"},
        {9, "    zebra: 10", "rubric.yaml:9: items: unknown key 'zebra'"},
        {9, "", "rubric.yaml:6: items: 'points' is missing"},
        {9, "    points: ten", "rubric.yaml:9: items: 'points' must be a number, not 'ten'"},
        {9, "    points:", "rubric.yaml:9: items: 'points' must be a number, not nothing"},
        {9, "    points: [1]", "rubric.yaml:9: items: 'points' must be a number, not a list"},
        {9, "    points: nan", "rubric.yaml:9: items: 'points' must be a number, not 'nan'"},
        {9, "    points: 0x10", "rubric.yaml:9: items: 'points' must be a number, not '0x10'"},
        {9, "    points: 1e999", "rubric.yaml:9: items: 'points' must be a number, not '1e999'"},
        {9, "    points: 0",
         "rubric.yaml:9: items: 'points' must be above 0 and at most 10000, not '0'"},
        {9, "    points: -3",
         "rubric.yaml:9: items: 'points' must be above 0 and at most 10000, not '-3'"},
        {9, "    points: 1\n    points: 2",
         "rubric.yaml:10: items: 'points' is there twice, first in line 9"},
        {10, "  - id: first", "rubric.yaml:10: items: 'first' is there twice, first in line 6"},
        {10, "  - id: 2nd",
         "rubric.yaml:10: items: 'id': '2nd' is no name in C: letters, digits "
         "and _ only, no digit first"},
        {14, "    needs: [frist]",
         "rubric.yaml:14: items: 'second' needs 'frist', which is no "
         "item (did you mean 'first'?)"},
        {14, "    needs: [second]",
         "rubric.yaml:14: items: 'second' needs itself, through its needs"},
        {9, "    points: 10\n    needs: [second]",
         "rubric.yaml:10: items: 'first' needs itself, through its needs"},
        {14, "    extra: maybe",
         "rubric.yaml:14: items: 'extra' must be one of false, true, not 'maybe'"},
        {9, "    points: 10\n    extra: true\n  - &x a",
         "rubric.yaml:11: items: there must be a mapping of keys to values here, not 'a'"},
        {2, "title: [a, b]", "rubric.yaml:2: 'title' must be a text, not a list"},
        {2, "title: ''", "rubric.yaml:2: 'title' must be a text, not nothing"},
        {2, "title: \"two\\nlines\"", "rubric.yaml:2: 'title' must be one line, not 'two\\nlines'"},
        {2, "title: \"a\\0b\"", "rubric.yaml:2: 'title' must be one line, not 'a\\x00b'"},
        {2, "titel: x", "rubric.yaml:2: unknown key 'titel' (did you mean 'title'?)"},
        {2, "[a]: x", "rubric.yaml:2: a key must be a word, not a list"},
        {3, "files: []", "rubric.yaml:3: 'files' is an empty list"},
        {3, "files: attention.c", "rubric.yaml:3: 'files' must be a list, not 'attention.c'"},
        {3, "files: [src/attention.c]",
         "rubric.yaml:3: 'files': 'src/attention.c' has a slash: "
         "files lie at the top of a submission"},
        {3, "files: [-fplugin.c]",
         "rubric.yaml:3: 'files': '-fplugin.c' begins with a dot or a dash"},
        {3, "files: [attention.h]",
         "rubric.yaml:3: 'files': 'attention.h' is no C source: its "
         "name must end with .c"},
        {3, "files: [a.c, a.c]", "rubric.yaml:3: files: 'a.c' is there twice"},
        {4, "credit: al",
         "rubric.yaml:4: 'credit' must be one of all, proportional, not 'al' "
         "(did you mean 'all'?)"},
        {16, "  penalty: 1.5",
         "rubric.yaml:16: memory: 'penalty' must be at least 0 and at most 1, not '1.5'"},
        {16, "  penalty: -0.1",
         "rubric.yaml:16: memory: 'penalty' must be at least 0 and at most 1, not '-0.1'"},
        {19, "  test_seconds: 0",
         "rubric.yaml:19: limits: 'test_seconds' must be at least 1 and at most 3600, not '0'"},
        {19, "  test_seconds: 1.5",
         "rubric.yaml:19: limits: 'test_seconds' must be a whole number, not '1.5'"},
        {19, "  test_second: 1",
         "rubric.yaml:19: limits: unknown key 'test_second' (did you mean 'test_seconds'?)"},
        {24, "hidden: hnit",
         "rubric.yaml:24: 'hidden' must be one of points, title, hint, all, "
         "not 'hnit' (did you mean 'hint'?)"},
        {26, "allowed: [malloc, free;]",
         "rubric.yaml:26: 'allowed': 'free;' must be names of C "
         "functions with blanks between them"},
        {26, "", "rubric.yaml:1: 'allowed' is missing"},
        {26, "allowed: [malloc",
         "rubric.yaml:27: not valid YAML: did not find expected ',' or "
         "']'"},
        {2, "title: &a x", NULL},
        {4, "credit: &a all\nhidden: *a",
         "rubric.yaml:5: aliases (*) are not supported: write it out"},
        {5, "items: &a\n  - *a", "rubric.yaml:6: aliases (*) are not supported: write it out"},
        {26, "allowed: [malloc]\n---\nmore: 1", "rubric.yaml:27: a second document begins here"},
        {2, "title: a\x1b[31mb", "rubric.yaml:2: holds control characters: this is no text file"},
        {2, "title: \xff", "rubric.yaml:2: holds bytes that are not UTF-8: this is no text file"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = rubric_with(cases[i].line, cases[i].by);
        g_autoptr(GError) error = NULL;
        g_autoptr(Rubric) rubric = parse(text, &error);
        if (cases[i].message == NULL) {
            cr_expect_not_null(rubric, "%s: %s", cases[i].by, error ? error->message : "");
            continue;
        }
        cr_expect_null(rubric, "accepted: %s", cases[i].by);
        cr_expect(rubric != NULL || g_error_matches(error, GRADER_ERROR, GRADER_ERROR_RUBRIC));
        cr_expect_str_eq(error != NULL ? error->message : "", cases[i].message);
    }
}

Test(rubric, refuses_only_extra_items)
{
    g_autofree char *first = rubric_with(9, "    points: 10\n    extra: true");
    g_autofree char *text = g_strdup(first);
    g_autoptr(GString) both = g_string_new(text);
    g_string_replace(both, "points: 2.5", "points: 2.5\n    extra: true", 0);
    g_autoptr(GError) error = NULL;
    cr_assert_null(parse(both->str, &error));
    cr_assert_str_eq(error->message, "rubric.yaml:6: items: all of them are extra: no points make "
                                     "the total");
}

Test(rubric, refuses_what_is_no_rubric)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "rubric.yaml:1: the file is empty"},
        {"# only a comment\n", "rubric.yaml:1: the file is empty"},
        {"just text\n", "rubric.yaml:1: there must be a mapping of keys to values here, not "
                        "'just text'"},
        {"- a\n- b\n", "rubric.yaml:1: there must be a mapping of keys to values here, not a list"},
        {"\t a: b", "rubric.yaml:1: not valid YAML: found character that cannot start any token"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_null(parse(cases[i].text, &error));
        cr_expect_str_eq(error != NULL ? error->message : "", cases[i].message);
    }
}

Test(rubric, survives_deep_nesting)
{
    g_autofree char *text = g_malloc0(200001);
    memset(text, '[', 200000);
    g_autoptr(GError) error = NULL;
    cr_assert_null(parse(text, &error));
    cr_assert_str_eq(error->message, "rubric.yaml:1: is nested too deeply");
}

static void expect_load_fault(const char *path, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = g_strdup_printf("%s: %s", path, what);
    cr_expect_null(rubric_load(path, &error));
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_RUBRIC));
    cr_expect_str_eq(error != NULL ? error->message : "", message);
}

Test(rubric, refuses_files_that_cannot_be_read)
{
    g_autofree char *folder = g_dir_make_tmp("rubric-XXXXXX", NULL);
    g_autofree char *large = g_build_filename(folder, "large.yaml", NULL);
    g_autofree char *bytes = g_malloc0(10 << 20);
    memset(bytes, 'a', 10 << 20);
    cr_assert(g_file_set_contents(large, bytes, 10 << 20, NULL));
    g_autofree char *missing = g_build_filename(folder, "missing.yaml", NULL);
    expect_load_fault(missing, "No such file or directory");
    expect_load_fault(folder, "is no regular file");
    expect_load_fault("/dev/zero", "is no regular file");
    expect_load_fault(large, "is larger than 256 KiB, which no rubric is");
    g_unlink(large);
    g_rmdir(folder);
}

Test(rubric, the_kits_own_is_right)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Rubric) rubric = rubric_load("rubric.yaml", &error);
    cr_assert_not_null(rubric, "%s", error != NULL ? error->message : "");
    cr_assert_eq(rubric_total(rubric), 30);
}

Test(rubric, suites_and_items_must_be_the_same)
{
    g_autofree char *text = rubric_with(0, NULL);
    g_autoptr(Rubric) rubric = parse(text, NULL);
    const char *const right[] = {"second", "first", NULL};
    const char *const unknown[] = {"first", "second", "thirst", NULL};
    const char *const lacking[] = {"first", NULL};
    g_autoptr(GError) error = NULL;
    cr_assert(rubric_check_suites(rubric, right, "tests/hidden", &error));
    cr_assert_null(error);
    cr_assert_not(rubric_check_suites(rubric, unknown, "tests/hidden", &error));
    cr_assert_str_eq(error->message, "rubric.yaml:6: items: no item counts the tests of suite "
                                     "'thirst' in 'tests/hidden' (did you mean 'first'?)");
    g_clear_error(&error);
    cr_assert_not(rubric_check_suites(rubric, lacking, "tests/hidden", &error));
    cr_assert_str_eq(error->message, "rubric.yaml:10: items: 'second' has no test in "
                                     "'tests/hidden'");
}
