/*
 * disclose.h: what a student may see of a Result of hidden tests. Every report that is made for
 * students is made from the copy, so that none of them can forget to leave something out.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"

/*
 * A copy without what `show` forbids. DISCLOSE_HINT replaces messages of tests by the class of the
 * failure, and those of memory findings by their kind; DISCLOSE_TITLE takes hints, causes and kinds
 * of failure too; DISCLOSE_POINTS empties the lists of tests and findings. All but DISCLOSE_ALL
 * forget what was printed. The folder of the submission is forgotten always.
 */
Result *disclose(const Result *result, RubricDisclosure show);
