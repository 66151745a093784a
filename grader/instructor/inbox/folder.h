/*
 * folder.h: reads folders that strangers made. No link is followed, nothing is waited for.
 */
#pragma once

#include <glib.h>

/* The names in a folder, sorted so that 10 comes after 9; hidden ones and litter are left out. */
GPtrArray *folder_list(const char *folder, GError **error);

/* Is the entry of this kind (S_IFDIR ...)? */
gboolean folder_has_kind(const char *folder, const char *name, guint kind);

/* Does the folder have an entry, of whatever kind, with one of these names (char *)? */
gboolean folder_has_any(const char *folder, const GPtrArray *names);

/*
 * At most `limit` bytes of the regular file `name`, which may have slashes, beneath `folder`. NULL
 * if there is no such file; `fault`, unless NULL, is then a word for why: "missing", "link",
 * "special" or "unreadable".
 */
GBytes *folder_read(const char *folder, const char *name, gsize limit, const char **fault);
