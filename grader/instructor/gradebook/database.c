/* database.c: see database.h. */
#include "instructor/gradebook/database.h"

#include <stdarg.h>

#include "base/error.h"

#define WAIT_MILLISECONDS 30000

/* SQLite's message, such as "disk I/O error", does not say what the system reported. */
static gboolean other_fault(const Database *database, int code, GError **error)
{
    gboolean is_system = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;
    int why = is_system ? sqlite3_system_errno(database->handle) : 0;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "the gradebook '%s': %s%s%s",
                database->path, sqlite3_errmsg(database->handle), why != 0 ? ": " : "",
                why != 0 ? g_strerror(why) : "");
    return FALSE;
}

gboolean database_fault(const Database *database, int code, GError **error)
{
    const char *path = database->path;
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        g_set_error(
            error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
            "the gradebook '%s' is damaged: restore a copy, or move it away and grade again", path);
        return FALSE;
    case SQLITE_FULL:
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "no space left for the gradebook '%s': what is in it is safe, make room and "
                    "run again",
                    path);
        return FALSE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "the gradebook '%s' cannot be written: it or its folder is read-only", path);
        return FALSE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM,
                    "another program has locked the gradebook '%s' for %d seconds", path,
                    WAIT_MILLISECONDS / 1000);
        return FALSE;
    default:
        return other_fault(database, code, error);
    }
}

gboolean database_open(Database *database, const char *path, gboolean create, GError **error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    database->path = g_strdup(path);
    int code = sqlite3_open_v2(path, &database->handle, flags, NULL);
    if (code != SQLITE_OK)
        return database_fault(database, code, error);
    sqlite3_busy_timeout(database->handle, WAIT_MILLISECONDS);
    return TRUE;
}

void database_close(Database *database)
{
    sqlite3_close(database->handle);
    g_free(database->path);
}

gboolean database_run(Database *database, const char *sql, GError **error)
{
    int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || database_fault(database, code, error);
}

gboolean database_transact(Database *database, DatabaseChange change, gpointer data, GError **error)
{
    if (!database_run(database, "BEGIN IMMEDIATE", error))
        return FALSE;
    if (change(database, data, error) && database_run(database, "COMMIT", error))
        return TRUE;
    /* SQLite has rolled back by itself if the disk is full. */
    database_run(database, "ROLLBACK", NULL);
    return FALSE;
}

gboolean database_number(Database *database, const char *sql, gint64 otherwise, gint64 *number,
                         GError **error)
{
    g_autoptr(Statement) row = NULL;
    if (!database_find(database, &row, error, sql, ""))
        return FALSE;
    gboolean there = row != NULL && sqlite3_column_type(row, 0) != SQLITE_NULL;
    *number = there ? sqlite3_column_int64(row, 0) : otherwise;
    return TRUE;
}

/* ---- statements ------------------------------------------------------------------------------ */

static int bind(Statement *statement, int index, char type, va_list *arguments)
{
    switch (type) {
    case 't':
        return sqlite3_bind_text(statement, index, va_arg(*arguments, const char *), -1,
                                 SQLITE_STATIC);
    case 'i':
        return sqlite3_bind_int64(statement, index, va_arg(*arguments, gint64));
    case 'r':
        return sqlite3_bind_double(statement, index, va_arg(*arguments, double));
    case 'n':
        return sqlite3_bind_null(statement, index);
    default:
        g_assert_not_reached();
    }
}

static Statement *prepare(Database *database, GError **error, const char *sql, const char *types,
                          va_list *arguments)
{
    Statement *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    for (int i = 0; code == SQLITE_OK && types[i] != '\0'; i++)
        code = bind(statement, i + 1, types[i], arguments);
    if (code == SQLITE_OK)
        return statement;
    database_fault(database, code, error);
    sqlite3_finalize(statement);
    return NULL;
}

Statement *database_prepare(Database *database, GError **error, const char *sql, const char *types,
                            ...)
{
    va_list arguments;
    va_start(arguments, types);
    Statement *statement = prepare(database, error, sql, types, &arguments);
    va_end(arguments);
    return statement;
}

void statement_free(Statement *statement)
{
    sqlite3_finalize(statement);
}

gboolean database_step(Database *database, Statement *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return TRUE;
    if (code != SQLITE_DONE)
        database_fault(database, code, error);
    return FALSE;
}

gboolean database_find(Database *database, Statement **row, GError **error, const char *sql,
                       const char *types, ...)
{
    va_list arguments;
    va_start(arguments, types);
    g_autoptr(Statement) statement = prepare(database, error, sql, types, &arguments);
    va_end(arguments);
    *row = NULL;
    if (statement == NULL)
        return FALSE;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *row = g_steal_pointer(&statement);
    return code == SQLITE_ROW || code == SQLITE_DONE || database_fault(database, code, error);
}

gboolean database_do(Database *database, GError **error, const char *sql, const char *types, ...)
{
    va_list arguments;
    va_start(arguments, types);
    g_autoptr(Statement) statement = prepare(database, error, sql, types, &arguments);
    va_end(arguments);
    if (statement == NULL)
        return FALSE;
    int code;
    do
        code = sqlite3_step(statement);
    while (code == SQLITE_ROW);
    return code == SQLITE_DONE || database_fault(database, code, error);
}

char *statement_text(Statement *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}
