/*
 * zip_names.h: what the names of archives, and of the entries in them, say.
 */
#pragma once

#include "rubric/rubric.h"

typedef enum { ARCHIVE_OF_CLASS, ARCHIVE_OF_STUDENT } ArchiveOf; /* how much it may hold */

/* Is it the name of a zip file? */
gboolean archive_is_zip(const char *name);

/* Why an entry of this name (UTF-8) must not be written, as a sentence's end, or NULL. */
const char *archive_name_fault(const char *name);

/* What other systems leave behind. */
gboolean archive_name_is_litter(const char *name);

/* How much of a file of this name is wanted: -1 nothing. */
gint64 archive_name_wanted(const char *name, const Rubric *rubric);

/*
 * The folder to make for an entry, "." for none. What is not unpacked has only the upper ones,
 * which say whose it was; in a student's own archive not even these.
 */
char *archive_name_folder(const char *name, ArchiveOf of, const Rubric *rubric);
