/* inbox_case.c: see inbox_case.h. */
#include "support/inbox_case.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/files.h"

static const char rubric_text[] =
    "assignment: a\ntitle: A\nfiles: [attention.c]\ncredit: all\n"
    "items:\n  - {id: one, grade_id: g, title: One, points: 1}\n"
    "memory: {penalty: 0}\n"
    "limits: {compile_seconds: 1, test_seconds: 1, memory_seconds: 1, memory_mib: 64,"
    " output_kib: 1, file_kib: 1}\n"
    "hidden: hint\nsandbox: nothing\nallowed: [malloc]\n";

char *inbox_case_top;
static Rubric *rubric;
Inbox *inbox_case;

void inbox_case_set_up(void)
{
    g_autofree char *workspace = NULL;
    rubric = rubric_parse("rubric.yaml", rubric_text, strlen(rubric_text), NULL);
    cr_assert_not_null(rubric);
    inbox_case_top = g_dir_make_tmp("attention-test-XXXXXX", NULL);
    workspace = g_build_filename(inbox_case_top, ".workspace", NULL);
    cr_assert_eq(g_mkdir(workspace, 0700), 0);
    inbox_case = inbox_new(rubric, workspace);
}

void inbox_case_tear_down(void)
{
    inbox_free(inbox_case);
    rubric_free(rubric);
    files_remove_tree(inbox_case_top);
    g_free(inbox_case_top);
}

/* ---- helpers --------------------------------------------------------------------------------- */

void inbox_case_put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(inbox_case_top, "class", name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    cr_assert_eq(g_mkdir_with_parents(folder, 0700), 0);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
}

void inbox_case_take(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(inbox_case_top, name, NULL);
    cr_assert(inbox_add(inbox_case, path, &error), "%s", error != NULL ? error->message : "");
    inbox_finish(inbox_case);
}

void inbox_case_expect(const char *wanted)
{
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < inbox_case->submissions->len; i++) {
        const Submission *each = inbox_case->submissions->pdata[i];
        g_autofree char *file = g_build_filename(each->path, "attention.c", NULL);
        g_string_append_printf(found, "%s%s%s%s%s", i > 0 ? " " : "", each->student,
                               *each->attempt != '\0' ? "/" : "", each->attempt,
                               g_file_test(file, G_FILE_TEST_IS_REGULAR) ? "" : "-");
    }
    cr_expect_str_eq(found->str, wanted);
}

const Submission *inbox_case_only(void)
{
    cr_assert_eq(inbox_case->submissions->len, 1);
    return inbox_case->submissions->pdata[0];
}

void inbox_case_expect_refusals(const char *const *wanted)
{
    guint n = g_strv_length((char **)wanted);
    cr_expect_eq(inbox_case->refusals->len, n, "%u refusals", inbox_case->refusals->len);
    for (guint i = 0; i < MIN(n, inbox_case->refusals->len); i++)
        cr_expect_str_eq(inbox_case->refusals->pdata[i], wanted[i]);
}

static void add_entry(struct archive *zip, const ZipEntry *each)
{
    struct archive_entry *entry = archive_entry_new();
    g_autofree char *zeros = each->zeros > 0 ? g_malloc0(each->zeros) : NULL;
    const char *data = zeros != NULL ? zeros : each->text != NULL ? each->text : "";
    gsize length = zeros != NULL ? each->zeros : strlen(data);
    archive_entry_set_pathname(entry, each->name);
    archive_entry_set_perm(entry, 0600);
    gboolean folder = g_str_has_suffix(each->name, "/");
    archive_entry_set_filetype(entry, each->symlink != NULL ? AE_IFLNK
                                      : folder              ? AE_IFDIR
                                                            : AE_IFREG);
    if (each->symlink != NULL)
        archive_entry_set_symlink(entry, each->symlink);
    archive_entry_set_size(entry, (la_int64_t)length);
    cr_assert_eq(archive_write_header(zip, entry), ARCHIVE_OK, "%s", archive_error_string(zip));
    cr_assert_eq(archive_write_data(zip, data, length), (la_ssize_t)length);
    archive_entry_free(entry);
}

void inbox_case_write_zip(const char *name, const ZipEntry *entries, gsize n)
{
    g_autofree char *path = g_build_filename(inbox_case_top, name, NULL);
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

char *inbox_case_read(const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename(inbox_case_top, name, NULL);
    char *bytes;
    cr_assert(g_file_get_contents(path, &bytes, length, NULL));
    return bytes;
}

void inbox_case_write(const char *name, const char *bytes, gsize length)
{
    g_autofree char *path = g_build_filename(inbox_case_top, name, NULL);
    cr_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
}
