/*
 * zip_directory.h: what a zip file says is in it, before any of it is unpacked.
 *
 * A zip file names each entry twice: in the list at its end, which people's programs show, and
 * before the data, which libarchive believes. libarchive also drops what does not fit without a
 * word. Here both are read and must agree.
 */
#pragma once

#include <glib.h>

/*
 * The names in the list (char *, raw bytes, in its order), or NULL and an error that names the
 * archive `label`: it is no zip file, two entries share one place (as in a zip bomb), or an entry
 * is called otherwise in the two places.
 */
GPtrArray *zip_directory_read(const char *path, const char *label, GError **error);
