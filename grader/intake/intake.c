#include "intake/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "intake/near.h"

/* Whatever fails here gives FALSE and an error of ours, or a verdict on `result`. */
typedef struct {
    const Rubric *rubric;
    const char *into;
    Result *result;
} Intake;

static void judge(Intake *intake, SubmissionStatus status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void judge(Intake *intake, SubmissionStatus status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(intake->result->reason);
    intake->result->reason = g_strdup_vprintf(format, arguments);
    intake->result->status = status;
    va_end(arguments);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_folder(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Is this path the file that students hand in, and not a folder with it? */
static gboolean names_the_file(const Rubric *rubric, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    return rubric->files->len == 1 && strcmp(name, rubric->files->pdata[0]) == 0;
}

/*
 * Open a submission: its folder or, when the path is that of the file itself, the folder above. A
 * link is not followed: one that an archive brought along could point at somebody else's work.
 */
static int open_submission(const Rubric *rubric, const char *path, GError **error)
{
    int fd = open_folder(path);
    if (fd >= 0)
        return fd;
    struct stat info;
    if (errno == ENOTDIR && lstat(path, &info) == 0) {
        if (!S_ISLNK(info.st_mode) && names_the_file(rubric, path)) {
            g_autofree char *above = g_path_get_dirname(path);
            fd = open_folder(above);
            if (fd >= 0)
                return fd;
        }
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    S_ISLNK(info.st_mode) ? "'%s' is a symbolic link: name the folder itself"
                                          : "'%s' is no folder: name the folder of the submission",
                    path);
        return -1;
    }
    grader_set_errno(error, "cannot open the submission '%s'", path);
    return -1;
}

/* ---- one file -------------------------------------------------------------------------------- */

static const char *kind_of_file(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a named pipe";
    if (S_ISSOCK(mode))
        return "a socket";
    if (S_ISLNK(mode))
        return "a symbolic link";
    return "a device";
}

static void refuse_kind(Intake *intake, const char *name, mode_t mode)
{
    judge(intake, SUBMISSION_REFUSED, "'%s' is %s: hand in the file itself", name,
          kind_of_file(mode));
}

/* Is this a file that we take? A hard link could be somebody else's file. */
static gboolean accept_file(Intake *intake, const char *name, const struct stat *info)
{
    guint64 limit = (guint64)intake->rubric->limits.file_kib * 1024;
    if (!S_ISREG(info->st_mode))
        refuse_kind(intake, name, info->st_mode);
    else if (info->st_nlink != 1)
        judge(intake, SUBMISSION_REFUSED, "'%s' is a hard link: hand in a copy of the file", name);
    else if ((guint64)info->st_size > limit)
        judge(intake, SUBMISSION_REFUSED, "'%s' is larger than %u KiB", name,
              intake->rubric->limits.file_kib);
    return intake->result->status == SUBMISSION_GRADED;
}

/* Read to the end, or one byte further than is allowed: the size may change while we read. */
static GByteArray *read_bounded(int fd, gsize limit, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 block[16384];
    while (bytes->len <= limit) {
        ssize_t n = read(fd, block, MIN(sizeof block, limit + 1 - bytes->len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            grader_set_errno(error, "cannot read a submitted file");
            return NULL;
        }
        if (n == 0)
            break;
        g_byte_array_append(bytes, block, (guint)n);
    }
    return g_steal_pointer(&bytes);
}

static gboolean has_bytes(const GByteArray *text, const char *start, gsize length)
{
    return text->len >= length && memcmp(text->data, start, length) == 0;
}

static gboolean is_blank(const GByteArray *text)
{
    for (guint i = 0; i < text->len; i++)
        if (!g_ascii_isspace(text->data[i]))
            return FALSE;
    return TRUE;
}

/* gcc would say "stray '\377' in program" a thousand times; say what it is instead. */
static gboolean accept_text(Intake *intake, const char *name, const GByteArray *text)
{
    guint limit = intake->rubric->limits.file_kib;
    if (text->len > (gsize)limit * 1024)
        judge(intake, SUBMISSION_REFUSED, "'%s' is larger than %u KiB", name, limit);
    else if (is_blank(text))
        judge(intake, SUBMISSION_MISSING, "'%s' is empty", name);
    else if (has_bytes(text, "\xff\xfe", 2) || has_bytes(text, "\xfe\xff", 2))
        judge(intake, SUBMISSION_REFUSED, "'%s' is UTF-16 text: save it as UTF-8", name);
    else if (has_bytes(text, "PK\x03\x04", 4) || has_bytes(text, "\x1f\x8b", 2))
        judge(intake, SUBMISSION_REFUSED, "'%s' is an archive: hand in the C source itself", name);
    else if (has_bytes(text, "\177ELF", 4))
        judge(intake, SUBMISSION_REFUSED, "'%s' is a compiled program: hand in the C source", name);
    else if (memchr(text->data, '\0', text->len) != NULL)
        judge(intake, SUBMISSION_REFUSED, "'%s' contains NUL bytes: it is no C source text", name);
    return intake->result->status == SUBMISSION_GRADED;
}

static gboolean store(Intake *intake, const char *name, const GByteArray *text, GError **error)
{
    g_autofree char *target = g_build_filename(intake->into, name, NULL);
    if (!files_write_for_all(target, (const char *)text->data, text->len, error))
        return FALSE;
    g_autofree char *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, text->data, text->len);
    g_ptr_array_add(intake->result->files, submitted_file_new(name, sha256, text->len));
    return TRUE;
}

/* What cannot be opened: not there, no file, or one that we may not read. */
static gboolean explain_failure(Intake *intake, int folder, const char *name, GError **error)
{
    int why = errno;
    if (why == ENOENT) {
        g_autofree char *near = intake_near(folder, name);
        judge(intake, SUBMISSION_MISSING, "no %s in this folder%s%s", name,
              near != NULL ? "; " : "", near != NULL ? near : "");
        return TRUE;
    }
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(info.st_mode)) {
        refuse_kind(intake, name, info.st_mode);
        return TRUE;
    }
    errno = why;
    grader_set_errno(error, "cannot read '%s'", name);
    return FALSE;
}

static gboolean take_file(Intake *intake, int folder, const char *name, GError **error)
{
    files_autofd int fd = files_open_beneath(folder, name);
    if (fd < 0)
        return explain_failure(intake, folder, name, error);
    struct stat info;
    if (fstat(fd, &info) != 0) {
        grader_set_errno(error, "cannot examine '%s'", name);
        return FALSE;
    }
    if (!accept_file(intake, name, &info))
        return TRUE;
    gsize limit = (gsize)intake->rubric->limits.file_kib * 1024;
    g_autoptr(GByteArray) text = read_bounded(fd, limit, error);
    if (text == NULL)
        return FALSE;
    return !accept_text(intake, name, text) || store(intake, name, text, error);
}

gboolean intake_take(const Rubric *rubric, const char *submission, const char *into, Result *result,
                     GError **error)
{
    Intake intake = {rubric, into, result};
    files_autofd int folder = open_submission(rubric, submission, error);
    if (folder < 0)
        return FALSE;
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < rubric->files->len && result->status == SUBMISSION_GRADED; i++)
        ok = take_file(&intake, folder, rubric->files->pdata[i], error);
    return ok;
}
