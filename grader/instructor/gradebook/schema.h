/*
 * schema.h: the tables of a gradebook. Only the modules of the gradebook need this.
 */
#pragma once

#include "instructor/gradebook/database.h"

struct Gradebook {
    Database database;
};
typedef struct Gradebook Gradebook;

/* Make the tables of a new file, upgrade those of an old one, refuse what is no gradebook. */
gboolean gradebook_schema_ensure(Database *database, gboolean create, GError **error);
