/*
 * sample_results.h: results as real submissions get them, for the tests of the reports. The caller
 * frees each with result_free().
 */
#pragma once

#include "result/result.h"

/* Full marks in the public tests: 2 items, 10 and 5 points. The others are made from it. */
Result *sample_full(void);

/* Nothing is implemented; the second item needs the first. */
Result *sample_stubs(void);

/* One item fails three tests for one reason, which has a cause. */
Result *sample_scale_forgotten(void);

/* A leak seen in both items. */
Result *sample_leak(void);

/* A test ends with a signal; its place is known from Valgrind. It printed something. */
Result *sample_crash(void);

/* Seven errors of the compiler. */
Result *sample_not_compiled(void);

Result *sample_refused(void);
Result *sample_ungraded(void);

/* Every field of every struct set to something of its own. */
Result *sample_everything(void);

/* Control characters, markup, formulas and workflow commands in every text of a submission. */
Result *sample_hostile(void);
