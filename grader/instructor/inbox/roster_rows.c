/* roster_rows.c: see roster_rows.h. */
#include "instructor/inbox/roster_rows.h"

#include <csv.h>
#include <string.h>

#include "base/error.h"

#define MAX_BYTES ((gsize)32 << 20)
#define MAX_COLUMNS 500

/* The heads of each column, in lower case; the first one that the file has is taken. */
static const char *const heads[N_COLUMNS][10] = {
    [KEY] = {"student_id", "student id", "key", "folder", NULL},
    [NAME] = {"student", "name", "full name", "fullname", "student name", NULL},
    [FIRST] = {"first_name", "first name", "firstname", NULL},
    [LAST] = {"last_name", "last name", "lastname", "surname", NULL},
    [EMAIL] = {"email", "email address", "e-mail", NULL},
    [LOGIN] = {"login", "sis login id", "username", "login_id", "github", "github_username",
               "lms_user_id", NULL},
    [LMS_ID] = {"lms_id", "id", "identifier", "canvas_user_id", "user_id", "userid", NULL},
    [SIS_ID] = {"sis_id", "sis user id", "id number", "idnumber", NULL},
    [SECTION] = {"section", "group", "groups", NULL},
    [SUBMITTED] = {"submitted_at", NULL},
    [DAYS_LATE] = {"days_late", NULL},
};

typedef struct {
    GPtrArray *cells; /* of the row being read */
    int columns[N_COLUMNS];
    gboolean headed, has_column;
    guint line;
    GPtrArray *rows; /* RosterRow * */
} Reader;

static void row_free(RosterRow *row)
{
    for (guint i = 0; i < N_COLUMNS; i++)
        g_free(row->cells[i]);
    g_free(row);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void on_cell(void *bytes, size_t length, void *data)
{
    Reader *reader = data;
    if (reader->cells->len >= MAX_COLUMNS)
        return;
    g_autofree char *raw = g_strndup(bytes != NULL ? bytes : "", length);
    char *text = g_utf8_make_valid(raw, -1);
    g_ptr_array_add(reader->cells, g_strstrip(text));
}

static int find_column(const GPtrArray *cells, RosterColumn column)
{
    for (guint h = 0; heads[column][h] != NULL; h++)
        for (guint i = 0; i < cells->len; i++) {
            g_autofree char *head = g_utf8_casefold(cells->pdata[i], -1);
            if (strcmp(head, heads[column][h]) == 0)
                return (int)i;
        }
    return -1;
}

static void read_head(Reader *reader)
{
    for (guint i = 0; i < N_COLUMNS; i++) {
        reader->columns[i] = find_column(reader->cells, i);
        reader->has_column |= reader->columns[i] >= 0;
    }
    reader->headed = TRUE;
}

/* Canvas adds a row with the maximum of each column; Moodle writes "Participant 7" for 7. */
static gboolean tidy(RosterRow *row)
{
    char **id = &row->cells[LMS_ID], **name = &row->cells[NAME];
    if (*name != NULL &&
        (g_str_equal(*name, "Points Possible") || g_str_equal(*name, "Student, Test")))
        return FALSE;
    if (*id != NULL && g_str_has_prefix(*id, "Participant ")) {
        char *number = g_strdup(*id + strlen("Participant "));
        g_free(*id);
        *id = number;
    }
    if (*name == NULL && row->cells[LAST] != NULL)
        *name = row->cells[FIRST] != NULL
                    ? g_strconcat(row->cells[FIRST], " ", row->cells[LAST], NULL)
                    : g_strdup(row->cells[LAST]);
    for (guint i = 0; i < N_COLUMNS; i++)
        if (row->cells[i] != NULL)
            return TRUE;
    return FALSE;
}

static void on_row(int end, void *data)
{
    Reader *reader = data;
    (void)end;
    reader->line++;
    if (!reader->headed) {
        read_head(reader);
    } else {
        RosterRow *row = g_new0(RosterRow, 1);
        row->line = reader->line;
        for (guint i = 0; i < N_COLUMNS; i++) {
            int column = reader->columns[i];
            const char *cell = column >= 0 && (guint)column < reader->cells->len
                                   ? reader->cells->pdata[column]
                                   : "";
            row->cells[i] = *cell != '\0' ? g_strdup(cell) : NULL;
        }
        if (tidy(row))
            g_ptr_array_add(reader->rows, row);
        else
            row_free(row);
    }
    g_ptr_array_set_size(reader->cells, 0);
}

static gboolean fault(GError **error, const char *path, const char *what)
{
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "the roster '%s' %s", path, what);
    return FALSE;
}

static gboolean read_rows(Reader *reader, const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return fault(error, path, "cannot be read");
    if (length > MAX_BYTES)
        return fault(error, path, "is larger than 32 MiB");
    if (!g_utf8_validate(bytes, (gssize)length, NULL))
        return fault(error, path, "is not UTF-8: save it as CSV UTF-8");
    /* Spreadsheets begin a file with a byte order mark, and a quote may follow. */
    const char *text = bytes;
    if (g_str_has_prefix(text, "\xef\xbb\xbf"))
        text += 3;
    length -= (gsize)(text - bytes);
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return fault(error, path, "cannot be read: no memory");
    /* Spreadsheets of countries with a decimal comma separate by semicolons. */
    gsize head = strcspn(text, "\r\n");
    if (memchr(text, ',', head) == NULL && memchr(text, ';', head) != NULL)
        csv_set_delim(&parser, ';');
    else if (memchr(text, ',', head) == NULL && memchr(text, '\t', head) != NULL)
        csv_set_delim(&parser, '\t');
    gboolean good = csv_parse(&parser, text, length, on_cell, on_row, reader) == length &&
                    csv_fini(&parser, on_cell, on_row, reader) == 0;
    csv_free(&parser);
    if (!good) {
        g_autofree char *what =
            g_strdup_printf("is no CSV: a stray quote in row %u", reader->line + 1);
        return fault(error, path, what);
    }
    return reader->has_column || fault(error, path,
                                       "has no column that is known, such as student, name, "
                                       "email, ID or Identifier, in its first row");
}

GPtrArray *roster_rows_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
    Reader reader = {.cells = cells, .rows = rows};
    return read_rows(&reader, path, error) ? g_steal_pointer(&rows) : NULL;
}
