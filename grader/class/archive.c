/* archive.c: see archive.h. */
#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "escape.h"
#include "inbox_names.h"
#include "intake_near.h"

/* What a class of thousands stays far below, and a bomb does not. */
#define MAX_ENTRIES 200000
#define MAX_REFUSALS 100
#define MAX_TOTAL ((gint64)512 << 20)
#define MAX_INNER ((gint64)16 << 20) /* an archive within the archive */
#define MAX_GIT ((gint64)4 << 20)
#define MAX_NAME 1024
#define MAX_DEPTH 16

static const char too_long[] = "a folder or file with too long a name";

typedef struct archive Zip;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Zip, archive_read_free)

typedef struct {
    const char *label; /* of the archive, in messages */
    const char *into;
    const Rubric *rubric;
    GPtrArray *refusals;
    guint refused;
    gint64 total;
    Zip *zip;
} Unpacking;

gboolean archive_is_zip(const char *name)
{
    gsize length = strlen(name);
    return length > 4 && g_ascii_strcasecmp(name + length - 4, ".zip") == 0;
}

static void G_GNUC_PRINTF(3, 4)
    refuse(Unpacking *unpacking, const char *entry, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* libarchive's own words may quote the archive, and end with a newline. */
    g_autofree char *why = escape_text(g_strchomp(raw), -1, 200, FALSE);
    unpacking->refused++;
    if (unpacking->refused > MAX_REFUSALS)
        return;
    g_autofree char *shown = escape_text(entry, -1, 120, FALSE);
    g_ptr_array_add(unpacking->refusals,
                    unpacking->refused == MAX_REFUSALS
                        ? g_strdup_printf("%s: more entries are refused", unpacking->label)
                        : g_strdup_printf("%s: '%s' %s", unpacking->label, shown, why));
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The name as UTF-8, or NULL. In the C locale libarchive converts nothing, so the bytes are asked. */
static const char *entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (name == NULL)
        name = archive_entry_pathname(entry);
    return name != NULL && g_utf8_validate(name, -1, NULL) ? name : NULL;
}

static gboolean has_control(const char *name)
{
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)) && *at != '\n')
            return TRUE;
    return FALSE;
}

/* Why an entry of this name must not be written, or NULL. */
static const char *wrong_name(const char *name)
{
    if (*name == '\0' || strlen(name) > MAX_NAME)
        return "is refused: its name is empty or too long";
    if (*name == '/' || *name == '\\' || (g_ascii_isalpha(*name) && name[1] == ':'))
        return "is refused: an absolute path";
    if (has_control(name))
        return "is refused: control characters in its name";
    g_auto(GStrv) parts = g_strsplit_set(name, "/\\", -1);
    if (g_strv_length(parts) > MAX_DEPTH)
        return "is refused: too many folders deep";
    for (char **part = parts; *part != NULL; part++)
        if (strcmp(*part, "..") == 0)
            return "is refused: it leads out of the archive";
    return strchr(name, '\\') != NULL ? "is refused: a backslash in its name" : NULL;
}

/* What other systems leave behind. */
static gboolean is_litter(const char *name)
{
    return g_str_has_prefix(name, "__MACOSX/") || strstr(name, "/._") != NULL ||
           g_str_has_suffix(name, ".DS_Store");
}

static gboolean names_like(const char *base, const GPtrArray *files)
{
    g_autofree char *lower = g_ascii_strdown(base, -1);
    for (guint i = 0; i < files->len; i++) {
        g_autofree char *stem = g_ascii_strdown(files->pdata[i], -1);
        *strrchr(stem, '.') = '\0';
        if (strstr(lower, stem) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* How much of this file is wanted: -1 nothing, not even its name. */
static gint64 wanted_bytes(const Unpacking *unpacking, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash != NULL ? slash + 1 : name;
    const char *git = strstr(name, ".git/");
    if (git != NULL && (git == name || git[-1] == '/'))
        return g_str_has_suffix(name, ".git/HEAD") || g_str_has_suffix(name, ".git/packed-refs") ||
                       g_str_has_prefix(git, ".git/refs/")
                   ? MAX_GIT
                   : -1;
    if (g_str_has_suffix(base, ".c"))
        return (gint64)unpacking->rubric->limits.file_kib * 1024 + 1;
    if (archive_is_zip(base))
        return MAX_INNER;
    g_auto(InboxName) student = {0};
    gboolean named = intake_is_archive(base) || names_like(base, unpacking->rubric->files) ||
                     inbox_name_parse(base, &student);
    return named ? 0 : -1;
}

/* ---- writing --------------------------------------------------------------------------------- */

static gboolean our_fault(GError **error, const char *path)
{
    grader_set_errno(error, "cannot unpack to '%s'", path);
    return FALSE;
}

/* Is this errno about the entry (two entries that contradict each other), and not about our disk? */
static gboolean is_their_fault(int code)
{
    return code == EEXIST || code == ENOTDIR || code == ELOOP || code == ENAMETOOLONG ||
           code == EISDIR;
}

/* Write at most `limit` bytes of the entry. Negative: what libarchive could not read. */
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

/* The folder that the entry lies in. FALSE: it cannot be made; is it our fault, `error` is set. */
static gboolean make_folder(Unpacking *unpacking, const char *folder, const char *name,
                            GError **error)
{
    g_autofree char *path = g_build_filename(unpacking->into, folder, NULL);
    if (g_mkdir_with_parents(path, 0700) == 0)
        return TRUE;
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
    gint64 wanted = wanted_bytes(unpacking, name);
    mode_t type = archive_entry_filetype(entry);
    gboolean link = type == AE_IFLNK || archive_entry_hardlink(entry) != NULL;
    g_autofree char *folder = g_path_get_dirname(name);
    GError *fault = NULL;
    if (!make_folder(unpacking, folder, name, &fault)) {
        if (fault != NULL)
            g_propagate_error(error, fault);
        return fault == NULL;
    }
    if (link) {
        refuse(unpacking, name, "is refused: a link");
        return write_link(unpacking, name, error);
    }
    if (type != AE_IFREG) {
        refuse(unpacking, name, "is refused: a device or a pipe");
        return TRUE;
    }
    if (wanted < 0)
        return TRUE;
    return write_file(unpacking, name, wanted, error);
}

static gboolean unpack_entry(Unpacking *unpacking, struct archive_entry *entry, GError **error)
{
    const char *name = entry_name(entry);
    if (name == NULL) {
        const char *raw = archive_entry_pathname(entry);
        refuse(unpacking, raw != NULL ? raw : "?", "is refused: its name is not UTF-8");
        return TRUE;
    }
    const char *wrong = wrong_name(name);
    if (wrong != NULL) {
        refuse(unpacking, name, "%s", wrong);
        return TRUE;
    }
    if (is_litter(name))
        return TRUE;
    if (archive_entry_filetype(entry) != AE_IFDIR)
        return unpack_file(unpacking, entry, name, error);
    GError *fault = NULL;
    if (!make_folder(unpacking, name, name, &fault) && fault != NULL) {
        g_propagate_error(error, fault);
        return FALSE;
    }
    return TRUE;
}

static gboolean unpack_all(Unpacking *unpacking, GError **error)
{
    struct archive_entry *entry;
    for (guint n = 0;; n++) {
        int code = archive_read_next_header(unpacking->zip, &entry);
        if (code == ARCHIVE_EOF)
            return TRUE;
        if (code == ARCHIVE_FATAL) {
            refuse(unpacking, "", "and what follows cannot be read: %s",
                   archive_error_string(unpacking->zip));
            return TRUE;
        }
        if (n >= MAX_ENTRIES || unpacking->total >= MAX_TOTAL) {
            refuse(unpacking, "", "and what follows is refused: too much for a class");
            return TRUE;
        }
        if (!unpack_entry(unpacking, entry, error))
            return FALSE;
    }
}

gboolean archive_unpack(const char *path, const char *label, const char *into, const Rubric *rubric,
                        GPtrArray *refusals, GError **error)
{
    g_autoptr(Zip) zip = archive_read_new();
    archive_read_support_format_zip_seekable(zip);
    if (archive_read_open_filename(zip, path, 65536) != ARCHIVE_OK) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "'%s' is no zip file that can be read: it is damaged, empty or of another kind",
                    label);
        return FALSE;
    }
    g_autofree char *shown = escape_text(label, -1, 120, FALSE);
    Unpacking unpacking = {shown, into, rubric, refusals, 0, 0, zip};
    return unpack_all(&unpacking, error);
}
