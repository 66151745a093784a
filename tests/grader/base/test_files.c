/* Tests of base/files.h: what somebody named is written, and nothing but a regular file is replaced. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/files.h"

static char *top;

static void set_up(void)
{
    top = g_dir_make_tmp("attention-test-XXXXXX", NULL);
}

static void tear_down(void)
{
    files_remove_tree(top);
    g_free(top);
}

TestSuite(files, .init = set_up, .fini = tear_down);

static char *in_top(const char *name)
{
    return g_build_filename(top, name, NULL);
}

static void expect_kind(const char *path, mode_t kind)
{
    struct stat info;
    cr_assert_eq(lstat(path, &info), 0);
    cr_expect_eq(info.st_mode & S_IFMT, kind, "%s: %o", path, (unsigned)info.st_mode);
}

static void expect_text(const char *path, const char *wanted)
{
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(path, &text, NULL, NULL));
    cr_expect_str_eq(text, wanted);
}

Test(files, a_regular_file_is_replaced)
{
    g_autofree char *path = in_top("report"), *other = in_top("other");
    cr_assert(files_write(path, "a longer text", NULL));
    cr_assert_eq(link(path, other), 0);
    cr_assert(files_write(path, "text", NULL));
    expect_text(path, "text");
    expect_text(other, "a longer text");
}

/* A null device of our own: as root, an atomic replacement would remove the machine's. */
Test(files, a_device_stays_a_device)
{
    g_autofree char *path = in_top("null");
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) != 0)
        cr_skip_test("only root makes devices");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        cr_skip_test("no device can be opened here");
    close(fd);
    cr_expect(files_write(path, "text", NULL));
    expect_kind(path, S_IFCHR);
}

Test(files, a_pipe_is_written_to)
{
    g_autofree char *path = in_top("pipe");
    char text[8] = "";
    cr_assert_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_expect(files_write(path, "text", NULL));
    cr_expect_eq(read(fd, text, sizeof text - 1), 4);
    cr_expect_str_eq(text, "text");
    close(fd);
    expect_kind(path, S_IFIFO);
}

Test(files, a_link_leads_to_what_is_written)
{
    g_autofree char *path = in_top("latest"), *file = in_top("report");
    cr_assert_eq(symlink("report", path), 0);
    cr_expect(files_write(path, "text", NULL));
    expect_kind(path, S_IFLNK);
    expect_text(file, "text");
}

Test(files, a_folder_is_an_error)
{
    g_autoptr(GError) error = NULL;
    cr_expect_not(files_write(top, "text", &error));
    cr_assert_not_null(error);
    cr_expect(g_str_has_prefix(error->message, "cannot write '"), "%s", error->message);
    expect_kind(top, S_IFDIR);
}
