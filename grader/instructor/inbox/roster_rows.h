/*
 * roster_rows.h: the rows of a roster's CSV, with the columns that are known. Only roster.c needs
 * this.
 */
#pragma once

#include <glib.h>

typedef enum {
    KEY, /* the student's key in the gradebook */
    NAME,
    FIRST,
    LAST,
    EMAIL,
    LOGIN,
    LMS_ID,
    SIS_ID,
    SECTION,
    SUBMITTED,
    DAYS_LATE,
    N_COLUMNS
} RosterColumn;

typedef struct {
    char *cells[N_COLUMNS]; /* NULL if there is no such column, or it is empty */
    guint line;
    gboolean taken; /* a submission has matched it */
} RosterRow;

/* Read all rows of a file, as RosterRow *. A file that is no such CSV is a usage error. */
GPtrArray *roster_rows_read(const char *path, GError **error);
