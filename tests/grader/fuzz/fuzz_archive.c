/* Any bytes as a zip from an LMS: nothing is written but in the folder, and each refusal is a line. */
#include <ftw.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "instructor/inbox/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rubric_text[] =
    "assignment: a\ntitle: A\nfiles: [attention.c]\ncredit: all\n"
    "items:\n  - {id: one, grade_id: g, title: One, points: 1}\n"
    "memory: {penalty: 0}\n"
    "limits: {compile_seconds: 1, test_seconds: 1, memory_seconds: 1, memory_mib: 64,"
    " output_kib: 1, file_kib: 1}\n"
    "hidden: hint\nsandbox: nothing\nallowed: [malloc]\n";

/* Everything that was made is a folder, a file no larger than allowed, or a link to nowhere. */
static int check_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)place;
    if (type == FTW_D || type == FTW_SL || type == FTW_SLN)
        return 0;
    if (!S_ISREG(info->st_mode) || info->st_size > 16 << 20 || info->st_nlink != 1)
        g_error("'%s' must not be there", path);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Rubric) rubric = rubric_parse("r", rubric_text, strlen(rubric_text), NULL);
    g_autoptr(GPtrArray) refusals = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(FilesScratch) scratch = files_scratch_new(NULL);
    g_autofree char *path = g_build_filename(scratch, "class.zip", NULL);
    g_autofree char *into = g_build_filename(scratch, "into", NULL);
    if (!g_file_set_contents(path, (const char *)data, (gssize)size, NULL) ||
        g_mkdir_with_parents(into, 0700) != 0)
        return 0;
    if (!archive_unpack(path, "fuzz.zip", ARCHIVE_OF_STUDENT, into, rubric, refusals, &error) &&
        !g_error_matches(error, GRADER_ERROR, GRADER_ERROR_USAGE))
        g_error("no fault of ours: %s", error->message);
    for (guint i = 0; i < refusals->len; i++)
        if (strchr(refusals->pdata[i], '\n') != NULL ||
            !g_utf8_validate(refusals->pdata[i], -1, NULL))
            g_error("no clear line: %s", (const char *)refusals->pdata[i]);
    nftw(into, check_one, 16, FTW_PHYS);
    return 0;
}
