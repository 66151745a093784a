/*
 * release.h: the student repo, made from the kit.
 *
 * A release is gathered in memory, audited there, and only then written: what was looked at is,
 * byte for byte, what students get. What goes in is an allow list of folders and of names; anything
 * else in these folders (a core dump, an editor's backup, a symbolic link) stops the release.
 *
 *     starter/          to the top; its attention.c must be the one that the solution gives
 *     LICENSE rubric.yaml
 *     grader/           without instructor/
 *     tests/public/
 *     tests/support/    without direct.c, which links a solution to the tests
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name; /* in the student repo: "grader/main.c" */
    int mode;   /* 0644 or 0755 */
    GBytes *bytes;
} ReleaseFile;

/* The files of a release of the kit in `root`, as ReleaseFile *, sorted by name. */
GPtrArray *release_gather(const char *root, GError **error);

/*
 * Write them as the folder OUTPUT/NAME and as OUTPUT/NAME.tar.gz; the same files give the same
 * bytes, wherever and by whomever it is done. A folder that is there is replaced if it is an older
 * release; one that is anything else, or a git repository, is an error.
 */
gboolean release_write(const GPtrArray *files, const char *output, const char *name,
                       GError **error);
