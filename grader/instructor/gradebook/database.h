/*
 * database.h: SQLite with GError. A message names the file and says what to do about it.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

typedef struct {
    sqlite3 *handle;
    char *path;
} Database;

/*
 * Open a file; with `create` it may be new. If another program has a lock, wait up to 30 seconds.
 */
gboolean database_open(Database *database, const char *path, gboolean create, GError **error);
void database_close(Database *database);

/* Set an error for a result code of SQLite. Returns FALSE. */
gboolean database_fault(const Database *database, int code, GError **error);

/* Run SQL statements that return no rows. */
gboolean database_run(Database *database, const char *sql, GError **error);

/* Run `change` as one transaction: all of it is done, or nothing. */
typedef gboolean (*DatabaseChange)(Database *database, gpointer data, GError **error);
gboolean database_transact(Database *database, DatabaseChange change, gpointer data,
                           GError **error);

/* The number in the first column of the first row; `otherwise` if there is none, or NULL there. */
gboolean database_number(Database *database, const char *sql, gint64 otherwise, gint64 *number,
                         GError **error);

/*
 * A statement with its parameters: `types` has a letter for each: t text (or NULL), i gint64, r
 * double, n for NULL with no argument. Texts must outlive the statement.
 */
typedef sqlite3_stmt Statement;
Statement *database_prepare(Database *database, GError **error, const char *sql, const char *types,
                            ...);
void statement_free(Statement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Statement, statement_free)

/* Go to the next row. FALSE at the end, and on an error, which alone sets `error`. */
gboolean database_step(Database *database, Statement *statement, GError **error);

/*
 * Look for the first row of a statement: `*row`, to be freed, stands on it, and is NULL if there is
 * none. FALSE only on an error.
 */
gboolean database_find(Database *database, Statement **row, GError **error, const char *sql,
                       const char *types, ...);

/* Prepare a statement, run it to the end, and free it. */
gboolean database_do(Database *database, GError **error, const char *sql, const char *types, ...);

/* A column's text, copied, or NULL. */
char *statement_text(Statement *statement, int column);
