/*
 * report.h: what a test program of the assignment tells the grader, as JSON.
 *
 *     {"tests": [{"suite": "masking", "name": "causal_mask", "title": "the causal mask",
 *                 "status": "failed", "assertions": 2, "messages": ["..."], "signal": 0}]}
 *
 * `status` is passed, failed, crashed, timeout, skipped, or listed. Each test that ran is there
 * exactly once; a test that the command line filtered out is not. Criterion's own JSON does not
 * escape what a message contains.
 *
 * With ATTENTION_REPORT set, the report is written to the file of that name after the last test;
 * the file appears complete or not at all.
 */
#pragma once

#include <stdbool.h>

#include <criterion/types.h>

/*
 * Write the list of all tests, without running any, to ATTENTION_REPORT or standard output: suite by
 * suite, in the order in which they stand in the source, which is that in which reports show them.
 */
bool report_list(const struct criterion_test_set *set);
