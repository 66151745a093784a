/*
 * load.h: do the tables of an object say the same to libelf as to the loader?
 *
 * The assembler lets a submission add to the sections that the linker makes, so that a table may
 * have entries that nobody expects, end within one, or be changed while it is read.
 */
#pragma once

#include "gate/object.h"

gboolean gate_tables_agree(const GateObject *object);
