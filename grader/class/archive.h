/*
 * archive.h: zip files that come from an LMS, and from strangers through it.
 */
#pragma once

#include "rubric.h"

gboolean archive_is_zip(const char *name);

/*
 * Unpack into a folder of ours what grading may need: sources no larger than the rubric allows
 * (one byte more is kept, so that intake can tell), archives within the archive, git's HEAD and
 * refs, and empty files for others that are called nearly right, are archives of other kinds, or
 * bear the name of a student as an LMS writes it. Each entry that is dangerous or
 * unreadable is left out, with a line in `refusals` (char *). A link in the place of a submitted
 * file becomes a link that leads nowhere, which intake refuses in the name of its student.
 *
 * `label` is what messages call the archive. FALSE and an error if it is no zip file, or our own disk fails.
 */
gboolean archive_unpack(const char *path, const char *label, const char *into, const Rubric *rubric,
                        GPtrArray *refusals, GError **error);
