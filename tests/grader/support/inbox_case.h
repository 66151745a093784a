/*
 * inbox_case.h: a folder with a class in it, taken into an inbox. Whatever goes wrong on the way
 * fails the running test.
 */
#pragma once

#include "instructor/inbox/inbox.h"

extern char *inbox_case_top; /* the folder; "class" in it is the class */
extern Inbox *inbox_case;    /* for files of "attention.c" of at most 1 KiB */

/* For .init and .fini of a suite. */
void inbox_case_set_up(void);
void inbox_case_tear_down(void);

/* A file of the class. */
void inbox_case_put(const char *name, const char *text);

/* An entry of an archive: what is NULL is not there; a name that ends with '/' is a folder's. */
typedef struct {
    const char *name, *text, *symlink;
    gsize zeros; /* instead of a text */
} ZipEntry;

/* A zip file in the folder at the top; so with the two that follow. */
void inbox_case_write_zip(const char *name, const ZipEntry *entries, gsize n);
char *inbox_case_read(const char *name, gsize *length);
void inbox_case_write(const char *name, const char *bytes, gsize length);

/* Add what is called so to the inbox, and finish it. */
void inbox_case_take(const char *name);

/* "ann", "ann/2" for each submission, and a "-" behind whoever has no attention.c. */
void inbox_case_expect(const char *wanted);

/* The only submission there is. */
const Submission *inbox_case_only(void);

/* Each line; NULL ends them. */
void inbox_case_expect_refusals(const char *const *wanted);
