/*
 * inbox.h: turns the folders and zips that an instructor has into submissions.
 *
 * A path is a submission's folder (or its file), or a folder or zip of many students. In the latter
 * each entry is taken for what it looks like, so that layouts may be mixed:
 *
 *     ann/attention.c                              a folder for each student, or a git clone
 *     ann/2/attention.c  ann/3/attention.c         with several attempts
 *     ann.zip                                      an archive for each student
 *     leeann_LATE_123_4567_attention-2.c           Canvas: name, user, number, file
 *     Ann Lee_123_assignsubmission_file_/...       Moodle: name, participant
 *     Ann Lee_123_assignsubmission_file_attention.c
 *
 * What cannot be taken (a link, a name that leads elsewhere, a bomb) is one line in `refusals`; the
 * student it belongs to, if that is known, is there all the same.
 */
#pragma once

#include "instructor/inbox/attempts.h"

/* Add the submissions at a path. It is an error only if the path cannot be read at all. */
gboolean inbox_add(Inbox *inbox, const char *path, GError **error);

/* Call this once after the last path: it sorts, and adds those who handed in nothing usable. */
void inbox_finish(Inbox *inbox);
