/* write.c: write the student repo as a folder and as a tarball; see release.h. */
#include "instructor/release/release.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"

/* All files of a release have this time, so that the same files give the same bytes. */
#define RELEASE_TIME 1767225600 /* 2026-01-01 00:00:00 UTC */

/* ---- the folder ------------------------------------------------------------------------------ */

static gboolean write_file(const ReleaseFile *file, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, file->name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    gsize length;
    const char *bytes = g_bytes_get_data(file->bytes, &length);
    return files_make_folder(parent, 0755, error) &&
           g_file_set_contents_full(path, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE,
                                    file->mode, error);
}

static gboolean has(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean remove_older(const char *folder, GError **error)
{
    if (!g_file_test(folder, G_FILE_TEST_EXISTS))
        return TRUE;
    if (has(folder, ".git") || !has(folder, "rubric.yaml") || !has(folder, "grader/build.mk")) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "'%s' is not an older release: give another OUTPUT, or move it away", folder);
        return FALSE;
    }
    files_remove_tree(folder);
    return TRUE;
}

static gboolean write_folder(const GPtrArray *files, const char *output, const char *name,
                             GError **error)
{
    g_autofree char *folder = g_build_filename(output, name, NULL);
    if (!remove_older(folder, error))
        return FALSE;
    for (guint i = 0; i < files->len; i++)
        if (!write_file(files->pdata[i], folder, error))
            return FALSE;
    return TRUE;
}

/* ---- the tarball ----------------------------------------------------------------------------- */

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_write_free)
typedef struct archive_entry ArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveEntry, archive_entry_free)

static gboolean archive_failed(Archive *archive, const char *path, GError **error)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "cannot write '%s': %s", path,
                archive_error_string(archive));
    return FALSE;
}

static gboolean pack_file(Archive *archive, const ReleaseFile *file, const char *name)
{
    g_autoptr(ArchiveEntry) entry = archive_entry_new();
    g_autofree char *inside = g_build_filename(name, file->name, NULL);
    gsize length;
    const char *bytes = g_bytes_get_data(file->bytes, &length);
    archive_entry_set_pathname(entry, inside);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, (mode_t)file->mode);
    archive_entry_set_size(entry, (la_int64_t)length);
    archive_entry_set_mtime(entry, RELEASE_TIME, 0);
    return archive_write_header(archive, entry) == ARCHIVE_OK &&
           archive_write_data(archive, bytes, length) == (la_ssize_t)length;
}

static gboolean pack(Archive *archive, const GPtrArray *files, const char *path, const char *name)
{
    if (archive_write_add_filter_gzip(archive) != ARCHIVE_OK ||
        archive_write_set_format_ustar(archive) != ARCHIVE_OK ||
        archive_write_set_options(archive, "gzip:!timestamp,gzip:compression-level=9") !=
            ARCHIVE_OK ||
        archive_write_open_filename(archive, path) != ARCHIVE_OK)
        return FALSE;
    for (guint i = 0; i < files->len; i++)
        if (!pack_file(archive, files->pdata[i], name))
            return FALSE;
    return archive_write_close(archive) == ARCHIVE_OK;
}

static gboolean write_tarball(const GPtrArray *files, const char *output, const char *name,
                              GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%s.tar.gz", output, name);
    g_autofree char *partial = g_strconcat(path, ".part", NULL);
    g_autoptr(Archive) archive = archive_write_new();
    if (!pack(archive, files, partial, name)) {
        g_unlink(partial);
        return archive_failed(archive, path, error);
    }
    if (g_rename(partial, path) == 0)
        return TRUE;
    grader_set_errno(error, "cannot write '%s'", path);
    return FALSE;
}

gboolean release_write(const GPtrArray *files, const char *output, const char *name, GError **error)
{
    return files_make_folder(output, 0755, error) && write_folder(files, output, name, error) &&
           write_tarball(files, output, name, error);
}
