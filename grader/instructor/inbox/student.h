/*
 * student.h: what one student handed in, as a folder, as an archive, or as single files of an LMS.
 * Only the modules of the inbox need this.
 *
 * `student` says whose it is: a Submission that stays the caller's.
 */
#pragma once

#include "instructor/inbox/attempts.h"
#include "instructor/inbox/names.h"

/* Where a student's folder comes from. */
typedef enum {
    FOLDER_GIVEN,    /* it lies in the instructor's folder: a zip in it may be the submission */
    FOLDER_UNPACKED, /* it is an unpacked archive: a zip in it is an archive within an archive */
} FolderOrigin;

/* Add all that is in a student's folder: a submission, or a folder for each attempt. */
gboolean student_add_folder(Inbox *inbox, const Submission *student, const char *folder,
                            FolderOrigin origin, GError **error);

/*
 * Add a student's own archive. One that cannot be read leaves the student with nothing handed in.
 */
gboolean student_add_archive(Inbox *inbox, const Submission *student, const char *path,
                             GError **error);

/* The student of an LMS's file or folder. */
Submission *student_of_lms(const InboxName *name, const char *path);

/* Add a single file that Canvas or Moodle has called `entry`, which is `name`. */
gboolean student_add_lms_file(Inbox *inbox, const InboxName *name, const char *folder,
                              const char *entry, GError **error);
