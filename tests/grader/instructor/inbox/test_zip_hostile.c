/* Tests of instructor/inbox/zip.h and instructor/inbox/zip_directory.h: hostile and damaged zip files. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "support/inbox_case.h"

TestSuite(inbox_hostile, .init = inbox_case_set_up, .fini = inbox_case_tear_down);

Test(inbox_hostile, a_hostile_zip_is_refused_entry_by_entry)
{
    const ZipEntry entries[] = {
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
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("ann cem- fay gus-");
    inbox_case_expect_refusals((const char *const[]){
        "class.zip: '../../evil/attention.c' is refused: it leads out of the archive",
        "class.zip: 'bob/../../evil.c' is refused: it leads out of the archive",
        "class.zip: '/etc/cron.d/attention.c' is refused: an absolute path",
        "class.zip: 'C:/attention.c' is refused: an absolute path",
        "class.zip: 'cem/attention.c' is refused: a link", "class.zip: 'dia' is refused: a link",
        "class.zip: 'eva/\\x1b[31m/attention.c' is refused: control characters in its name",
        "class.zip: 'fay/attention.c' is refused: the archive has it twice",
        "class.zip: 'gus/attention.c' is refused: the archive has it twice", NULL});
    g_autofree char *outside = g_build_filename(inbox_case_top, "evil", NULL);
    cr_expect_not(g_file_test(outside, G_FILE_TEST_EXISTS));
}

/* 100 MB of zeros are some hundred KB in a zip: no more is unpacked than intake wants to see. */
Test(inbox_hostile, a_bomb_is_not_unpacked)
{
    const ZipEntry entries[] = {{.name = "ann/attention.c", .zeros = 100 << 20},
                                {.name = "ann/video.mp4", .zeros = 1 << 20}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("ann");
    g_autofree char *file = g_build_filename(inbox_case_only()->path, "attention.c", NULL);
    g_autofree char *video = g_build_filename(inbox_case_only()->path, "video.mp4", NULL);
    GStatBuf info;
    cr_assert_eq(g_stat(file, &info), 0);
    cr_expect_eq(info.st_size, 1025, "one byte more than the rubric allows");
    cr_expect_not(g_file_test(video, G_FILE_TEST_EXISTS));
}

Test(inbox_hostile, names_that_are_no_utf8_are_refused)
{
    const ZipEntry entries[] = {{.name = "ann/attention.c", .text = "x"},
                                {.name = "M#ller/attention.c", .text = "x"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    g_autofree char *path = g_build_filename(inbox_case_top, "class.zip", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    for (gsize i = 0; i < length; i++)
        if (bytes[i] == '#')
            bytes[i] = '\xfc';
    cr_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    inbox_case_take("class.zip");
    inbox_case_expect("ann");
    inbox_case_expect_refusals((const char *const[]){
        "class.zip: 'M\\xfcller/attention.c' is refused: its name is not UTF-8", NULL});
}

/* libarchive's own words about it end with a newline. */
Test(inbox_hostile, damaged_data_is_one_line)
{
    char incompressible[301] = "";
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (gsize i = 0; i + 1 < sizeof incompressible; i++)
        incompressible[i] = (char)g_rand_int_range(random, ' ', '~');
    const ZipEntry entries[] = {{.name = "ann/attention.c", .text = incompressible},
                                {.name = "bob/attention.c", .text = "int x;"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    g_autofree char *path = g_build_filename(inbox_case_top, "class.zip", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    cr_assert(g_file_get_contents(path, &bytes, &length, NULL));
    char *data = memmem(bytes, length, "ann/attention.c", 15);
    cr_assert_not_null(data);
    memset(data + 100, '\xff', 12); /* behind what precedes the data, and before their end */
    cr_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    inbox_case_take("class.zip");
    inbox_case_expect("ann- bob");
    cr_assert_eq(inbox_case->refusals->len, 1);
    cr_expect(g_str_has_prefix(inbox_case->refusals->pdata[0],
                               "class.zip: 'ann/attention.c' cannot be read: "),
              "%s", (char *)inbox_case->refusals->pdata[0]);
    cr_expect_null(strchr(inbox_case->refusals->pdata[0], '\n'));
}

Test(inbox_hostile, a_zip_that_is_cut_is_an_error)
{
    const ZipEntry entries[] = {{.name = "ann/attention.c", .text = "x"}};
    inbox_case_write_zip("class.zip", entries, 1);
    g_autofree char *path = g_build_filename(inbox_case_top, "class.zip", NULL);
    cr_assert_eq(truncate(path, 20), 0);
    g_autoptr(GError) error = NULL;
    cr_expect_not(inbox_add(inbox_case, path, &error));
    cr_assert_not_null(error);
    cr_expect(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE), "%s", error->message);
}

/* "homework.zip" is what half of the class calls it. */
Test(inbox_hostile, a_refusal_says_whose_archive_it_is)
{
    const ZipEntry entries[] = {{.name = "../attention.c", .text = "x"}};
    inbox_case_write_zip("class/ann/homework.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_put("bob/homework.zip", "no zip");
    inbox_case_put("cem.zip", "no zip");
    inbox_case_take("class");
    inbox_case_expect("ann- bob- cem-");
    inbox_case_expect_refusals((const char *const[]){
        "ann/homework.zip: '../attention.c' is refused: it leads out of the archive",
        "'bob/homework.zip' is no zip file that can be read: it is damaged, empty or of another "
        "kind",
        "'cem.zip' is no zip file that can be read: it is damaged, empty or of another kind",
        NULL});
}

Test(inbox_hostile, a_name_that_is_too_long_is_called_that)
{
    g_autofree char *folder = g_strnfill(256, 'n');
    g_autofree char *name = g_strconcat(folder, "/attention.c", NULL);
    const ZipEntry entries[] = {{.name = "ann/attention.c", .text = "x"},
                                {.name = name, .text = "x"}};
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("ann");
    cr_assert_eq(inbox_case->refusals->len, 1);
    cr_expect(g_str_has_suffix(inbox_case->refusals->pdata[0],
                               "is refused: a folder or file with too long a name"));
}

/* ---- what libarchive would not tell ---------------------------------------------------------- */

static const ZipEntry ann_and_bob[] = {{.name = "ann/attention.c", .text = "x"},
                                       {.name = "bob/attention.c", .text = "x"}};

/* The archive is nobody's but Eve's; Ann's is graded all the same. */
static void expect_refused(const char *why)
{
    inbox_case_write_zip("class/ann.zip", &(ZipEntry){.name = "attention.c", .text = "x"}, 1);
    inbox_case_take("class");
    inbox_case_expect("ann eve-");
    g_autofree char *line = g_strconcat("'eve.zip' is refused: ", why, NULL);
    inbox_case_expect_refusals((const char *const[]){line, NULL});
}

static char *find_last(char *bytes, gsize length, const char *wanted)
{
    char *found = NULL;
    for (char *at = bytes; (at = memmem(at, length - (gsize)(at - bytes), wanted, 4)) != NULL; at++)
        found = at;
    cr_assert_not_null(found);
    return found;
}

static void append_number(GByteArray *bytes, guint32 value, guint length)
{
    guint32 little = GUINT32_TO_LE(value);
    g_byte_array_append(bytes, (const guint8 *)&little, length);
}

/* As David Fifield's: one piece of data, and many entries that are said to be it. */
static void write_overlapping(const char *name, guint n)
{
    gsize length;
    inbox_case_write_zip(name, &(ZipEntry){.name = "#000/attention.c", .text = "x"}, 1);
    g_autofree char *one = inbox_case_read(name, &length);
    char *list = find_last(one, length, "PK\1\2"), *end = find_last(one, length, "PK\5\6");
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (guint8 *)one, (guint)(list - one));
    for (guint i = 0; i < n; i++)
        g_byte_array_append(bytes, (guint8 *)list, (guint)(end - list));
    g_byte_array_append(bytes, (const guint8 *)"PK\5\6\0\0\0", 8);
    append_number(bytes, n, 2);
    append_number(bytes, n, 2);
    append_number(bytes, n * (guint32)(end - list), 4);
    append_number(bytes, (guint32)(list - one), 4);
    append_number(bytes, 0, 2);
    inbox_case_write(name, (const char *)bytes->data, bytes->len);
}

Test(inbox_hostile, entries_that_share_a_place)
{
    write_overlapping("class/eve.zip", 3000);
    expect_refused("2999 of its 3000 entries share the place of others, as in a zip bomb; it must "
                   "be made again");
}

Test(inbox_hostile, one_name_in_the_list_and_another_in_the_archive)
{
    gsize length;
    inbox_case_write_zip("class/eve.zip", ann_and_bob, G_N_ELEMENTS(ann_and_bob));
    g_autofree char *bytes = inbox_case_read("class/eve.zip", &length);
    char *list = find_last(bytes, length, "PK\1\2");
    memcpy(list + 46, "../", 3);
    inbox_case_write("class/eve.zip", bytes, length);
    expect_refused("what it lists as '..//attention.c' has another name in the archive, or is not "
                   "there; it must be made again");
}

Test(inbox_hostile, more_files_than_a_submission_has)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(ZipEntry));
    for (guint i = 0; i < 5001; i++) {
        char *name = g_strdup_printf("%u.c", i);
        g_array_append_val(entries, (ZipEntry){.name = name});
    }
    inbox_case_write_zip("class/eve.zip", (ZipEntry *)entries->data, entries->len);
    expect_refused("it holds more than a submission can need (the limit is 5000 files and folders, "
                   "64 MiB)");
    for (guint i = 0; i < entries->len; i++)
        g_free((char *)g_array_index(entries, ZipEntry, i).name);
}

/* They are neither made nor told: nothing in them is wanted. */
Test(inbox_hostile, folders_without_end)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(ZipEntry));
    for (guint i = 0; i < 6000; i++) {
        char *each = g_strdup_printf("%u/a/b/c/d/e/f/g/", i);
        g_array_append_val(entries, (ZipEntry){.name = each});
    }
    g_array_append_val(entries, (ZipEntry){.name = "attention.c"});
    inbox_case_write_zip("class/eve.zip", (ZipEntry *)entries->data, entries->len);
    inbox_case_take("class");
    inbox_case_expect("eve");
    inbox_case_expect_refusals((const char *const[]){NULL});
    g_autoptr(GDir) folder = g_dir_open(inbox_case_only()->path, 0, NULL);
    cr_expect_str_eq(g_dir_read_name(folder), "attention.c");
    cr_expect_null(g_dir_read_name(folder));
}

Test(inbox_hostile, what_is_not_told_one_by_one_is_counted)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(ZipEntry));
    for (guint i = 0; i < 15; i++)
        g_array_append_val(entries, (ZipEntry){.name = "../attention.c"});
    inbox_case_write_zip("class/eve.zip", (ZipEntry *)entries->data, entries->len);
    inbox_case_take("class");
    inbox_case_expect("eve-");
    cr_assert_eq(inbox_case->refusals->len, 11);
    cr_expect_str_eq(inbox_case->refusals->pdata[10], "eve.zip: 5 more of its entries are refused");
}

Test(inbox_hostile, more_students_than_a_class_has)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(ZipEntry));
    for (guint i = 0; i < 60001; i++) {
        char *name = g_strdup_printf("s%u/", i);
        g_array_append_val(entries, (ZipEntry){.name = name});
    }
    inbox_case_write_zip("class.zip", (ZipEntry *)entries->data, entries->len);
    g_autofree char *path = g_build_filename(inbox_case_top, "class.zip", NULL);
    cr_expect_not(inbox_add(inbox_case, path, &error));
    cr_assert_not_null(error);
    cr_expect_str_eq(error->message,
                     "'class.zip' is refused: it holds more than a class can need (the limit is "
                     "60000 files and folders, 8192 MiB)");
}

/* Programs that unpack themselves begin so, and some downloads end with a page of the server. */
Test(inbox_hostile, something_before_and_behind_an_archive_does_no_harm)
{
    gsize length;
    inbox_case_write_zip("class.zip", ann_and_bob, G_N_ELEMENTS(ann_and_bob));
    g_autofree char *bytes = inbox_case_read("class.zip", &length);
    g_autoptr(GByteArray) more = g_byte_array_new();
    g_byte_array_append(more, (const guint8 *)"#!/bin/sh\n", 10);
    g_byte_array_append(more, (const guint8 *)bytes, (guint)length);
    g_byte_array_append(more, (const guint8 *)"</html>\n", 8);
    inbox_case_write("class.zip", (const char *)more->data, more->len);
    inbox_case_take("class.zip");
    inbox_case_expect("ann bob");
    inbox_case_expect_refusals((const char *const[]){NULL});
}

Test(inbox_hostile, what_needs_a_password_says_so)
{
    gsize length;
    inbox_case_write_zip("class/eve.zip", &(ZipEntry){.name = "attention.c", .text = "x"}, 1);
    g_autofree char *bytes = inbox_case_read("class/eve.zip", &length);
    find_last(bytes, length, "PK\1\2")[8] |= 1;
    find_last(bytes, length, "PK\3\4")[6] |= 1;
    inbox_case_write("class/eve.zip", bytes, length);
    inbox_case_take("class");
    inbox_case_expect("eve-");
    inbox_case_expect_refusals(
        (const char *const[]){"eve.zip: 'attention.c' cannot be read: it needs a password", NULL});
}
