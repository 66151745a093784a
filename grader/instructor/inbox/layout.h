/*
 * layout.h: folders and zips of many students, in each layout that inbox.h names. Only the modules
 * of the inbox need this.
 */
#pragma once

#include "instructor/inbox/attempts.h"

/*
 * Add a folder, in which each entry is taken for what it looks like. A folder that holds nothing
 * but an LMS's own zip is taken for that zip.
 */
gboolean layout_add_folder(Inbox *inbox, const char *path, GError **error);

/* Add a zip of many students, or of one. */
gboolean layout_add_zip(Inbox *inbox, const char *path, GError **error);
