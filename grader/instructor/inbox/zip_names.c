/* zip_names.c: see zip_names.h. */
#include "instructor/inbox/zip_names.h"

#include <string.h>

#include "instructor/inbox/names.h"
#include "intake/near.h"

#define MAX_INNER ((gint64)16 << 20) /* an archive within the archive */
#define MAX_GIT ((gint64)4 << 20)
#define MAX_NAME 1024
#define MAX_DEPTH 16
#define SEEN_DEPTH 3 /* what wraps all, a student, and a folder that is called like the file */

gboolean archive_is_zip(const char *name)
{
    gsize length = strlen(name);
    return length > 4 && g_ascii_strcasecmp(name + length - 4, ".zip") == 0;
}

static gboolean has_control(const char *name)
{
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)) && *at != '\n')
            return TRUE;
    return FALSE;
}

const char *archive_name_fault(const char *name)
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

gboolean archive_name_is_litter(const char *name)
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

/* Is it one of the few files of git that say what is checked out? */
static gboolean is_git_head(const char *inside, const char *base)
{
    static const char *const files[] = {"HEAD", "packed-refs", "commondir", NULL};
    if (g_str_has_prefix(inside, "logs/") || strstr(inside, "/logs/") != NULL)
        return FALSE;
    return g_strv_contains(files, base) || g_str_has_prefix(inside, "refs/") ||
           strstr(inside, "/refs/") != NULL;
}

gint64 archive_name_wanted(const char *name, const Rubric *rubric)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash != NULL ? slash + 1 : name;
    const char *git = strstr(name, ".git/");
    if (git != NULL && (git == name || git[-1] == '/'))
        return is_git_head(git + strlen(".git/"), base) ? MAX_GIT : -1;
    if (strcmp(base, ".git") == 0)
        return MAX_GIT;
    if (g_str_has_suffix(base, ".c"))
        return (gint64)rubric->limits.file_kib * 1024 + 1;
    if (archive_is_zip(base))
        return MAX_INNER;
    g_auto(InboxName) student = {0};
    gboolean named = intake_is_archive(base) || names_like(base, rubric->files) ||
                     inbox_name_parse(base, &student);
    return named ? 0 : -1;
}

/* ---- folders --------------------------------------------------------------------------------- */

static char *upper_folders(const char *name)
{
    const char *end = name;
    for (guint depth = 0; *end != '\0' && (*end != '/' || ++depth < SEEN_DEPTH); end++)
        if (g_str_has_prefix(end, "/.git/") || strcmp(end, "/.git") == 0)
            break;
    return g_strndup(name, (gsize)(end - name));
}

char *archive_name_folder(const char *name, ArchiveOf of, const Rubric *rubric)
{
    g_autofree char *folder = g_path_get_dirname(name);
    g_autofree char *base = g_path_get_basename(name);
    gboolean is_folder = g_str_has_suffix(name, "/");
    /* Intake reports a folder that has the name of the file. */
    gboolean like_file =
        is_folder && g_ptr_array_find_with_equal_func(rubric->files, base, g_str_equal, NULL);
    if (like_file || (!is_folder && archive_name_wanted(name, rubric) >= 0))
        return g_steal_pointer(&folder);
    return of == ARCHIVE_OF_STUDENT ? g_strdup(".") : upper_folders(folder);
}
