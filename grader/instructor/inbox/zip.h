/*
 * zip.h: unpacks zip files, which come from an LMS or from students, and are untrusted.
 */
#pragma once

#include "instructor/inbox/zip_names.h"

/*
 * Does the zip hold the submissions of many students? It then has names of an LMS in it, or several
 * folders beside each other with a submitted file (or several zips), and no such file at its top.
 */
gboolean archive_holds_class(const char *path, const Rubric *rubric);

/*
 * Unpack into a folder of ours what grading may need: sources no larger than the rubric allows
 * (one byte more is kept, so that intake can tell), archives within the archive, git's HEAD and
 * refs, and empty files for others that are called nearly right, are archives of other kinds, or
 * bear the name of a student as an LMS writes it. Of the rest only the upper folders are made.
 * Each entry that is dangerous or unreadable is left out, with a line in `refusals` (char *). A
 * link in the place of a submitted file becomes a link that leads nowhere, which intake refuses in
 * the name of its student.
 *
 * `label` is what messages call the archive. FALSE and an error if it is no zip file, contradicts
 * itself, holds too much, or our own disk fails; what was unpacked so far is then of no use.
 */
gboolean archive_unpack(const char *path, const char *label, ArchiveOf of, const char *into,
                        const Rubric *rubric, GPtrArray *refusals, GError **error);
