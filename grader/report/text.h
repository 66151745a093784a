/*
 * text.h: one Result for people at a terminal, in 80 columns.
 */
#pragma once

#include "report/style.h"
#include "result/result.h"

/* The report, ending with a newline. Untrusted text in it is escaped. */
char *report_text(const Result *result, const ReportStyle *style);
