/*
 * schema.h: the tables of a gradebook; nobody but gradebook*.c needs it.
 */
#pragma once

#include "instructor/gradebook/database.h"

struct Gradebook {
    Database database;
};
typedef struct Gradebook Gradebook;

/* Make the tables of a new file, bring up those of an old one, refuse what is no gradebook. */
gboolean gradebook_schema_ensure(Database *database, gboolean create, GError **error);
