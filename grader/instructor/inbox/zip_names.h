/*
 * zip_names.h: what the names of archives, and of the entries in them, say.
 */
#pragma once

#include "rubric/rubric.h"

typedef enum { ARCHIVE_OF_CLASS, ARCHIVE_OF_STUDENT } ArchiveOf; /* how much it may hold */

/* Is it the name of a zip file? */
gboolean archive_is_zip(const char *name);

/* Why an entry of this name (UTF-8) must not be written, as the end of a sentence; or NULL. */
const char *archive_name_fault(const char *name);

/* Is it a file that other systems leave behind? */
gboolean archive_name_is_litter(const char *name);

/* How many bytes of a file of this name are unpacked at most; -1 if it is skipped. */
gint64 archive_name_wanted(const char *name, const Rubric *rubric);

/*
 * The folder to make for an entry, "." for none. An entry that is skipped gets only the upper
 * folders, which name its student; in a student's own archive not even these.
 */
char *archive_name_folder(const char *name, ArchiveOf of, const Rubric *rubric);
