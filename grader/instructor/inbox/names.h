/*
 * names.h: what the LMS put into the names of files and folders.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *student; /* the key */
    char *name;    /* as the LMS writes it */
    char *lms_id;
    char *attempt; /* "" if the name tells none */
    char *file;    /* what the student called it; "" for a folder */
    gboolean late;
} InboxName;

void inbox_name_clear(InboxName *name);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InboxName, inbox_name_clear)

/* FALSE if the name is neither Canvas's nor Moodle's. */
gboolean inbox_name_parse(const char *text, InboxName *name);

/*
 * The one of `files` that was meant: Canvas calls the second "attention.c" of somebody
 * "attention-1.c". `copy` is then that number, else 0. NULL if it is none of them.
 */
const char *inbox_name_file(const char *text, const GPtrArray *files, guint *copy);
