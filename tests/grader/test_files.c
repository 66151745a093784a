/* test_files.c: what is written to a path that somebody named. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "files.h"

/* A name in a folder that is removed at the end. */
static char *path_in(const FilesScratch *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void expect_content(const char *path, const char *text)
{
    g_autofree char *read = NULL;
    cr_expect(g_file_get_contents(path, &read, NULL, NULL));
    cr_expect_str_eq(read, text);
}

Test(files, a_file_is_replaced)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = path_in(folder, "grades.csv");
    cr_expect(files_write(path, "one\n", NULL));
    cr_expect(files_write(path, "another\n", NULL));
    expect_content(path, "another\n");
}

Test(files, a_link_stays_a_link)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = path_in(folder, "grades.csv"), *link = path_in(folder, "link");
    cr_assert(files_write(path, "one\n", NULL));
    cr_assert_eq(symlink("grades.csv", link), 0);
    cr_expect(files_write(link, "another\n", NULL));
    cr_expect(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    expect_content(path, "another\n");
}

Test(files, a_pipe_is_written_to)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", ends[1]);
    cr_expect(files_write(path, "one\n", NULL));
    char read_back[8] = "";
    cr_expect_eq(read(ends[0], read_back, sizeof read_back - 1), 4);
    cr_expect_str_eq(read_back, "one\n");
}

/* Once, as root, the machine's own /dev/null was a file with grades in it. */
Test(files, a_device_stays_a_device)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = path_in(folder, "null");
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) != 0)
        cr_skip_test("only root can make a device");
    g_autoptr(GError) error = NULL;
    gboolean written = files_write(path, "one\n", &error);
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    cr_expect(S_ISCHR(status.st_mode));
    cr_expect(written || error != NULL); /* a folder may forbid the use of devices */
}

Test(files, what_cannot_be_written_is_named)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autoptr(GError) error = NULL;
    cr_assert_not(files_write(folder, "one\n", &error));
    cr_expect(strstr(error->message, folder) != NULL, "%s", error->message);
}
