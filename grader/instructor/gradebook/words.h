/*
 * words.h: a student's grade in words.
 */
#pragma once

#include "instructor/gradebook/gradebook.h"

/* "25.5 of 30 = 27.5 earned - 2 for 1 day late", without the parts that are 0; to be freed. */
char *grade_sum(const Grade *grade);

/* Split "Ann Mary Lee" or "Lee, Ann Mary" into first and last name; both are to be freed. */
void grade_split_name(const char *name, char **first, char **last);
