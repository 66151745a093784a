/*
 * bounded.h: reads untrusted files: it follows no link, waits for nothing, and reads no more than a
 * limit.
 */
#pragma once

#include <glib.h>

/*
 * At most `limit` bytes of the regular file `name`, which may have slashes, beneath `folder`. NULL
 * if there is no such file; `fault`, unless NULL, is then a word for why: "missing", "link",
 * "special" or "unreadable".
 */
GBytes *bounded_read(const char *folder, const char *name, gsize limit, const char **fault);
