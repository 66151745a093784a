/* zip_class.c: tells an archive of many students from a student's own; see zip.h. */
#include <string.h>

#include "instructor/inbox/names.h"
#include "instructor/inbox/zip.h"
#include "instructor/inbox/zip_directory.h"

/* Is one of the first two names of this path an LMS's? */
static gboolean is_from_lms(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", 3);
    for (gsize i = 0; i < 2 && parts[i] != NULL; i++) {
        g_auto(InboxName) student = {0};
        if (inbox_name_parse(parts[i], &student))
            return TRUE;
    }
    return FALSE;
}

/* The folder of a submitted file, or a zip, which may be a student's; else NULL. */
static char *somebody(const char *name, const Rubric *rubric)
{
    g_autofree char *base = g_path_get_basename(name);
    if (g_ptr_array_find_with_equal_func(rubric->files, base, g_str_equal, NULL))
        return g_path_get_dirname(name);
    return archive_is_zip(name) ? g_strdup(name) : NULL;
}

gboolean archive_holds_class(const char *path, const Rubric *rubric)
{
    g_autoptr(GPtrArray) names = zip_directory_read(path, "", NULL);
    g_autoptr(GHashTable) by_parent =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gboolean several = FALSE;
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!g_utf8_validate(name, -1, NULL) || archive_name_is_litter(name))
            continue;
        if (is_from_lms(name))
            return TRUE;
        g_autofree char *place = somebody(name, rubric);
        if (place == NULL)
            continue;
        if (strcmp(place, ".") == 0)
            return FALSE;
        /* Only folders beside each other are of different students. */
        char *parent = g_path_get_dirname(place);
        const char *other = g_hash_table_lookup(by_parent, parent);
        several = several || (other != NULL && strcmp(other, place) != 0);
        g_hash_table_insert(by_parent, parent, g_steal_pointer(&place));
    }
    return several;
}
