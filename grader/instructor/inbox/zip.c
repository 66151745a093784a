/* zip.c: see zip.h. */
#include "instructor/inbox/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/escape.h"
#include "instructor/inbox/zip_directory.h"

/* The limits are far above what honest archives hold, and far below a bomb. */
static const struct {
    guint made; /* files and folders to make; entries that are skipped cost next to nothing */
    gint64 bytes;
    guint refusals; /* that are reported one by one */
    const char *what;
} limits[] = {
    [ARCHIVE_OF_CLASS] = {60000, (gint64)8 << 30, 100, "a class"},
    [ARCHIVE_OF_STUDENT] = {5000, (gint64)64 << 20, 10, "a submission"},
};

static const char too_long[] = "a folder or file with too long a name";

typedef struct archive Zip;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Zip, archive_read_free)

typedef struct {
    const char *label; /* of the archive, in messages */
    const char *into;
    const Rubric *rubric;
    ArchiveOf of;
    GPtrArray *refusals;
    guint refused;
    GHashTable *folders; /* the folders that were made */
    gint64 total;
    Zip *zip;
} Unpacking;

static void G_GNUC_PRINTF(3, 4)
    refuse(Unpacking *unpacking, const char *entry, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* libarchive's own words may quote the archive, and end with a newline. */
    g_autofree char *why = escape_text(g_strchomp(raw), -1, 200, FALSE);
    if (++unpacking->refused > limits[unpacking->of].refusals)
        return;
    g_autofree char *shown = escape_text(entry, -1, 120, FALSE);
    g_ptr_array_add(unpacking->refusals,
                    g_strdup_printf("%s: '%s' %s", unpacking->label, shown, why));
}

/* ---- names ----------------------------------------------------------------------------------- */

/*
 * The name as UTF-8, or NULL. In the C locale libarchive converts nothing, so the bytes are read.
 */
static const char *entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (name == NULL)
        name = archive_entry_pathname(entry);
    return name != NULL && g_utf8_validate(name, -1, NULL) ? name : NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static gboolean our_fault(GError **error, const char *path)
{
    grader_set_errno(error, "cannot unpack to '%s'", path);
    return FALSE;
}

/* Is this errno the entry's fault (two entries that contradict each other), and not our disk's? */
static gboolean is_their_fault(int code)
{
    return code == EEXIST || code == ENOTDIR || code == ELOOP || code == ENAMETOOLONG ||
           code == EISDIR;
}

/* Write at most `limit` bytes of the entry. Negative if libarchive cannot read it. */
static int write_data(Unpacking *unpacking, int fd, gint64 limit, GError **error)
{
    char block[16384];
    while (limit > 0) {
        la_ssize_t got =
            archive_read_data(unpacking->zip, block, (size_t)MIN((gint64)sizeof block, limit));
        if (got <= 0)
            return (int)got;
        if (write(fd, block, (size_t)got) != got) {
            our_fault(error, unpacking->into);
            return 0;
        }
        limit -= got;
        unpacking->total += got;
    }
    return 0;
}

static gboolean write_file(Unpacking *unpacking, const char *name, gint64 limit, GError **error)
{
    g_autofree char *path = g_build_filename(unpacking->into, name, NULL);
    g_autoptr(GError) reason = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && is_their_fault(errno)) {
        refuse(unpacking, name, "is refused: %s",
               errno == ENAMETOOLONG ? too_long : "the archive has it twice");
        return TRUE;
    }
    if (fd < 0)
        return our_fault(error, path);
    int got = write_data(unpacking, fd, limit, &reason);
    close(fd);
    if (reason != NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    if (got >= 0)
        return TRUE;
    unlink(path);
    const char *why = archive_error_string(unpacking->zip);
    refuse(unpacking, name, "cannot be read: %s", why != NULL ? why : "it is damaged");
    return TRUE;
}

static gboolean write_link(Unpacking *unpacking, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(unpacking->into, name, NULL);
    g_autofree char *base = g_path_get_basename(name);
    if (!g_ptr_array_find_with_equal_func(unpacking->rubric->files, base, g_str_equal, NULL))
        return TRUE;
    return symlink("/nonexistent", path) == 0 || is_their_fault(errno) || our_fault(error, path);
}

/* FALSE if the entry's folder cannot be made; `error` is set only if that is our fault. */
static gboolean make_folder(Unpacking *unpacking, const char *folder, const char *name,
                            GError **error)
{
    if (g_hash_table_contains(unpacking->folders, folder))
        return TRUE;
    g_autofree char *path = g_build_filename(unpacking->into, folder, NULL);
    if (g_mkdir_with_parents(path, 0700) == 0) {
        g_hash_table_add(unpacking->folders, g_strdup(folder));
        return TRUE;
    }
    if (is_their_fault(errno))
        refuse(unpacking, name, "is refused: %s",
               errno == ENAMETOOLONG ? too_long
                                     : "the archive has a file in the place of its folder");
    else
        our_fault(error, path);
    return FALSE;
}

static gboolean unpack_file(Unpacking *unpacking, struct archive_entry *entry, const char *name,
                            GError **error)
{
    mode_t type = archive_entry_filetype(entry);
    gint64 wanted = archive_name_wanted(name, unpacking->rubric);
    if (type == AE_IFLNK || archive_entry_hardlink(entry) != NULL) {
        refuse(unpacking, name, "is refused: a link");
        return write_link(unpacking, name, error);
    }
    if (type != AE_IFREG) {
        refuse(unpacking, name, "is refused: a device or a pipe");
        return TRUE;
    }
    if (wanted < 0)
        return TRUE;
    if (archive_entry_is_encrypted(entry)) {
        refuse(unpacking, name, "cannot be read: it needs a password");
        return TRUE;
    }
    return write_file(unpacking, name, wanted, error);
}

static gboolean unpack_named(Unpacking *unpacking, struct archive_entry *entry, const char *name,
                             GError **error)
{
    gboolean is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    g_autofree char *folder = archive_name_folder(name, unpacking->of, unpacking->rubric);
    GError *fault = NULL;
    if (make_folder(unpacking, folder, name, &fault))
        return is_folder || unpack_file(unpacking, entry, name, error);
    if (fault != NULL)
        g_propagate_error(error, fault);
    return fault == NULL;
}

static gboolean unpack_entry(Unpacking *unpacking, struct archive_entry *entry, GError **error)
{
    const char *name = entry_name(entry);
    if (name == NULL) {
        const char *raw = archive_entry_pathname(entry);
        refuse(unpacking, raw != NULL ? raw : "?", "is refused: its name is not UTF-8");
        return TRUE;
    }
    const char *wrong = archive_name_fault(name);
    if (wrong != NULL)
        refuse(unpacking, name, "%s", wrong);
    return wrong != NULL || archive_name_is_litter(name) ||
           unpack_named(unpacking, entry, name, error);
}

static gboolean has_too_much(const Unpacking *unpacking, guint made, GError **error)
{
    if (made <= limits[unpacking->of].made && unpacking->total <= limits[unpacking->of].bytes)
        return FALSE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "'%s' is refused: it holds more than %s can need (the limit is %u files and "
                "folders, %" G_GINT64_FORMAT " MiB)",
                unpacking->label, limits[unpacking->of].what, limits[unpacking->of].made,
                limits[unpacking->of].bytes >> 20);
    return TRUE;
}

/* FALSE after the last entry. */
static gboolean next_entry(Unpacking *unpacking, struct archive_entry **entry)
{
    int code = archive_read_next_header(unpacking->zip, entry);
    if (code == ARCHIVE_FATAL)
        refuse(unpacking, "", "and what follows cannot be read: %s",
               archive_error_string(unpacking->zip));
    return code != ARCHIVE_EOF && code != ARCHIVE_FATAL;
}

static void report_rest(const Unpacking *unpacking, guint seen, guint listed)
{
    guint reported = limits[unpacking->of].refusals;
    if (unpacking->refused > reported)
        g_ptr_array_add(unpacking->refusals,
                        g_strdup_printf("%s: %u more of its entries are refused", unpacking->label,
                                        unpacking->refused - reported));
    if (seen < listed)
        g_ptr_array_add(unpacking->refusals,
                        g_strdup_printf("%s: %u of its %u entries cannot be read", unpacking->label,
                                        listed - seen, listed));
}

static gboolean unpack_all(Unpacking *unpacking, guint listed, GError **error)
{
    struct archive_entry *entry;
    guint n = 0;
    for (; next_entry(unpacking, &entry); n++)
        if (!unpack_entry(unpacking, entry, error) || has_too_much(unpacking, 0, error))
            return FALSE;
    report_rest(unpacking, n, listed);
    return TRUE;
}

/* ---- the archive ----------------------------------------------------------------------------- */

static guint count_made(const Unpacking *unpacking, const GPtrArray *names)
{
    g_autoptr(GHashTable) folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint files = 0;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!g_utf8_validate(name, -1, NULL) || archive_name_fault(name) != NULL ||
            archive_name_is_litter(name))
            continue;
        g_autofree char *folder = archive_name_folder(name, unpacking->of, unpacking->rubric);
        while (g_hash_table_add(folders, g_strdup(folder)) && strrchr(folder, '/') != NULL)
            *strrchr(folder, '/') = '\0';
        files += archive_name_wanted(name, unpacking->rubric) >= 0;
    }
    return g_hash_table_size(folders) + files;
}

static gboolean open_zip(Unpacking *unpacking, const char *path, GError **error)
{
    archive_read_support_format_zip_seekable(unpacking->zip);
    if (archive_read_open_filename(unpacking->zip, path, 65536) == ARCHIVE_OK)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "'%s' is no zip file that can be read: %s",
                unpacking->label, archive_error_string(unpacking->zip));
    return FALSE;
}

gboolean archive_unpack(const char *path, const char *label, ArchiveOf of, const char *into,
                        const Rubric *rubric, GPtrArray *refusals, GError **error)
{
    g_autoptr(GPtrArray) names = zip_directory_read(path, label, error);
    if (names == NULL)
        return FALSE;
    g_autofree char *shown = escape_text(label, -1, 120, FALSE);
    g_autoptr(GHashTable) folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Zip) zip = archive_read_new();
    Unpacking unpacking = {.label = shown,
                           .into = into,
                           .rubric = rubric,
                           .of = of,
                           .refusals = refusals,
                           .folders = folders,
                           .zip = zip};
    return !has_too_much(&unpacking, count_made(&unpacking, names), error) &&
           open_zip(&unpacking, path, error) && unpack_all(&unpacking, names->len, error);
}
