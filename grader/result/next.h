/*
 * next.h: the last line of a report.
 */
#pragma once

#include "result/result.h"

/* The one thing to do first, or NULL if there is nothing to do; to be freed. */
char *next_step(const Result *result);
