/*
 * items.h: the middle of the report for a terminal.
 */
#pragma once

#include "report/parts.h"

/* Append all items with their points, tests and memory findings. */
void report_add_items(Report *report);
