/* zip_directory.c: see zip_directory.h. The layout is that of PKWARE's APPNOTE.TXT, section 4.3. */
#include "instructor/inbox/zip_directory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"

#define END_LENGTH 22
#define LOCATOR_LENGTH 20
#define END64_LENGTH 56
#define ENTRY_LENGTH 46
#define LOCAL_LENGTH 30
#define MAX_COMMENT 65535
#define MAX_LIST ((guint64)64 << 20) /* some 700,000 entries */

typedef struct {
    int file;
    guint64 start;      /* of the list, in the file */
    guint64 shift;      /* to add to all places in it, since other bytes may precede the archive */
    GBytes *list;       /* the entries, one after the other */
    const char *label;  /* of the archive, in messages */
    GHashTable *places; /* guint64 *: of the entries' data */
    guint shared;       /* entries whose place another has */
    GPtrArray *names;
} Directory;

static guint64 number(const guint8 *bytes, gsize length)
{
    guint64 value = 0;
    for (gsize i = length; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

static gboolean is_signed(const guint8 *bytes, guint8 third, guint8 fourth)
{
    return bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == third && bytes[3] == fourth;
}

static gboolean read_at(int file, guint64 at, void *into, gsize length)
{
    return at <= G_MAXINT64 && pread(file, into, length, (off_t)at) == (ssize_t)length;
}

static gboolean damaged(const char *label, GError **error)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "'%s' is no zip file that can be read: it is damaged, empty or of another kind",
                label);
    return FALSE;
}

/* ---- where the list is ----------------------------------------------------------------------- */

/* The last record of the archive; behind it may be a comment. */
static gboolean find_end(int file, guint64 *at, guint8 end[END_LENGTH])
{
    struct stat info;
    if (fstat(file, &info) != 0 || info.st_size < END_LENGTH)
        return FALSE;
    gsize length = (gsize)MIN(info.st_size, END_LENGTH + MAX_COMMENT);
    guint64 from = (guint64)info.st_size - length;
    g_autofree guint8 *tail = g_malloc(length);
    if (!read_at(file, from, tail, length))
        return FALSE;
    for (gsize i = length - END_LENGTH + 1; i > 0; i--)
        if (is_signed(tail + i - 1, 5, 6)) {
            *at = from + i - 1;
            memcpy(end, tail + i - 1, END_LENGTH);
            return TRUE;
        }
    return FALSE;
}

/* The size and place of the list as they are written, and where it ends. */
static gboolean find_list(int file, guint64 *size, guint64 *offset, guint64 *end_at)
{
    guint8 end[END_LENGTH], locator[LOCATOR_LENGTH], end64[END64_LENGTH];
    if (!find_end(file, end_at, end))
        return FALSE;
    *size = number(end + 12, 4);
    *offset = number(end + 16, 4);
    if (*end_at < LOCATOR_LENGTH ||
        !read_at(file, *end_at - LOCATOR_LENGTH, locator, sizeof locator) ||
        !is_signed(locator, 6, 7))
        return TRUE;
    *end_at = number(locator + 8, 8);
    if (!read_at(file, *end_at, end64, sizeof end64) || !is_signed(end64, 6, 6))
        return FALSE;
    *size = number(end64 + 40, 8);
    *offset = number(end64 + 48, 8);
    return TRUE;
}

/* The list lies right before the end. Elsewhere there must not be a second one. */
static gboolean read_list(Directory *directory)
{
    guint64 size, offset, end_at;
    guint8 other[4];
    if (!find_list(directory->file, &size, &offset, &end_at) || size == 0 || size > MAX_LIST ||
        size > end_at || offset > end_at - size)
        return FALSE;
    directory->start = end_at - size;
    directory->shift = directory->start - offset;
    if (directory->shift > 0 && read_at(directory->file, offset, other, sizeof other) &&
        is_signed(other, 1, 2))
        return FALSE;
    g_autofree guint8 *bytes = g_malloc(size);
    if (!read_at(directory->file, directory->start, bytes, size))
        return FALSE;
    directory->list = g_bytes_new_take(g_steal_pointer(&bytes), size);
    return TRUE;
}

/* ---- its entries ----------------------------------------------------------------------------- */

/* The place of large archives is in an extra field, behind the sizes that are there, too. */
static guint64 entry_place(const guint8 *entry, const guint8 *extra, gsize length)
{
    const guint32 elsewhere = G_MAXUINT32;
    guint64 place = number(entry + 42, 4);
    gsize skip = 0;
    skip += number(entry + 24, 4) == elsewhere ? 8 : 0;
    skip += number(entry + 20, 4) == elsewhere ? 8 : 0;
    for (gsize at = 0; place == elsewhere && at + 4 <= length;) {
        gsize size = number(extra + at + 2, 2);
        if (number(extra + at, 2) == 1 && skip + 8 <= size && at + 4 + size <= length)
            return number(extra + at + 4 + skip, 8);
        at += 4 + size;
    }
    return place;
}

/* Does the data at this place have the same name? */
static gboolean is_called(const Directory *directory, guint64 place, const guint8 *name,
                          gsize length)
{
    guint8 local[LOCAL_LENGTH + G_MAXUINT16];
    guint64 at = place + directory->shift;
    return read_at(directory->file, at, local, LOCAL_LENGTH + length) && is_signed(local, 3, 4) &&
           number(local + 26, 2) == length && memcmp(local + LOCAL_LENGTH, name, length) == 0;
}

static gboolean add_entry(Directory *directory, const char *name, gsize length, guint64 place,
                          GError **error)
{
    char *text = g_strndup(name, length);
    g_ptr_array_add(directory->names, text);
    if (!g_hash_table_add(directory->places, g_memdup2(&place, sizeof place)))
        directory->shared++;
    /* Entries that share a place are counted, and reported at the end. */
    else if (!is_called(directory, place, (const guint8 *)name, length)) {
        g_autofree char *shown = escape_text(text, -1, 120, FALSE);
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "'%s' is refused: what it lists as '%s' has another name in the archive, or "
                    "is not there; it must be made again",
                    directory->label, shown);
        return FALSE;
    }
    return TRUE;
}

static gboolean add_entries(Directory *directory, GError **error)
{
    gsize left;
    const guint8 *at = g_bytes_get_data(directory->list, &left);
    while (left > 0) {
        if (left < ENTRY_LENGTH || !is_signed(at, 1, 2))
            return damaged(directory->label, error);
        gsize name = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
        if (left < ENTRY_LENGTH + name + extra + comment)
            return damaged(directory->label, error);
        const guint8 *text = at + ENTRY_LENGTH;
        if (!add_entry(directory, (const char *)text, name, entry_place(at, text + name, extra),
                       error))
            return FALSE;
        at += ENTRY_LENGTH + name + extra + comment;
        left -= ENTRY_LENGTH + name + extra + comment;
    }
    return TRUE;
}

static gboolean read_all(Directory *directory, GError **error)
{
    if (!read_list(directory))
        return damaged(directory->label, error);
    if (!add_entries(directory, error))
        return FALSE;
    if (directory->shared == 0)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "'%s' is refused: %u of its %u entries share the place of others, as in a zip "
                "bomb; it must be made again",
                directory->label, directory->shared, directory->names->len);
    return FALSE;
}

GPtrArray *zip_directory_read(const char *path, const char *label, GError **error)
{
    files_autofd int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        grader_set_errno(error, "cannot open '%s'", path);
        return NULL;
    }
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    Directory directory = {.file = file, .label = label, .places = places, .names = names};
    gboolean good = read_all(&directory, error);
    if (directory.list != NULL)
        g_bytes_unref(directory.list);
    return good ? g_steal_pointer(&names) : NULL;
}
