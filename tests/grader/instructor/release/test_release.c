/* The student repo: what is taken, what stops a release, and the same bytes each time. */
#include "instructor/release/release.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/release/audit.h"
#include "run/run.h"

#define SECRET "float *row = weights->data + query * keys;"
#define STARTER                                                                                    \
    "int f(void)\n{\n    /* TODO: your code, in place of these lines. */\n    return 0;\n}\n"
#define HIDDEN                                                                                     \
    "/* A file of hidden tests, which is long enough for the audit to tell it from others by its " \
    "checksum alone, as no short file could be, and which is the same under each name. */\n"       \
    "Test(masking, odd_sizes) {}\n"

static FilesScratch *kit;

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(kit, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    cr_assert_eq(g_mkdir_with_parents(folder, 0755), 0);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
}

static void make_kit(void)
{
    kit = files_scratch_new(NULL);
    put("solution/attention.c",
        "int f(void)\n{\n    /* BEGIN SOLUTION */\n    /* STUB: return 0; */\n"
        "    " SECRET "\n    /* END SOLUTION */\n}\n");
    put("starter/attention.c", STARTER);
    put("starter/.github/workflows/check.yml", "jobs:\n");
    put("starter/Makefile", "include grader/build.mk\n");
    put("LICENSE", "as you like\n");
    put("rubric.yaml", "assignment: attention\n");
    put("grader/build.mk", "check:\n");
    put("grader/main.c", "int main(void) {}\n");
    put("grader/instructor/grades.c", "/* for instructors */\n");
    put("tests/public/masking.c", "Test(masking, causal) {}\n");
    put("tests/hidden/masking.c", HIDDEN);
    put("tests/support/direct.c", "/* the solution in the test program */\n");
    put("tests/support/compare.c", "/* compare */\n");
}

static void remove_kit(void)
{
    files_scratch_free(kit);
}

TestSuite(release, .init = make_kit, .fini = remove_kit);

static GPtrArray *gather(void)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *files = release_gather(kit, &error);
    cr_assert_not_null(files, "refused: %s", error ? error->message : "without a reason");
    return files;
}

static void assert_refused(const char *reason)
{
    g_autoptr(GError) error = NULL;
    cr_assert_null(release_gather(kit, &error));
    cr_assert_not_null(strstr(error->message, reason), "it said: %s", error->message);
}

/* What the audit finds, in one text. */
static char *audit(void)
{
    static ListedTest causal = {"masking", "causal", "the causal mask"};
    static ListedTest odd = {"masking", "odd_sizes", "sizes that are odd"};
    static ListedTest same = {"masking", "causal", "the causal mask"};
    g_autoptr(GPtrArray) files = gather();
    g_autoptr(GPtrArray) public = g_ptr_array_new();
    g_autoptr(GPtrArray) hidden = g_ptr_array_new();
    g_ptr_array_add(public, &causal);
    g_ptr_array_add(hidden, &odd);
    g_ptr_array_add(hidden, &same);
    g_autoptr(GPtrArray) findings = release_audit(kit, files, public, hidden, NULL);
    cr_assert_not_null(findings);
    g_ptr_array_add(findings, NULL);
    return g_strjoinv("\n", (char **)findings->pdata);
}

static void assert_finds(const char *finding)
{
    g_autofree char *found = audit();
    cr_assert_not_null(strstr(found, finding), "it found: %s", found);
}

/* ---- what is taken --------------------------------------------------------------------------- */

Test(release, takes_what_students_need_and_nothing_else)
{
    static const char *const expected[] = {".github/workflows/check.yml",
                                           "LICENSE",
                                           "Makefile",
                                           "attention.c",
                                           "grader/build.mk",
                                           "grader/main.c",
                                           "rubric.yaml",
                                           "tests/public/masking.c",
                                           "tests/support/compare.c"};
    g_autoptr(GPtrArray) files = gather();
    cr_assert_eq(files->len, G_N_ELEMENTS(expected), "%u files", files->len);
    for (guint i = 0; i < files->len; i++)
        cr_assert_str_eq(((ReleaseFile *)files->pdata[i])->name, expected[i]);
}

Test(release, refuses_stubs_that_are_not_those_of_the_solution)
{
    put("starter/attention.c", STARTER "\n");
    assert_refused("run 'make starter'");
}

Test(release, refuses_files_that_nobody_listed)
{
    put("grader/core", "a dump of memory");
    assert_refused("'grader/core' cannot be in a release");
}

Test(release, refuses_symbolic_links)
{
    g_autofree char *link = g_build_filename(kit, "tests/public/more.c", NULL);
    cr_assert_eq(symlink("../hidden/masking.c", link), 0);
    assert_refused("neither a file nor a folder");
}

/* ---- what must not get out ------------------------------------------------------------------- */

Test(release, audit_of_a_clean_kit_finds_nothing)
{
    g_autofree char *found = audit();
    cr_assert_str_eq(found, "");
}

Test(release, audit_finds_a_line_of_the_solution_anywhere)
{
    put("starter/README.md", "# Hints\n\nWrite `" SECRET "` there.\n");
    assert_finds("README.md:3: a line of the solution: " SECRET);
}

Test(release, audit_finds_markers)
{
    put("grader/main.c", "/* BEGIN SOLUTION */\n");
    assert_finds("grader/main.c:1: a marker of the solution");
}

Test(release, audit_finds_names_and_titles_of_hidden_tests)
{
    put("starter/README.md", "odd_sizes\n");
    assert_finds("README.md:1: the name of a hidden test: odd_sizes");
    put("starter/README.md", "not_odd_sizes\nsizes that are odd\n");
    g_autofree char *found = audit();
    cr_assert_str_eq(found, "README.md:2: the title of a hidden test: sizes that are odd");
}

Test(release, audit_finds_whole_files_under_other_names)
{
    put("tests/public/more.c", HIDDEN);
    assert_finds("tests/public/more.c: is tests/hidden/masking.c");
}

Test(release, audit_finds_what_is_no_text)
{
    g_autofree char *path = g_build_filename(kit, "grader/main.c", NULL);
    cr_assert(g_file_set_contents(path, "a\0b", 3, NULL));
    assert_finds("grader/main.c: is no text");
}

Test(release, audit_finds_a_line_of_the_solution_between_weights)
{
    static const char weights[] = "story.weights 1\n\0\1\0" SECRET "\n";
    g_autofree char *path = g_build_filename(kit, "starter/story.weights", NULL);
    cr_assert(g_file_set_contents(path, weights, sizeof weights - 1, NULL));
    assert_finds("story.weights:4: a line of the solution");
}

/* ---- what is written ------------------------------------------------------------------------- */

static GBytes *write_tarball(const char *output)
{
    g_autoptr(GPtrArray) files = gather();
    g_autofree char *folder = g_build_filename(kit, output, NULL);
    g_autofree char *path = g_build_filename(folder, "attention.tar.gz", NULL);
    g_autoptr(GError) error = NULL;
    cr_assert(release_write(files, folder, "attention", &error), "%s", error->message);
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    return g_mapped_file_get_bytes(file);
}

Test(release, gives_the_same_bytes_elsewhere_and_again)
{
    g_autoptr(GBytes) first = write_tarball("one");
    umask(077);
    put("LICENSE", "as you like\n");
    g_autoptr(GBytes) again = write_tarball("one");
    g_autoptr(GBytes) elsewhere = write_tarball("two/three");
    cr_assert(g_bytes_equal(first, again));
    cr_assert(g_bytes_equal(first, elsewhere));
    put("LICENSE", "as we like\n");
    g_autoptr(GBytes) other = write_tarball("one");
    cr_assert_not(g_bytes_equal(first, other));
}

Test(release, replaces_an_older_release_and_nothing_else)
{
    put("out/attention/.git/HEAD", "ref: refs/heads/main\n");
    g_autofree char *output = g_build_filename(kit, "out", NULL);
    g_autoptr(GPtrArray) files = gather();
    g_autoptr(GError) error = NULL;
    cr_assert_not(release_write(files, output, "attention", &error));
    cr_assert_not_null(strstr(error->message, "is not an older release"));
    g_autofree char *kept = g_build_filename(output, "attention", ".git", "HEAD", NULL);
    cr_assert(g_file_test(kept, G_FILE_TEST_EXISTS));
}
