/*
 * words.h: a student's grade in words.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

/* "25.5 of 30 = 27.5 earned - 2 for 1 day late", as much of it as there is; to be freed. */
char *grade_sum(const Grade *grade);

/* "Ann Mary Lee" or "Lee, Ann Mary" in two; both to be freed. */
void grade_split_name(const char *name, char **first, char **last);
