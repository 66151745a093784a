/*
 * names.h: reads what an LMS writes into the names of files and folders.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *student; /* the student's key */
    char *name;    /* as the LMS writes it */
    char *lms_id;
    char *attempt; /* "" if the name has none */
    char *file;    /* the name that the student gave; "" for a folder */
    gboolean late;
} InboxName;

void inbox_name_clear(InboxName *name);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InboxName, inbox_name_clear)

/* Read a name. FALSE if it is neither Canvas's nor Moodle's. */
gboolean inbox_name_parse(const char *text, InboxName *name);

/*
 * The one of `files` that the text names, or NULL. Canvas calls a student's second "attention.c"
 * "attention-1.c"; `copy` is then that number, else 0.
 */
const char *inbox_name_file(const char *text, const GPtrArray *files, guint *copy);
