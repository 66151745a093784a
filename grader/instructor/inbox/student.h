/*
 * student.h: what belongs to one student, added to an inbox; nobody but inbox*.c needs it.
 */
#pragma once

#include "instructor/inbox/inbox.h"
#include "instructor/inbox/names.h"

/* A new folder of ours, to be freed. */
char *inbox_new_folder(Inbox *inbox, GError **error);

/* From now on all is in this folder. */
void inbox_set_root(Inbox *inbox, const char *folder);

/* Add it. One that is there already, from another path, was an earlier attempt. */
void inbox_put(Inbox *inbox, Submission *submission);

/* The names in a folder, sorted so that 10 comes after 9; hidden ones and litter left out. */
GPtrArray *inbox_list(const char *folder, GError **error);

/* Is the entry of this kind (S_IFDIR ...)? Links are not followed. */
gboolean inbox_is_kind(const char *folder, const char *name, guint kind);

/* Is there one of the files to hand in, of whatever kind? */
gboolean inbox_has_submitted(const Inbox *inbox, const char *folder);

/* A new person, whose name is the LMS's. */
Submission *inbox_person(const InboxName *name, const char *folder, const char *entry);

/* All that is in one student's folder; with `archives` also in the only zip there. */
gboolean inbox_add_folder(Inbox *inbox, const Submission *person, const char *folder,
                          gboolean archives, GError **error);

/* A student's own archive. One that cannot be read leaves the student with nothing handed in. */
gboolean inbox_add_archive(Inbox *inbox, const Submission *person, const char *path,
                           GError **error);

/* Somebody who handed in this, which cannot be graded: intake has words for it. */
gboolean inbox_add_other(Inbox *inbox, const Submission *person, const char *file, GError **error);

/* A flat file of Canvas or Moodle. */
gboolean inbox_add_flat(Inbox *inbox, const InboxName *name, const char *folder, const char *entry,
                        GError **error);
