/*
 * near.h: when a file is not where it should be, what the student probably meant.
 */
#pragma once

#include <glib.h>

/* Is it called like an archive: a zip, tarball and so on? */
gboolean intake_is_archive(const char *name);

/*
 * A sentence about the most likely file in the folder `fd`, such as "there is a file
 * 'src/attention.c': put it at the top", or NULL. Names are escaped. The folder's size is not
 * trusted: only its first entries are looked at.
 */
char *intake_near(int fd, const char *wanted);
