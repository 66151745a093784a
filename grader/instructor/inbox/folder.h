/*
 * folder.h: what lies in a folder that strangers made. Links are never followed.
 */
#pragma once

#include <glib.h>

/* The names in a folder, sorted so that 10 comes after 9; hidden ones and litter are left out. */
GPtrArray *folder_list(const char *folder, GError **error);

/* Is the entry of this kind (S_IFDIR ...)? */
gboolean folder_has_kind(const char *folder, const char *name, guint kind);

/* Does the folder have an entry, of whatever kind, with one of these names (char *)? */
gboolean folder_has_any(const char *folder, const GPtrArray *names);
