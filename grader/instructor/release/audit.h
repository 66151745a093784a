/*
 * audit.h: does anything get out that students must not have?
 *
 * Looked for in every byte of every file of a release:
 *
 *     each line of each block of the solution (stub.h), wherever it stands in a line
 *     markers of the solution
 *     hidden tests: "suite/test", their titles, and their names, unless a public test has them too
 *     whole files of the solution, of the hidden tests, of mutants and submissions, under any name
 */
#pragma once

#include <glib.h>

/*
 * `files` are ReleaseFile; `public` and `hidden` are ListedTest (run/run.h). What was found, as
 * char *, one line each: "starter.c:12: ..."; an empty array if nothing. NULL for a fault of ours.
 */
GPtrArray *release_audit(const char *root, const GPtrArray *files, const GPtrArray *public,
                         const GPtrArray *hidden, GError **error);
