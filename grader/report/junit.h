/*
 * junit.h: one Result as JUnit XML, which CI systems draw: a suite for each item, a case for
 * each test and one for memory. A crash or time-out is an `error`, a wrong answer a `failure`.
 */
#pragma once

#include "result/result.h"

/* A whole XML 1.0 document in UTF-8, whatever bytes are in the result. */
char *report_junit(const Result *result);
