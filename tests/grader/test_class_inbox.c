/* Tests of inbox.h and archive.h: layouts as instructors have them, and hostile archives. */
#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "class/archive.h"
#include "class/inbox.h"
#include "error.h"
#include "files.h"

static const char rubric_text[] =
    "assignment: a\ntitle: A\nfiles: [attention.c]\ncredit: all\n"
    "items:\n  - {id: one, grade_id: g, title: One, points: 1}\n"
    "memory: {penalty: 0}\n"
    "limits: {compile_seconds: 1, test_seconds: 1, memory_seconds: 1, memory_mib: 64,"
    " output_kib: 1, file_kib: 1}\n"
    "hidden: hint\nsandbox: nothing\nallowed: [malloc]\n";

static char *top;
static Rubric *rubric;
static Inbox *inbox;

static void set_up(void)
{
    g_autofree char *workspace = NULL;
    rubric = rubric_parse("rubric.yaml", rubric_text, strlen(rubric_text), NULL);
    cr_assert_not_null(rubric);
    top = g_dir_make_tmp("attention-test-XXXXXX", NULL);
    workspace = g_build_filename(top, ".workspace", NULL);
    cr_assert_eq(g_mkdir(workspace, 0700), 0);
    inbox = inbox_new(rubric, workspace);
}

static void tear_down(void)
{
    inbox_free(inbox);
    rubric_free(rubric);
    files_remove_tree(top);
    g_free(top);
}

TestSuite(inbox, .init = set_up, .fini = tear_down);

/* ---- helpers --------------------------------------------------------------------------------- */

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(top, "class", name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    cr_assert_eq(g_mkdir_with_parents(folder, 0700), 0);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
}

static void take(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(top, name, NULL);
    cr_assert(inbox_add(inbox, path, &error), "%s", error != NULL ? error->message : "");
    inbox_finish(inbox);
}

/* "ann", "ann/2" for each submission, and a "-" behind whoever has no attention.c. */
static void expect(const char *wanted)
{
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < inbox->submissions->len; i++) {
        const Submission *each = inbox->submissions->pdata[i];
        g_autofree char *file = g_build_filename(each->path, "attention.c", NULL);
        g_string_append_printf(found, "%s%s%s%s%s", i > 0 ? " " : "", each->student,
                               *each->attempt != '\0' ? "/" : "", each->attempt,
                               g_file_test(file, G_FILE_TEST_IS_REGULAR) ? "" : "-");
    }
    cr_expect_str_eq(found->str, wanted);
}

static const Submission *only(void)
{
    cr_assert_eq(inbox->submissions->len, 1);
    return inbox->submissions->pdata[0];
}

static void expect_refusals(const char *const *wanted)
{
    guint n = g_strv_length((char **)wanted);
    cr_expect_eq(inbox->refusals->len, n, "%u refusals", inbox->refusals->len);
    for (guint i = 0; i < MIN(n, inbox->refusals->len); i++)
        cr_expect_str_eq(inbox->refusals->pdata[i], wanted[i]);
}

/* An entry of an archive: what is NULL is not there. */
typedef struct {
    const char *name, *text, *symlink;
    gsize zeros; /* instead of a text */
} Entry;

static void add_entry(struct archive *zip, const Entry *each)
{
    struct archive_entry *entry = archive_entry_new();
    g_autofree char *zeros = each->zeros > 0 ? g_malloc0(each->zeros) : NULL;
    const char *data = zeros != NULL ? zeros : each->text != NULL ? each->text : "";
    gsize length = zeros != NULL ? each->zeros : strlen(data);
    archive_entry_set_pathname(entry, each->name);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_filetype(entry, each->symlink != NULL ? AE_IFLNK : AE_IFREG);
    if (each->symlink != NULL)
        archive_entry_set_symlink(entry, each->symlink);
    archive_entry_set_size(entry, (la_int64_t)length);
    cr_assert_eq(archive_write_header(zip, entry), ARCHIVE_OK, "%s", archive_error_string(zip));
    cr_assert_eq(archive_write_data(zip, data, length), (la_ssize_t)length);
    archive_entry_free(entry);
}

static void write_zip(const char *name, const Entry *entries, gsize n)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    cr_assert_eq(g_mkdir_with_parents(folder, 0700), 0);
    struct archive *zip = archive_write_new();
    archive_write_set_format_zip(zip);
    cr_assert_eq(archive_write_open_filename(zip, path), ARCHIVE_OK);
    for (gsize i = 0; i < n; i++)
        add_entry(zip, &entries[i]);
    archive_write_close(zip);
    archive_write_free(zip);
}

/* ---- folders --------------------------------------------------------------------------------- */

/* Müller and Möller as Latin-1, which an unzip may leave behind. */
Test(inbox, names_in_another_encoding_stay_apart)
{
    put("M\xfcller/attention.c", "x");
    put("M\xf6ller/attention.c", "x");
    take("class");
    expect("M\\xf6ller M\\xfcller");
}

Test(inbox, a_folder_for_each_student)
{
    put("bob/attention.c", "x");
    put("ann/attention.c", "x");
    put("zoe/notes.txt", "x");
    put(".git/config", "x");
    put("__MACOSX/ann/attention.c", "x");
    put("grades.csv", "x");
    take("class");
    expect("ann bob zoe-");
}

Test(inbox, one_submission)
{
    put("ann/attention.c", "x");
    take("class/ann");
    expect("ann");
    cr_expect(inbox->single);
}

Test(inbox, the_file_itself)
{
    put("ann/attention.c", "x");
    take("class/ann/attention.c");
    expect("ann");
    cr_expect(inbox->single);
}

Test(inbox, git_clones_with_their_commits)
{
    const char commit[] = "0123456789abcdef0123456789abcdef01234567";
    put("ann/attention.c", "x");
    put("ann/.git/HEAD", "ref: refs/heads/main\n");
    put("ann/.git/refs/heads/main", "0123456789abcdef0123456789abcdef01234567\n");
    put("bob/attention.c", "x");
    put("bob/.git/HEAD", "ref: refs/heads/x\n");
    put("bob/.git/packed-refs",
        "# pack-refs\n0123456789abcdef0123456789abcdef01234567 refs/heads/x\n");
    put("cem/attention.c", "x");
    put("cem/.git/HEAD", "ref: ../../../bob/.git/refs\n");
    take("class");
    expect("ann bob cem");
    cr_expect_str_eq(((Submission *)inbox->submissions->pdata[0])->commit, commit);
    cr_expect_str_eq(((Submission *)inbox->submissions->pdata[1])->commit, commit);
    cr_expect_null(((Submission *)inbox->submissions->pdata[2])->commit);
}

Test(inbox, attempts_in_the_order_of_their_numbers)
{
    put("ann/10/attention.c", "x");
    put("ann/9/attention.c", "x");
    put("bob/attention-main/attention.c", "x");
    take("class");
    expect("ann/9 ann/10 bob");
}

Test(inbox, the_same_student_from_two_downloads)
{
    put("ann/attention.c", "x");
    put("../later/ann/attention.c", "x");
    g_autofree char *path = g_build_filename(top, "class", NULL);
    cr_assert(inbox_add(inbox, path, NULL));
    take("later");
    expect("ann ann/2");
}

Test(inbox, canvas_files)
{
    put("smithjohn_101_7001_attention.c", "old");
    put("smithjohn_LATE_101_7002_attention-2.c", "new");
    put("smithjohn_101_7003_notes.pdf", "x");
    put("doejane_102_7004_Attention.C", "x");
    take("class");
    expect("doejane_102- smithjohn_101/7001 smithjohn_101/7002");
    const Submission *late = inbox->submissions->pdata[2];
    cr_expect_eq(late->days_late, 1);
    cr_expect_str_eq(late->lms_id, "101");
    cr_expect_str_eq(late->name, "smithjohn");
    g_autofree char *file = g_build_filename(late->path, "attention.c", NULL);
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(file, &text, NULL, NULL));
    cr_expect_str_eq(text, "new");
}

Test(inbox, a_folder_is_not_canvas)
{
    put("team_1_2_final/attention.c", "x");
    put("team_3_4_final/attention.c", "x");
    take("class");
    expect("team_1_2_final team_3_4_final");
}

Test(inbox, moodle_folders)
{
    put("Ann Lee_55_assignsubmission_file_/attention.c", "x");
    put("Bo_b_56_assignsubmission_file/attention.c", "x");
    put("Cy_57_assignsubmission_onlinetext_/onlinetext.html", "x");
    put("Di_58_assignsubmission_file_attention.c", "x");
    take("class");
    expect("Ann Lee_55 Bo_b_56 Cy_57- Di_58");
    cr_expect_str_eq(((Submission *)inbox->submissions->pdata[0])->lms_id, "55");
}

Test(inbox, links_are_refused)
{
    put("ann/attention.c", "x");
    g_autofree char *bob = g_build_filename(top, "class", "bob", NULL);
    g_autofree char *flat = g_build_filename(top, "class", "eve_1_2_attention.c", NULL);
    cr_assert_eq(symlink("ann", bob), 0);
    cr_assert_eq(symlink("ann/attention.c", flat), 0);
    take("class");
    expect("ann eve_1/2-");
    expect_refusals((const char *const[]){"'bob' is refused: a link", NULL});
}

Test(inbox, an_empty_folder_is_an_error)
{
    g_autoptr(GError) error = NULL;
    cr_assert_eq(g_mkdir_with_parents(g_build_filename(top, "class", NULL), 0700), 0);
    g_autofree char *path = g_build_filename(top, "class", NULL);
    cr_expect_not(inbox_add(inbox, path, &error));
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE));
}

/* ---- archives -------------------------------------------------------------------------------- */

Test(inbox, a_zip_of_folders_in_one_folder)
{
    const Entry entries[] = {{.name = "week 1/ann/attention.c", .text = "x"},
                             {.name = "week 1/bob/attention.c", .text = "x"},
                             {.name = "__MACOSX/week 1/ann/._attention.c", .text = "x"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("ann bob");
    expect_refusals((const char *const[]){NULL});
}

Test(inbox, a_zip_from_canvas_with_a_zip_in_it)
{
    const Entry inner[] = {{.name = "project/attention.c", .text = "x"}};
    write_zip("inner", inner, 1);
    g_autofree char *path = g_build_filename(top, "inner", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    const Entry entries[] = {{.name = "leeann_1_11_attention.c", .text = "x"},
                             {.name = "leebob_2_12_attention.c", .text = "x"}};
    write_zip("class/leecem_3_13_work.zip", inner, 1);
    write_zip("class/all.zip", entries, G_N_ELEMENTS(entries));
    take("class/all.zip");
    expect("leeann_1/11 leebob_2/12");
    take("class/leecem_3_13_work.zip");
    cr_expect_eq(inbox->submissions->len, 3);
}

Test(inbox, a_folder_of_zips)
{
    const Entry entries[] = {{.name = "attention.c", .text = "x"}};
    write_zip("class/ann.zip", entries, 1);
    write_zip("class/leebob_2_12_attention.zip", entries, 1);
    put("cem.zip", "this is no archive");
    take("class");
    expect("ann cem- leebob_2/12");
    cr_expect_eq(inbox->refusals->len, 1);
}

Test(inbox, a_zip_from_moodle_keeps_its_names)
{
    const Entry entries[] = {
        {.name = "Zoë Müller_5_assignsubmission_file_/attention.c", .text = "x"},
        {.name = "=cmd, \"x\"_6_assignsubmission_file_/attention.c", .text = "x"},
        {.name = "مريم_7_assignsubmission_file_/attention.c", .text = "x"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("=cmd, \"x\"_6 Zoë Müller_5 مريم_7");
    g_autofree char *origin =
        g_build_filename(top, "class.zip", "Zoë Müller_5_assignsubmission_file_", NULL);
    cr_expect_str_eq(((Submission *)inbox->submissions->pdata[1])->origin, origin);
}

Test(inbox, a_hostile_zip_is_refused_entry_by_entry)
{
    const Entry entries[] = {
        {.name = "ann/attention.c", .text = "x"},
        {.name = "../../evil/attention.c", .text = "x"},
        {.name = "bob/../../evil.c", .text = "x"},
        {.name = "/etc/cron.d/attention.c", .text = "x"},
        {.name = "C:\\attention.c", .text = "x"},
        {.name = "cem/attention.c", .symlink = "/etc/passwd"},
        {.name = "dia", .symlink = "/"},
        {.name = "eva/\x1b[31m/attention.c", .text = "x"},
        {.name = "fay/attention.c", .text = "first"},
        {.name = "fay/attention.c", .text = "second"},
        {.name = "gus/attention.c/attention.c", .text = "x"},
        {.name = "gus/attention.c", .text = "x"},
    };
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("ann cem- fay gus-");
    expect_refusals((const char *const[]){
        "class.zip: '../../evil/attention.c' is refused: it leads out of the archive",
        "class.zip: 'bob/../../evil.c' is refused: it leads out of the archive",
        "class.zip: '/etc/cron.d/attention.c' is refused: an absolute path",
        "class.zip: 'C:/attention.c' is refused: an absolute path",
        "class.zip: 'cem/attention.c' is refused: a link", "class.zip: 'dia' is refused: a link",
        "class.zip: 'eva/\\x1b[31m/attention.c' is refused: control characters in its name",
        "class.zip: 'fay/attention.c' is refused: the archive has it twice",
        "class.zip: 'gus/attention.c' is refused: the archive has it twice", NULL});
    g_autofree char *outside = g_build_filename(top, "evil", NULL);
    cr_expect_not(g_file_test(outside, G_FILE_TEST_EXISTS));
}

/* 100 MB of zeros are some hundred KB in a zip: no more is unpacked than intake wants to see. */
Test(inbox, a_bomb_is_not_unpacked)
{
    const Entry entries[] = {{.name = "ann/attention.c", .zeros = 100 << 20},
                             {.name = "ann/video.mp4", .zeros = 1 << 20}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("ann");
    g_autofree char *file = g_build_filename(only()->path, "attention.c", NULL);
    g_autofree char *video = g_build_filename(only()->path, "video.mp4", NULL);
    GStatBuf info;
    cr_assert_eq(g_stat(file, &info), 0);
    cr_expect_eq(info.st_size, 1025, "one byte more than the rubric allows");
    cr_expect_not(g_file_test(video, G_FILE_TEST_EXISTS));
}

Test(inbox, names_that_are_no_utf8_are_refused)
{
    const Entry entries[] = {{.name = "ann/attention.c", .text = "x"},
                             {.name = "M#ller/attention.c", .text = "x"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    g_autofree char *path = g_build_filename(top, "class.zip", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    for (gsize i = 0; i < length; i++)
        if (bytes[i] == '#')
            bytes[i] = '\xfc';
    cr_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    take("class.zip");
    expect("ann");
    expect_refusals((const char *const[]){
        "class.zip: 'M\\xfcller/attention.c' is refused: its name is not UTF-8", NULL});
}

/* libarchive's own words about it end with a newline. */
Test(inbox, damaged_data_is_one_line)
{
    const Entry entries[] = {{.name = "ann/attention.c", .text = "int x; int y; int z; int x;"},
                             {.name = "bob/attention.c", .text = "int x;"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    g_autofree char *path = g_build_filename(top, "class.zip", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    char *data = memmem(bytes, length, "ann/attention.c", 15);
    cr_assert_not_null(data);
    memset(data + 15 + 25, '\xff', 12);
    cr_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    take("class.zip");
    expect("ann- bob");
    cr_assert_eq(inbox->refusals->len, 1);
    cr_expect(g_str_has_prefix(inbox->refusals->pdata[0],
                               "class.zip: 'ann/attention.c' cannot be read: "),
              "%s", (char *)inbox->refusals->pdata[0]);
    cr_expect_null(strchr(inbox->refusals->pdata[0], '\n'));
}

Test(inbox, a_zip_that_is_cut_is_an_error)
{
    const Entry entries[] = {{.name = "ann/attention.c", .text = "x"}};
    write_zip("class.zip", entries, 1);
    g_autofree char *path = g_build_filename(top, "class.zip", NULL);
    cr_assert_eq(truncate(path, 20), 0);
    g_autoptr(GError) error = NULL;
    cr_expect_not(inbox_add(inbox, path, &error));
    cr_assert_not_null(error);
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE), "%s", error->message);
}

/* Moodle: what was typed has a folder beside that of the files, and comes after it. */
Test(inbox, what_was_typed_is_no_later_attempt)
{
    put("Ann Lee_1_assignsubmission_file_/attention.c", "x");
    put("Ann Lee_1_assignsubmission_onlinetext_/onlinetext.html", "x");
    put("Bob_2_assignsubmission_onlinetext_/onlinetext.html", "x");
    take("class");
    expect("Ann Lee_1 Bob_2-");
}

Test(inbox, a_zip_lists_who_handed_in_something_else)
{
    const Entry entries[] = {{.name = "leeann_1_10_attention.c", .text = "x"},
                             {.name = "leebob_2_11_homework.tar.gz", .text = "x"},
                             {.name = "leecem_3_12_text.html", .text = "x"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("leeann_1/10 leebob_2- leecem_3-");
    g_autofree char *there = g_build_filename(
        ((const Submission *)inbox->submissions->pdata[1])->path, "homework.tar.gz", NULL);
    cr_expect(g_file_test(there, G_FILE_TEST_EXISTS));
}

/* "homework.zip" is what half of the class calls it. */
Test(inbox, a_refusal_says_whose_archive_it_is)
{
    const Entry entries[] = {{.name = "../attention.c", .text = "x"}};
    write_zip("class/ann/homework.zip", entries, G_N_ELEMENTS(entries));
    put("bob/homework.zip", "no zip");
    put("cem.zip", "no zip");
    take("class");
    expect("ann- bob- cem-");
    expect_refusals((const char *const[]){
        "ann/homework.zip: '../attention.c' is refused: it leads out of the archive",
        "'bob/homework.zip' is no zip file that can be read: it is damaged, empty or of another "
        "kind",
        "'cem.zip' is no zip file that can be read: it is damaged, empty or of another kind",
        NULL});
}

Test(inbox, one_folder_called_like_the_file_does_not_end_a_class)
{
    const Entry entries[] = {{.name = "ann/attention.c", .text = "x"},
                             {.name = "attention.c/attention.c", .text = "x"},
                             {.name = "bob/attention.c", .text = "x"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("ann attention.c bob");
}

Test(inbox, a_name_that_is_too_long_is_called_that)
{
    g_autofree char *folder = g_strnfill(256, 'n');
    g_autofree char *name = g_strconcat(folder, "/attention.c", NULL);
    const Entry entries[] = {{.name = "ann/attention.c", .text = "x"}, {.name = name, .text = "x"}};
    write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    take("class.zip");
    expect("ann");
    cr_assert_eq(inbox->refusals->len, 1);
    cr_expect(g_str_has_suffix(inbox->refusals->pdata[0],
                               "is refused: a folder or file with too long a name"));
}

Test(inbox, a_path_that_is_given_twice_counts_once)
{
    g_autofree char *again = g_build_filename(top, "class", "..", "class", NULL);
    put("ann/attention.c", "x");
    put("bob/attention.c", "x");
    take("class");
    cr_assert(inbox_add(inbox, again, NULL));
    expect("ann bob");
    cr_assert_eq(inbox->refusals->len, 1);
    cr_expect(g_str_has_suffix(inbox->refusals->pdata[0], "is given twice: once counts"));
}
