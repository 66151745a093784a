/* Tests of intake/intake.h: what is taken, and the line that says why something is not. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "intake/intake.h"
#include "support/specimen.h"

static gboolean take(Specimen *s)
{
    return intake_take(s->rubric, s->folder, s->box, s->result, &s->error);
}

/* Taking succeeds as far as we are concerned, with this verdict and this in the reason. */
static void expect(Specimen *s, SubmissionStatus status, const char *part)
{
    cr_assert(take(s), "%s", s->error != NULL ? s->error->message : "");
    cr_expect_eq(s->result->status, status);
    cr_assert_not_null(s->result->reason);
    cr_expect(strstr(s->result->reason, part) != NULL, "reason: %s", s->result->reason);
    cr_expect_eq(s->result->files->len, 0);
}

static char *path_in(const Specimen *s, const char *name)
{
    return g_build_filename(s->folder, name, NULL);
}

Test(intake, takes_the_listed_file_and_nothing_else)
{
    g_autoptr(Specimen) s = specimen_new("int a;\n");
    specimen_write(s, "tensor.h", "#error not the kit's", -1);
    specimen_write(s, ".valgrindrc", "--quiet", -1);
    cr_assert(take(s));
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
    cr_assert_eq(s->result->files->len, 1);
    const SubmittedFile *file = s->result->files->pdata[0];
    cr_expect_str_eq(file->name, "attention.c");
    cr_expect_eq(file->bytes, 7);
    cr_expect_str_eq(file->sha256,
                     "386593f1475dc210d45a5f3d4b6bb11c065fc6fe2e08ebdd00ab4cf3a0848744");

    g_autofree char *taken = g_build_filename(s->box, "attention.c", NULL);
    g_autofree char *header = g_build_filename(s->box, "tensor.h", NULL);
    g_autofree char *text = NULL;
    struct stat info;
    cr_assert(g_file_get_contents(taken, &text, NULL, NULL));
    cr_expect_str_eq(text, "int a;\n");
    cr_assert_eq(stat(taken, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0644);
    cr_expect_not(g_file_test(header, G_FILE_TEST_EXISTS));
}

Test(intake, takes_a_path_to_the_file_itself)
{
    g_autoptr(Specimen) s = specimen_new("int a;\n");
    g_autofree char *path = path_in(s, "attention.c");
    cr_assert(intake_take(s->rubric, path, s->box, s->result, &s->error));
    cr_expect_eq(s->result->files->len, 1);
}

Test(intake, another_file_is_no_submission)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    specimen_write(s, "notes.txt", "x", -1);
    g_autofree char *path = path_in(s, "notes.txt");
    cr_assert_not(intake_take(s->rubric, path, s->box, s->result, &s->error));
    cr_expect(g_error_matches(s->error, GRADER_ERROR, GRADER_ERROR_USAGE));
}

Test(intake, no_such_folder_is_our_fault)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    cr_assert_eq(g_rmdir(s->folder), 0);
    cr_assert_not(take(s));
    cr_expect(strstr(s->error->message, "No such file") != NULL);
}

Test(intake, a_linked_folder_is_not_followed)
{
    g_autoptr(Specimen) s = specimen_new("int a;\n");
    g_autofree char *link = g_build_filename(s->root, "link", NULL);
    cr_assert_eq(symlink(s->folder, link), 0);
    cr_assert_not(intake_take(s->rubric, link, s->box, s->result, &s->error));
    cr_expect(strstr(s->error->message, "symbolic link") != NULL);
}

Test(intake, nothing_handed_in)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    expect(s, SUBMISSION_MISSING, "no attention.c in this folder");
    cr_expect(strchr(s->result->reason, ';') == NULL, "nothing similar: %s", s->result->reason);
}

Test(intake, says_what_was_probably_meant)
{
    static const char *const names[] = {"Attention.c",     "attention.C",         "attention(1).c",
                                        "attention.c.txt", "attention_final.cpp", "hw3.c"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Specimen) s = specimen_new(NULL);
        specimen_write(s, names[i], "int a;\n", -1);
        g_autofree char *sentence =
            g_strdup_printf("there is a file '%s': name it 'attention.c'", names[i]);
        expect(s, SUBMISSION_MISSING, sentence);
    }
}

Test(intake, an_archive_is_not_opened_but_named)
{
    static const char *const names[] = {"homework.zip", "attention.tar.gz", "HOMEWORK.7Z"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Specimen) s = specimen_new(NULL);
        specimen_write(s, names[i], "PK", -1);
        g_autofree char *sentence =
            g_strdup_printf("there is an archive '%s': hand in 'attention.c' itself", names[i]);
        expect(s, SUBMISSION_MISSING, sentence);
    }
}

Test(intake, does_not_take_the_kits_file_for_the_students)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    specimen_write(s, "tensor.c", "int a;\n", -1);
    expect(s, SUBMISSION_MISSING, "no attention.c in this folder");
    cr_expect(strchr(s->result->reason, ';') == NULL, "nothing similar: %s", s->result->reason);
    g_autoptr(Specimen) both = specimen_new(NULL);
    specimen_write(both, "tensor.c", "int a;\n", -1);
    specimen_write(both, "attn.c", "int a;\n", -1);
    expect(both, SUBMISSION_MISSING, "there is a file 'attn.c': name it 'attention.c'");
}

Test(intake, says_that_the_file_is_in_a_folder_below)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    g_autofree char *below = path_in(s, "week3/src");
    cr_assert_eq(g_mkdir_with_parents(below, 0755), 0);
    specimen_write(s, "week3/src/attention.c", "int a;\n", -1);
    specimen_write(s, "attention.txt", "notes", -1);
    expect(s, SUBMISSION_MISSING, "there is a file 'week3/src/attention.c': put it at the top");
}

Test(intake, escapes_the_names_that_it_shows)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    specimen_write(s, "attention\033[2J\n.c", "int a;\n", -1);
    expect(s, SUBMISSION_MISSING, "\\x1b[2J");
    cr_expect(strchr(s->result->reason, '\033') == NULL);
    cr_expect(strchr(s->result->reason, '\n') == NULL);
}

Test(intake, refuses_links)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    g_autofree char *path = path_in(s, "attention.c");
    cr_assert_eq(symlink("/etc/passwd", path), 0);
    expect(s, SUBMISSION_REFUSED, "symbolic link");

    g_autoptr(Specimen) hard = specimen_new("int a;\n");
    g_autofree char *from = path_in(hard, "attention.c");
    g_autofree char *to = path_in(hard, "other.c");
    cr_assert_eq(link(from, to), 0);
    expect(hard, SUBMISSION_REFUSED, "hard link");
}

Test(intake, refuses_what_is_no_file)
{
    g_autoptr(Specimen) fifo = specimen_new(NULL);
    g_autofree char *fifo_path = path_in(fifo, "attention.c");
    cr_assert_eq(mkfifo(fifo_path, 0644), 0);
    expect(fifo, SUBMISSION_REFUSED, "a named pipe");

    g_autoptr(Specimen) folder = specimen_new(NULL);
    g_autofree char *folder_path = path_in(folder, "attention.c");
    cr_assert_eq(g_mkdir(folder_path, 0755), 0);
    expect(folder, SUBMISSION_REFUSED, "a folder");
}

Test(intake, refuses_a_large_file_also_if_it_is_sparse)
{
    g_autoptr(Specimen) s = specimen_new("int a;\n");
    g_autofree char *path = path_in(s, "attention.c");
    cr_assert_eq(truncate(path, 1L << 40), 0);
    expect(s, SUBMISSION_REFUSED, "larger than 256 KiB");
}

Test(intake, takes_a_file_of_exactly_the_limit)
{
    g_autoptr(Specimen) s = specimen_new(NULL);
    g_autofree char *text = g_strnfill((gsize)s->rubric->limits.file_kib * 1024, ';');
    specimen_write(s, "attention.c", text, -1);
    cr_assert(take(s));
    cr_expect_eq(s->result->status, SUBMISSION_GRADED);
}

Test(intake, says_what_is_no_source)
{
    static const struct {
        const char *bytes;
        gssize length;
        SubmissionStatus status;
        const char *part;
    } cases[] = {
        {"", 0, SUBMISSION_MISSING, "is empty"},
        {" \n\t\n", 4, SUBMISSION_MISSING, "is empty"},
        {"\xff\xfei\0n\0t\0", 8, SUBMISSION_REFUSED, "UTF-16"},
        {"PK\x03\x04zip", 7, SUBMISSION_REFUSED, "archive"},
        {"\x7f"
         "ELF\x02",
         5, SUBMISSION_REFUSED, "compiled program"},
        {"int a;\0int b;", 13, SUBMISSION_REFUSED, "NUL bytes"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Specimen) s = specimen_new(NULL);
        specimen_write(s, "attention.c", cases[i].bytes, cases[i].length);
        expect(s, cases[i].status, cases[i].part);
    }
}

/* The superuser may read everything, so this test becomes somebody else. */
Test(intake, an_unreadable_file_is_one_clear_line)
{
    g_autoptr(Specimen) s = specimen_new("int a;\n");
    g_autofree char *path = path_in(s, "attention.c");
    cr_assert_eq(g_chmod(path, 0), 0);
    if (geteuid() == 0)
        cr_assert_eq(seteuid(65534), 0);
    gboolean ok = take(s);
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
    cr_assert_not(ok);
    cr_expect_str_eq(s->error->message, "cannot read 'attention.c': Permission denied");
    cr_expect_eq(s->result->files->len, 0);
}
