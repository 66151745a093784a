/*
 * versions.h: what produced a result, so that a grade can be repeated, and a regrade explained.
 */
#pragma once

#include "rubric/rubric.h"

/*
 * A table char * -> char *: "grader" (of the kit), "rubric" and "tests" (SHA-256 of rubric.yaml and
 * of the test program), "gcc" and "valgrind" (as they say themselves; missing if not installed).
 */
GHashTable *versions_find(const Rubric *rubric, const char *program);
